// Package gpus is a kubelet device plugin that advertises GPUs which are not there, so that a machine without any schedules and
// admits pods as a DGX does: the same resource name, the same path into the node's status, one device a limit. A container gets no
// device file from it, only NVIDIA_VISIBLE_DEVICES.
package gpus

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc"
	device "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// Serve reads the flags and answers the kubelet until the process is ended. The kubelet finds the socket by watching its folder
// plugins_registry, so it takes the devices up again after its own restart without being told.
func Serve() error {
	resource := flag.String("resource", "nvidia.com/gpu", "extended resource to advertise")
	count := flag.Int("count", 8, "number of devices")
	socket := flag.String("socket", "", "socket to listen on, in the kubelet's plugins_registry folder")
	flag.Parse()

	if err := os.Remove(*socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, &registrar{resource: *resource, socket: *socket})
	device.RegisterDevicePluginServer(server, &plugin{count: *count})
	return server.Serve(listener)
}

type registrar struct {
	registration.UnimplementedRegistrationServer
	resource, socket string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:              registration.DevicePlugin,
		Name:              r.resource,
		Endpoint:          r.socket,
		SupportedVersions: device.SupportedVersions[:],
	}, nil
}

func (r *registrar) NotifyRegistrationStatus(
	_ context.Context, status *registration.RegistrationStatus,
) (*registration.RegistrationStatusResponse, error) {
	if status.PluginRegistered {
		fmt.Printf("kubelet has registered %s\n", r.resource)
	} else {
		fmt.Printf("kubelet has refused %s: %s\n", r.resource, status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}

type plugin struct {
	device.UnimplementedDevicePluginServer
	count int
}

func (p *plugin) GetDevicePluginOptions(context.Context, *device.Empty) (*device.DevicePluginOptions, error) {
	return &device.DevicePluginOptions{}, nil
}

// ListAndWatch sends the devices once; their health never changes.
func (p *plugin) ListAndWatch(_ *device.Empty, stream grpc.ServerStreamingServer[device.ListAndWatchResponse]) error {
	devices := make([]*device.Device, p.count)
	for i := range devices {
		devices[i] = &device.Device{ID: fmt.Sprintf("GPU-%d", i), Health: device.Healthy}
	}
	if err := stream.Send(&device.ListAndWatchResponse{Devices: devices}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (p *plugin) Allocate(_ context.Context, request *device.AllocateRequest) (*device.AllocateResponse, error) {
	response := &device.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &device.ContainerAllocateResponse{
			Envs: map[string]string{"NVIDIA_VISIBLE_DEVICES": strings.Join(container.DevicesIds, ",")},
		})
	}
	return response, nil
}

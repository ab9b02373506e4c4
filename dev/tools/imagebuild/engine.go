package imagebuild

import (
	"context"
	"net"
	"os"
	"path/filepath"

	runcoptions "github.com/containerd/containerd/api/types/runc/options"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	dockerfile "github.com/moby/buildkit/frontend/dockerfile/builder"
	"github.com/moby/buildkit/frontend/gateway/forwarder"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/network/netproviders"
	"github.com/moby/buildkit/util/resolver"
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	"github.com/moby/buildkit/worker/containerd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// Kubernetes' own namespace in containerd: what is built there is at once an image that pods can have.
const namespace = "k8s.io"

type engineOptions struct {
	containerd, runc, runcRoot, root string
	binds                            []bind
}

// startEngine runs BuildKit's control service inside this process, over pipes in memory, until ctx ends.
func startEngine(ctx context.Context, options engineOptions) (*client.Client, error) {
	controller, err := newController(ctx, options)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	controller.Register(server)
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener) //nolint:errcheck // the client sees what fails
	context.AfterFunc(ctx, server.Stop)
	return client.New(ctx, "passthrough:///memory", client.WithContextDialer(
		func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) },
	))
}

func newController(ctx context.Context, options engineOptions) (*control.Controller, error) {
	if err := os.MkdirAll(options.root, 0o700); err != nil {
		return nil, err
	}
	sessions, err := session.NewManager()
	if err != nil {
		return nil, err
	}
	local, err := newWorker(ctx, options)
	if err != nil {
		return nil, err
	}
	workers := &worker.Controller{}
	if err := workers.Add(local); err != nil {
		return nil, err
	}
	cache, err := bboltcachestorage.NewStore(filepath.Join(options.root, "cache.db"))
	if err != nil {
		return nil, err
	}
	history, err := boltutil.SafeOpen(filepath.Join(options.root, "history.db"), 0o600, nil)
	if err != nil {
		return nil, err
	}
	return control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Frontends: map[string]frontend.Frontend{
			"dockerfile.v0": forwarder.NewGatewayForwarder(workers.Infos(), dockerfile.Build),
		},
		CacheManager:   solver.NewCacheManager(ctx, "local", cache, worker.NewCacheResultStorage(workers)),
		CacheStore:     cache,
		HistoryDB:      history,
		HistoryConfig:  &config.HistoryConfig{},
		LeaseManager:   local.LeaseManager(),
		ContentStore:   local.ContentStore(),
		GarbageCollect: local.GarbageCollect,
		GracefulStop:   ctx.Done(),
	})
}

func newWorker(ctx context.Context, options engineOptions) (*base.Worker, error) {
	opt, err := containerd.NewWorkerOpt(containerd.WorkerOptions{
		Root:            options.root,
		Address:         options.containerd,
		SnapshotterName: "overlayfs",
		Namespace:       namespace,
		NetworkOpt:      netproviders.Opt{Mode: "host"},
		Runtime: &containerd.RuntimeInfo{
			Name:    "io.containerd.runc.v2",
			Options: &runcoptions.Options{BinaryName: options.runc, Root: options.runcRoot},
		},
	})
	if err != nil {
		return nil, err
	}
	opt.RegistryHosts = resolver.NewRegistryConfig(nil)
	opt.Executor = &bindingExecutor{Executor: opt.Executor, binds: options.binds}
	return base.NewWorker(ctx, opt)
}

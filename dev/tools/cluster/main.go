// One binary for every program of the dev cluster that shares Kubernetes' packages: kube-apiserver, kubelet, kubectl, helm, etcd
// and so on. Compiling and linking once instead of eight times is what lets a two-core machine build a cluster in minutes.
// The programs still run as separate processes. Each entry is the body of the program's own main function, no more.
package main

import (
	"context"
	"errors"
	"os"
	_ "time/tzdata" // CronJob time zones in kube-apiserver and kube-controller-manager

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	helm "helm.sh/helm/v4/pkg/cmd"
	helmkube "helm.sh/helm/v4/pkg/kube"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"transcription/dev/tools/calledas"
	"transcription/dev/tools/dns"
	"transcription/dev/tools/gpus"
)

func main() {
	calledas.Run(map[string]func() error{
		"kube-apiserver":          func() error { return serve(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() error { return serve(controllermanager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() error { return serve(scheduler.NewSchedulerCommand()) },
		"kube-proxy":              func() error { return serve(proxy.NewProxyCommand()) },
		"kubelet":                 func() error { return serve(kubelet.NewKubeletCommand(context.Background())) },
		"kubectl":                 runKubectl,
		"helm":                    runHelm,
		"etcd":                    func() error { etcdmain.Main(os.Args); return nil },
		"gpus":                    gpus.Serve,
		"coredns":                 dns.Serve,
	})
}

func serve(command *cobra.Command) error {
	os.Exit(cli.Run(command))
	return nil
}

func runKubectl() error {
	logs.GlogSetter(kubectl.GetLogVerbosity(os.Args)) //nolint:errcheck // the flag parser below reports a wrong verbosity
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err)
	}
	return nil
}

func runHelm() error {
	helmkube.ManagedFieldsManager = "helm"
	command, err := helm.NewRootCmd(os.Stdout, os.Args[1:], helm.SetupLogging)
	if err != nil {
		return err
	}
	if err := command.Execute(); err != nil { // helm has printed it
		var failed helm.CommandError
		if errors.As(err, &failed) {
			os.Exit(failed.ExitCode)
		}
		os.Exit(1)
	}
	return nil
}

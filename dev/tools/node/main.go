// One binary for what a node needs before Kubernetes is there: containerd, its client ctr, and the image registry. It is built
// first, so that images are built and taken in while the rest still compiles.
package main

import (
	"context"
	"os"

	containerd "github.com/containerd/containerd/v2/cmd/containerd/command"
	ctr "github.com/containerd/containerd/v2/cmd/ctr/app"
	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"

	"transcription/dev/tools/calledas"
)

func main() {
	calledas.Run(map[string]func() error{
		"containerd": func() error { return containerd.App().Run(context.Background(), os.Args) },
		"ctr":        func() error { return ctr.New().Run(context.Background(), os.Args) },
		"registry":   func() error { return registry.RootCmd.Execute() },
	})
}

// One binary for what a node needs before Kubernetes is there: containerd, its client ctr, and the image builder. It is compiled
// first, so that images are built while the rest still compiles.
package main

import (
	"context"
	"os"

	containerd "github.com/containerd/containerd/v2/cmd/containerd/command"
	ctr "github.com/containerd/containerd/v2/cmd/ctr/app"

	"transcription/dev/tools/calledas"
	"transcription/dev/tools/imagebuild"
)

func main() {
	calledas.Run(map[string]func() error{
		"build-image": imagebuild.Run,
		"containerd":  func() error { return containerd.App().Run(context.Background(), os.Args) },
		"ctr":         func() error { return ctr.New().Run(context.Background(), os.Args) },
	})
}

// Package imagebuild builds one image from a Dockerfile with BuildKit, the engine behind `docker build`, straight into the node's
// containerd: no daemon, no push, no pull. What was built before is taken from the cache, layer by layer.
package imagebuild

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

// What is cached beyond this is forgotten, the longest unused first. The two images need 9 GB; after a change of their locks both the
// old and the new wheels' layers fit.
const cacheBytes = 20 << 30

// Run reads the flags and builds.
func Run() error {
	engine := engineOptions{}
	flag.StringVar(&engine.containerd, "containerd", "", "containerd's socket")
	flag.StringVar(&engine.runc, "runc", "", "path of runc")
	flag.StringVar(&engine.runcRoot, "runc-root", "", "folder for runc's state")
	flag.StringVar(&engine.root, "root", "", "folder for the records of what is cached")
	flag.Func("bind", "FROM:TO, a folder of this machine that every RUN sees at TO (repeatable)", func(value string) error {
		from, to, found := strings.Cut(value, ":")
		if !found {
			return fmt.Errorf("%q has no colon", value)
		}
		engine.binds = append(engine.binds, bind{from: from, to: to})
		return nil
	})
	attributes := map[string]string{
		"image-resolve-mode": "local", // base images that lie in containerd are not looked for elsewhere
	}
	flag.Func("build-arg", "NAME=VALUE for an ARG of the Dockerfile (repeatable)", func(value string) error {
		name, value, _ := strings.Cut(value, "=")
		attributes["build-arg:"+name] = value
		return nil
	})
	dockerfile := flag.String("dockerfile", "", "path of the Dockerfile")
	context := flag.String("context", "", "folder that the Dockerfile copies from")
	tag := flag.String("tag", "", "name of the image")
	flag.Parse()
	attributes["filename"] = filepath.Base(*dockerfile)
	return build(engine, attributes, filepath.Dir(*dockerfile), *context, *tag)
}

func build(engine engineOptions, attributes map[string]string, dockerfileFolder, contextFolder, tag string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	connection, err := startEngine(ctx, engine)
	if err != nil {
		return err
	}
	defer connection.Close()

	dockerfileFS, err := fsutil.NewFS(dockerfileFolder)
	if err != nil {
		return err
	}
	contextFS, err := fsutil.NewFS(contextFolder)
	if err != nil {
		return err
	}
	options := client.SolveOpt{
		Frontend:      "dockerfile.v0",
		FrontendAttrs: attributes,
		LocalMounts:   map[string]fsutil.FS{"dockerfile": dockerfileFS, "context": contextFS},
		Exports: []client.ExportEntry{{
			Type: client.ExporterImage,
			// Nothing is sent anywhere: compressing would only cost time.
			Attrs: map[string]string{"name": tag, "unpack": "true", "compression": "uncompressed", "oci-mediatypes": "true"},
		}},
		Internal: true, // no build history
	}
	display, err := progressui.NewDisplay(os.Stdout, progressui.PlainMode)
	if err != nil {
		return err
	}
	statuses := make(chan *client.SolveStatus)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := connection.Solve(ctx, nil, options, statuses)
		return err
	})
	group.Go(func() error {
		_, err := display.UpdateFrom(context.WithoutCancel(ctx), statuses)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return connection.Prune(context.Background(), nil, client.WithKeepOpt(0, 0, cacheBytes, 0))
}

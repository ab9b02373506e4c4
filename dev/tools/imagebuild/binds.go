package imagebuild

import (
	"context"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/moby/buildkit/executor"
	resourcestypes "github.com/moby/buildkit/executor/resources/types"
	"github.com/moby/sys/user"
)

// bind is a folder of this machine that every RUN sees at `to`. It takes the place of a cache mount there: a Dockerfile that asks for
// one at `to` gets this machine's own cache, and wheels are fetched once for the host and for all images.
type bind struct {
	from, to string
}

type bindingExecutor struct {
	executor.Executor
	binds []bind
}

func (e *bindingExecutor) Run(
	ctx context.Context, id string, root executor.Mount, mounts []executor.Mount, process executor.ProcessInfo, started chan<- struct{},
) (resourcestypes.Recorder, error) {
	kept := make([]executor.Mount, 0, len(mounts)+len(e.binds))
	for _, wanted := range mounts {
		if !e.covers(wanted.Dest) {
			kept = append(kept, wanted)
		}
	}
	for _, bound := range e.binds {
		kept = append(kept, executor.Mount{Src: bound, Dest: bound.to})
	}
	return e.Executor.Run(ctx, id, root, kept, process, started)
}

func (e *bindingExecutor) covers(destination string) bool {
	for _, bound := range e.binds {
		if bound.to == destination {
			return true
		}
	}
	return false
}

// Mount makes a bind what the executor takes as the source of a mount.
func (b bind) Mount(context.Context, bool) (executor.MountableRef, error) {
	return boundFolder(b.from), nil
}

type boundFolder string

func (f boundFolder) Mount() ([]mount.Mount, func() error, error) {
	options := []string{"rbind", "rw"}
	return []mount.Mount{{Type: "bind", Source: string(f), Options: options}}, func() error { return nil }, nil
}

func (f boundFolder) IdentityMapping() *user.IdentityMapping {
	return nil
}

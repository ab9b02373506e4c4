// Package calledas lets one binary be many programs: it becomes the one whose name it is called by.
package calledas

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Run runs the program named by the last element of os.Args[0] and ends the process with status 1 on an error.
func Run(programs map[string]func() error) {
	name := filepath.Base(os.Args[0])
	run, ok := programs[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(programs)), ", ")
		fmt.Fprintf(os.Stderr, "cannot be %q: call this binary through a link named one of: %s\n", name, known)
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

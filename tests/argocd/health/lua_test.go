// Every health check of deploy/argocd, run as ArgoCD's controller runs it: gopher-lua with only package, base, table and an `os`
// that tells the time. ArgoCD's own tests open all libraries, so a check may pass there and fail in production.
package health

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"
)

const checks = "../../../deploy/argocd/health"

type health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

type row struct {
	InputPath    string `json:"inputPath"`
	HealthStatus health `json:"healthStatus"`
}

type table struct {
	Tests []row `json:"tests"`
}

func TestEveryStateHasTheHealthThatTheTableSays(t *testing.T) {
	for _, folder := range kinds(t) {
		for _, row := range expectations(t, folder).Tests {
			t.Run(filepath.Base(folder)+"/"+row.InputPath, func(t *testing.T) {
				got, err := judge(script(t, folder), object(t, filepath.Join(folder, row.InputPath)))
				if err != nil {
					t.Fatal(err)
				}
				if got != row.HealthStatus {
					t.Errorf("got %+v, and the table says %+v", got, row.HealthStatus)
				}
			})
		}
	}
}

func TestEveryStateIsInTheTable(t *testing.T) {
	for _, folder := range kinds(t) {
		states, _ := filepath.Glob(filepath.Join(folder, "testdata", "*.yaml"))
		for _, state := range states {
			listed := func(row row) bool { return filepath.Join(folder, row.InputPath) == state }
			if !slices.ContainsFunc(expectations(t, folder).Tests, listed) {
				t.Errorf("%s is in no row of health_test.yaml", state)
			}
		}
	}
}

// Whatever is missing, a check neither fails nor says more than is there.
func TestNoFieldHasToBeThere(t *testing.T) {
	known := []string{"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}
	for _, folder := range kinds(t) {
		for _, row := range expectations(t, folder).Tests {
			for _, path := range paths(object(t, filepath.Join(folder, row.InputPath))) {
				if len(path) == 1 && path[0] == "metadata" {
					continue // there is no object without
				}
				lacking := object(t, filepath.Join(folder, row.InputPath))
				remove(lacking, path)
				got, err := judge(script(t, folder), lacking)
				if err != nil {
					t.Errorf("%s without %v: %v", row.InputPath, path, err)
				} else if !slices.Contains(known, got.Status) {
					t.Errorf("%s without %v: ArgoCD knows no health %q", row.InputPath, path, got.Status)
				}
			}
		}
	}
}

func TestTheMachineIsAsNarrowAsArgoCDs(t *testing.T) {
	for _, library := range []string{"string", "math", "io", "debug", "coroutine", "channel", "os.execute", "os.getenv"} {
		got, err := judge(fmt.Sprintf("return { status = tostring(%s) }", library), map[string]any{})
		if err != nil || got.Status != "nil" {
			t.Errorf("%s is closed in production, and here it is %q (%v)", library, got.Status, err)
		}
	}
}

// judge runs a check on an object. A number of any kind is a Lua number, as in ArgoCD.
func judge(script string, object map[string]any) (health, error) {
	machine := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer machine.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.LoadLibName: lua.OpenPackage,
		lua.BaseLibName: lua.OpenBase,
		lua.TabLibName:  lua.OpenTable,
		lua.OsLibName:   openClock,
	} {
		if err := machine.CallByParam(lua.P{Fn: machine.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return health{}, err
		}
	}
	machine.SetGlobal("obj", value(machine, object))
	if err := machine.DoString(script); err != nil {
		return health{}, err
	}
	told, ok := machine.Get(-1).(*lua.LTable)
	if !ok {
		return health{}, fmt.Errorf("returned no table: %v", machine.Get(-1))
	}
	status, ok := told.RawGetString("status").(lua.LString)
	if !ok {
		return health{}, fmt.Errorf("status is no string: %v", told.RawGetString("status"))
	}
	switch message := told.RawGetString("message").(type) {
	case lua.LString:
		return health{string(status), string(message)}, nil
	case *lua.LNilType:
		return health{Status: string(status)}, nil
	default:
		return health{}, fmt.Errorf("message is no string: %v", message)
	}
}

func openClock(machine *lua.LState) int {
	machine.RegisterModule(lua.OsLibName, map[string]lua.LGFunction{"time": func(machine *lua.LState) int {
		machine.Push(lua.LNumber(time.Now().Unix()))
		return 1
	}})
	return 0
}

func value(machine *lua.LState, of any) lua.LValue {
	switch of := of.(type) {
	case bool:
		return lua.LBool(of)
	case string:
		return lua.LString(of)
	case float64:
		return lua.LNumber(of)
	case []any:
		list := machine.NewTable()
		for _, item := range of {
			list.Append(value(machine, item))
		}
		return list
	case map[string]any:
		fields := machine.NewTable()
		for name, item := range of {
			fields.RawSetString(name, value(machine, item))
		}
		return fields
	}
	return lua.LNil
}

func kinds(t *testing.T) []string {
	folders, err := filepath.Glob(filepath.Join(checks, "*", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no check lies in %s: %v", checks, err)
	}
	return folders
}

func script(t *testing.T, folder string) string {
	return string(content(t, filepath.Join(folder, "health.lua")))
}

func expectations(t *testing.T, folder string) (expected table) {
	if err := yaml.UnmarshalStrict(content(t, filepath.Join(folder, "health_test.yaml")), &expected); err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return expected
}

func object(t *testing.T, file string) (read map[string]any) {
	if err := yaml.Unmarshal(content(t, file), &read); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return read
}

func content(t *testing.T, file string) []byte {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// paths names every field and every item of a list below a value.
func paths(of any) (found [][]any) {
	below := func(step any, item any) {
		found = append(found, []any{step})
		for _, path := range paths(item) {
			found = append(found, append([]any{step}, path...))
		}
	}
	switch of := of.(type) {
	case map[string]any:
		for name, item := range of {
			below(name, item)
		}
	case []any:
		for index, item := range of {
			below(index, item)
		}
	}
	return found
}

// remove takes a field away; an item of a list becomes null, as nothing else can be missing there.
func remove(from any, path []any) {
	for _, step := range path[:len(path)-1] {
		switch step := step.(type) {
		case string:
			from = from.(map[string]any)[step]
		case int:
			from = from.([]any)[step]
		}
	}
	switch step := path[len(path)-1].(type) {
	case string:
		delete(from.(map[string]any), step)
	case int:
		from.([]any)[step] = nil
	}
}

// What `helm install --wait` takes our objects for: kstatus, in the module that Helm 4 is built with, on the states of the health checks.
package kstatus

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const ours = "../../../deploy/argocd/health/transcription.whisperx.dev"

func TestHelmTakesEveryStateForWhatTheTableSays(t *testing.T) {
	expected := map[string]status.Status{}
	if err := yaml.UnmarshalStrict(content(t, "table.yaml"), &expected); err != nil {
		t.Fatal(err)
	}
	states, _ := filepath.Glob(filepath.Join(ours, "*", "testdata", "*.yaml"))
	for _, state := range states {
		name, _ := filepath.Rel(ours, state)
		t.Run(name, func(t *testing.T) {
			got, err := status.Compute(object(t, state))
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != expected[name] {
				t.Errorf("kstatus takes it for %q, and table.yaml says %q", got.Status, expected[name])
			}
		})
		delete(expected, name)
	}
	for name := range expected {
		t.Errorf("table.yaml speaks of %s, which is not there", name)
	}
}

func object(t *testing.T, file string) *unstructured.Unstructured {
	text, err := yaml.YAMLToJSON(content(t, file))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	read := &unstructured.Unstructured{}
	if err := read.UnmarshalJSON(text); err != nil {
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

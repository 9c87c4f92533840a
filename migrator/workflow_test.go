package migrator_test

import (
	"os"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestWorkflowCallsTheScript holds that hosted CI runs what everybody runs, and no more.
func TestWorkflowCallsTheScript(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../.github/workflows/ci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Uses, Run string }
		}
	}
	if err := yaml.Unmarshal(text, &workflow); err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			if step.Run != "" {
				commands = append(commands, step.Run)
			}
		}
	}
	if !slices.Equal(commands, []string{".ci/run"}) {
		t.Errorf("the workflow runs %q", commands)
	}
}

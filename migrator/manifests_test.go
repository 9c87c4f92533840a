package migrator_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v2"
)

type container struct {
	Name, Image     string
	SecurityContext struct {
		RunAsNonRoot             bool  `yaml:"runAsNonRoot"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		Capabilities             struct{ Drop []string }
		SeccompProfile           struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
}

// manifest is an init container alone, or a job.
type manifest struct {
	Kind           string
	InitContainers []container `yaml:"initContainers"`
	Spec           struct {
		PodFailurePolicy struct {
			Rules []struct {
				Action      string
				OnExitCodes struct {
					ContainerName string `yaml:"containerName"`
					Operator      string
					Values        []int
				} `yaml:"onExitCodes"`
			}
		} `yaml:"podFailurePolicy"`
		Template struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []container
			}
		}
	}
}

// What a cluster is told fits what the program does: it needs no rights in its
// container, and a job tries again after the exit codes after which that may help.
func TestManifestsInDocuments(t *testing.T) {
	t.Parallel()
	var containers []container
	jobs := 0
	for name, text := range documents(t) {
		for _, block := range blocks(text, "yaml") {
			var m manifest
			if err := yaml.Unmarshal([]byte(block), &m); err != nil {
				t.Errorf("%s: %v\n%s", name, err, block)
				continue
			}
			containers = append(append(containers, m.InitContainers...), m.Spec.Template.Spec.Containers...)
			if m.Kind != "Job" {
				continue
			}
			jobs++
			var actions []string
			for _, rule := range m.Spec.PodFailurePolicy.Rules {
				if codes := rule.OnExitCodes; len(codes.Values) > 0 {
					actions = append(actions, fmt.Sprint(rule.Action, " ", codes.Operator, " ", codes.Values))
					if codes.ContainerName != m.Spec.Template.Spec.Containers[0].Name {
						t.Errorf("%s: a rule for the container %q", name, codes.ContainerName)
					}
				}
			}
			if got := strings.Join(actions, ", "); got != "FailJob In [1 2 4 7], Count In [5 6]" {
				t.Errorf("%s: the rules of a job: %s", name, got)
			}
			if m.Spec.Template.Spec.RestartPolicy != "Never" {
				t.Errorf("%s: podFailurePolicy needs restartPolicy: Never", name)
			}
		}
	}
	if jobs == 0 || len(containers) < 2 {
		t.Fatalf("%d jobs, %d containers", jobs, len(containers))
	}
	for _, c := range containers {
		s := c.SecurityContext
		if !s.RunAsNonRoot || !s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation ||
			!slices.Equal(s.Capabilities.Drop, []string{"ALL"}) || s.SeccompProfile.Type != "RuntimeDefault" {
			t.Errorf("container %s: %+v", c.Name, s)
		}
	}
}

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

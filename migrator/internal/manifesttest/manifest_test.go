package manifesttest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"example.com/ambix/migrator/cli"
)

// decode reads a manifest of a document with the types of Kubernetes itself, which know every field: a job, or a part of a
// pod's specification.
func decode(t *testing.T, block string) (job *batchv1.Job, containers []corev1.Container) {
	t.Helper()
	var kind struct{ Kind string }
	if err := yaml.Unmarshal([]byte(block), &kind); err != nil {
		t.Fatalf("%v\n%s", err, block)
	}
	var pod corev1.PodSpec
	var err error
	switch kind.Kind {
	case "Job":
		job = &batchv1.Job{}
		err = yaml.UnmarshalStrict([]byte(block), job)
		pod = job.Spec.Template.Spec
	case "":
		err = yaml.UnmarshalStrict([]byte(block), &pod)
	default:
		err = errors.New("unknown kind " + kind.Kind)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, block)
	}
	return job, append(pod.InitContainers, pod.Containers...)
}

// What a cluster is told fits what the program does: it needs no rights in its
// container, and a job tries again after the exit codes after which that may help.
func TestManifestsAreAsKubernetesReadsThem(t *testing.T) {
	t.Parallel()
	var containers []corev1.Container
	jobs, hooks := 0, 0
	for _, file := range []string{"../../../examples/kubernetes/job.yaml", newProject(t) + "/job.yaml"} {
		job, found := decode(t, read(t, file))
		containers = append(containers, found...)
		checkJob(t, job)
	}
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(read(t, "../../../docs/kubernetes.md"), -1) {
		job, found := decode(t, block[1])
		containers = append(containers, found...)
		switch {
		case job == nil:
		case len(found) == 0: // it shows what the job needs in addition
			hooks++
			if job.Name == "" || len(job.Annotations) == 0 {
				t.Errorf("neither a job nor annotations of one:\n%s", block[1])
			}
		default:
			jobs++
			checkJob(t, job)
		}
	}
	if jobs == 0 || hooks < 3 || len(containers) < 2 {
		t.Fatalf("%d jobs, %d hooks, %d containers", jobs, hooks, len(containers))
	}
	for _, c := range containers {
		s := c.SecurityContext
		if s == nil || !*s.RunAsNonRoot || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation ||
			!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
			t.Errorf("container %s: %+v", c.Name, s)
		}
	}
}

// newProject returns the folder of a project that init has written.
func newProject(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "my-store")
	cmd := cli.Command(cli.Config{Environ: []string{}})
	cmd.SetArgs([]string{"init", dir, "--replace", "../../.."})
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func checkJob(t *testing.T, job *batchv1.Job) {
	t.Helper()
	var actions []string
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		if codes := rule.OnExitCodes; codes != nil {
			actions = append(actions, fmt.Sprint(rule.Action, " ", codes.Operator, " ", codes.Values))
			if codes.ContainerName == nil || *codes.ContainerName != job.Spec.Template.Spec.Containers[0].Name {
				t.Errorf("a rule for the container %v", codes.ContainerName)
			}
		}
	}
	if got := strings.Join(actions, ", "); got != "FailJob In [1 2 4 7], Count In [5 6 8]" {
		t.Errorf("the rules of a job: %s", got)
	}
	if job.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("podFailurePolicy needs restartPolicy: Never")
	}
}

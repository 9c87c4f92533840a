package migrator_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// scripts returns the executables in scripts/ by name.
func scripts(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			found[filepath.Base(file)] = file
		}
	}
	if len(found) < 10 {
		t.Fatalf("found only %d scripts", len(found))
	}
	return found
}

// The PATH has stubs for the programs with which scripts work: calling one leaves a trace in
// the folder that is also the home directory.
func TestScriptsAnswerHelpWithoutWorking(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for _, program := range []string{"go", "git", "docker", "apt-get", "sudo", "npm", "runuser", "postgres", "psql", "shellcheck"} {
		stub := "#!/bin/sh\necho \"$0 $*\" >>\"$HOME/calls\"\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, program), []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, file := range scripts(t) {
		for _, flag := range []string{"-h", "--help"} {
			t.Run(name+" "+flag, func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				cmd := exec.Command(file, flag)
				cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "AMBIX_STATE=" + home}
				var stdout, stderr strings.Builder
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				if err := cmd.Run(); err != nil || stderr.String() != "" {
					t.Errorf("%v\n%s", err, &stderr)
				}
				if first, rest, _ := strings.Cut(stdout.String(), "\n\n"); !strings.HasPrefix(first, "usage: scripts/"+name) || rest == "" {
					t.Errorf("want the usage and a description, got\n%s", &stdout)
				}
				if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
					calls, _ := os.ReadFile(filepath.Join(home, "calls"))
					t.Errorf("it did something: %v, %v\n%s", left, err, calls)
				}
			})
		}
	}
}

func TestHelpListsEveryScript(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("../scripts/help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	purpose := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "go run ./"), " ")
		purpose[name] = strings.TrimSpace(text)
	}
	names := []string{"benchmark", "database", "import"} // the Go programs
	for name := range scripts(t) {
		names = append(names, name)
	}
	for _, name := range names {
		if text := purpose["scripts/"+name]; !strings.HasSuffix(text, ".") {
			t.Errorf("scripts/%s: %q is not a sentence", name, text)
		}
	}
	if len(purpose) != len(names) {
		t.Errorf("scripts/help lists %d scripts, there are %d\n%s", len(purpose), len(names), out)
	}
}

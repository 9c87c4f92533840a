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
	names := []string{"benchmark", "database"} // the Go programs
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

func TestReleaseRefusesWhatCannotBeReleased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"release", "help"} {
		text, err := os.ReadFile("../scripts/" + name)
		if err != nil {
			t.Fatal(err)
		}
		write("scripts/"+name, string(text))
	}
	refused := func(want string, args ...string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(dir, "scripts/release"), args...)
		cmd.Env = append(os.Environ(), "DOCKER_HOST=unix:///dev/null")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("release %q: want %q, got %v\n%s", args, want, err, out)
		}
	}
	write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\nnews\n\n## 1.4.0 (2026-12-01)\n\nnew\n\n## 1.3.0\n\n## 1.2.0\n\nold\n")
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "one")
	git("tag", "v1.2.0")
	git("commit", "-qm", "two", "--allow-empty")
	refused("usage: scripts/release")
	refused("usage: scripts/release", "1.4.0", "1.5.0")
	refused("unknown flag --publish", "--publish", "1.4.0")
	refused("1.4 is not a semantic version", "1.4")
	refused("../1.4.0 is not a semantic version", "../1.4.0")
	refused(`no section "## 1.4.1"`, "1.4.1")
	refused(`no section "## 1.3.0"`, "v1.3.0") // it is empty
	refused("the tag v1.2.0 is on another commit", "--no-image", "1.2.0")
	refused("no Docker engine", "1.4.0")
	write("CHANGELOG.md", "changed")
	refused("the tree has changes", "1.4.0")
}

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Help that nobody can read has not been shown.
func TestHelpOnAFullDiskIsAFailure(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is a device of Linux")
	}
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range []string{"--help", "migrate --help", "migrate up --help", "migrate help up", "migrate version"} {
		var stderr strings.Builder
		cmd := exec.Command(program, strings.Fields(args)...)
		cmd.Stdout, cmd.Stderr = full, &stderr
		err := cmd.Run()
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok || e.ExitCode() != 8 || !strings.HasPrefix(stderr.String(), "error: standard output cannot be written: no space left on device") {
			t.Errorf("%s: %v %s", args, err, &stderr)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// invocation is one program to be started, in a folder.
type invocation struct {
	dir, program string
	args         []string
	url          string
}

func (i invocation) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = i.dir
	// Nothing of whoever measures: no PGPASSFILE, no .psqlrc, no MIGRATE_VERBOSE.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + i.dir, "LC_ALL=C.UTF-8", "DATABASE_URL=" + i.url}
	return cmd
}

// time runs the program and gives the wall clock's time from its start to its end.
func (i invocation) time(ctx context.Context) (time.Duration, error) {
	cmd := i.command(ctx, i.program, i.args...)
	began := time.Now()
	output, err := cmd.CombinedOutput()
	spent := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", i.program, err, lastLines(output))
	}
	return spent, nil
}

// peakCommand is the word with which this program starts itself to run another.
const peakCommand = "peak"

// peak gives the most memory that the program had at once, in bytes. What the kernel
// counts for a process includes what its parent had when it was started, so a small
// process of its own starts it: this program, with the word peak.
func (i invocation) peak(ctx context.Context) (int64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := i.command(ctx, self, append([]string{peakCommand, i.program}, i.args...)...)
	var failed strings.Builder
	cmd.Stderr = &failed
	text, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", i.program, err, lastLines([]byte(failed.String())))
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// peak is the small process's part: it runs a program and prints the number of bytes.
func peak(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = stderr
	err := cmd.Run()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if err != nil || !ok {
		fmt.Fprintf(stderr, "%s: %v\n", args[0], err)
		return 1
	}
	bytes := usage.Maxrss
	if runtime.GOOS != "darwin" { // there it is in bytes, elsewhere in KiB
		bytes *= 1024
	}
	fmt.Fprintln(stdout, bytes)
	return 0
}

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

// invocation is a program to run in a folder.
type invocation struct {
	dir, program string
	args         []string
	url          string
}

func (i invocation) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = i.dir
	// Without the environment of the user: no PGPASSFILE, no .psqlrc, no MIGRATE_VERBOSE.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + i.dir, "LC_ALL=C.UTF-8", "DATABASE_URL=" + i.url}
	return cmd
}

// time runs the program and returns the elapsed time.
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

// processor runs the program and returns the processor time that it used.
func (i invocation) processor(ctx context.Context) (time.Duration, error) {
	cmd := i.command(ctx, i.program, i.args...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", i.program, err, lastLines(output))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// peakCommand is the argument with which this program runs itself to run another program.
const peakCommand = "peak"

// peak returns the peak memory of the program in bytes. The kernel's count for a process
// includes the memory of the parent at the time of the fork, so a small process starts it:
// this program with the argument peak.
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

// peak is the part of that small process: it runs a program and prints the bytes.
func peak(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", args[0], err)
		return 1
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		fmt.Fprintf(stderr, "%s: this system does not count the memory of a process\n", args[0])
		return 1
	}
	bytes := usage.Maxrss
	if runtime.GOOS != "darwin" { // bytes there, KiB elsewhere
		bytes *= 1024
	}
	fmt.Fprintln(stdout, bytes)
	return 0
}

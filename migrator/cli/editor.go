package cli

import (
	"context"
	"os"
	"slices"
	"strings"
	"syscall"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// editor runs the editor with files and waits until it exits.
func (r *run) editor(files []string) error {
	command := ""
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if command == "" {
			command = strings.TrimSpace(lookupEnv(r.environ(), name))
		}
	}
	if command == "" {
		return &settings.UsageError{Text: "no editor is configured: set VISUAL or EDITOR, or open " + strings.Join(files, " ")}
	}
	// The variable is a shell command, such as code --wait. Package os/exec would make the
	// program 40 kB larger.
	attr := &os.ProcAttr{Env: r.environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
	if r.settings.JSON {
		attr.Files[1] = os.Stderr // standard output is for the document
	}
	// Ctrl+C in the editor reaches this process too.
	r.editing.Store(true)
	defer r.editing.Store(false)
	process, err := os.StartProcess("/bin/sh", append([]string{"sh", "-c", command + ` "$@"`, command}, files...), attr)
	if err != nil {
		return &fileError{err}
	}
	stop := context.AfterFunc(r.ctx, func() { _ = process.Signal(syscall.SIGTERM) })
	state, err := process.Wait()
	stop()
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case err != nil:
		return err
	case !state.Success():
		return &settings.UsageError{Text: "the editor " + terminal.Line(command) + " failed: " + state.String() + "; changes that it saved are kept"}
	}
	return nil
}

// lookupEnv returns the value of a variable, the last one if there are several, or "".
func lookupEnv(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

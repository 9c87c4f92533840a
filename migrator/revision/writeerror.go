package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/ambix/migrator/internal/text"
)

// WriteError reports a file that could not be written because of what is around it: a full disk, a missing permission or
// folder, a folder with its name. Nothing was written, except for what Left and Moved name, and if Partial is set.
type WriteError struct {
	File  string   // that could not be written or moved
	Err   error    // of the system
	Left  []string // files that had been written before, and could not be removed again
	Moved []Move   // files that had been moved before, and could not be moved back
	// Partial: File is a device or a pipe, into which the beginning may have been written.
	Partial bool
}

func (e *WriteError) Error() string {
	problem := text.FileProblem(text.Visible(e.File), true, e.Err)
	var left []string
	for _, file := range e.Left {
		left = append(left, "remove "+text.Visible(file))
	}
	for _, m := range e.Moved {
		left = append(left, "move "+text.Visible(m.To)+" back to "+text.Visible(m.From))
	}
	switch {
	case e.Partial:
		return problem
	case len(left) == 0:
		return problem + "; nothing was written"
	}
	return problem + ", and what had been done could not be undone: " + strings.Join(left, "; ")
}

// Unwrap returns the error of the system.
func (e *WriteError) Unwrap() error { return e.Err }

// ErrNoNewFiles is the cause of a WriteError if the folder exists, and the system says that the file does not: /proc is such a
// folder.
var ErrNoNewFiles = errors.New("its folder takes no new files")

// NewWriteError returns the *WriteError for a file, whatever name the error of the system has; nil for nil.
func NewWriteError(file string, err error) error {
	if err == nil || is[*WriteError](err) {
		return err
	}
	if _, found := os.Stat(filepath.Dir(file)); found == nil && errors.Is(err, fs.ErrNotExist) {
		err = ErrNoNewFiles
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		err = &fs.PathError{Op: "write", Path: file, Err: errno} // not the temporary file
	}
	return &WriteError{File: file, Err: err}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

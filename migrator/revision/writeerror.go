package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// NewWriteError returns the *WriteError for a file, whatever name the error of the system has; nil for nil.
func NewWriteError(file string, err error) error {
	if err == nil || is[*WriteError](err) {
		return err
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

// notUndone is what could not be undone after an error.
type notUndone struct {
	left  []string
	moved []Move
	file  string // the first of them
	err   error  // why
}

// addTo adds it to the error.
func (u notUndone) addTo(err error) error {
	if u.err == nil {
		return err
	}
	e, ok := errors.AsType[*WriteError](err)
	if !ok {
		e = &WriteError{File: u.file, Err: u.err}
	}
	return &WriteError{File: e.File, Err: e.Err, Left: slices.Concat(e.Left, u.left), Moved: slices.Concat(e.Moved, u.moved)}
}

// disk changes the file system. fail, if it is not nil, lets an operation of a test fail.
type disk struct {
	fail func(operation, name string) error
}

func (d disk) check(operation, name string) error {
	if d.fail == nil {
		return nil
	}
	return d.fail(operation, name)
}

// create creates a file and flushes it to disk. If that fails it removes the file.
func (d disk) create(name, content string, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err == nil && d.fail == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = d.check("create", name)
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}

func (d disk) link(from, to string) error {
	if err := d.check("link", to); err != nil {
		return err
	}
	return os.Link(from, to)
}

func (d disk) rename(from, to string) error {
	if err := d.check("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// remove removes a file or an empty folder, if it exists.
func (d disk) remove(name string) error {
	err := d.check("remove", name)
	if err == nil {
		err = os.Remove(name)
	}
	if _, gone := os.Lstat(name); errors.Is(gone, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeAll removes files, the last one first.
func (d disk) removeAll(names []string) (u notUndone) {
	for _, name := range slices.Backward(names) {
		if err := d.remove(name); err != nil {
			u.left, u.file, u.err = append(u.left, name), name, err
		}
	}
	return u
}

// mkdirAll creates a folder and its missing parents, and returns those that it created, parents first, also with an error.
func (d disk) mkdirAll(name string) (created []string, err error) {
	err = d.mkdir(name)
	if parent := filepath.Dir(name); errors.Is(err, fs.ErrNotExist) && parent != name {
		if created, err = d.mkdirAll(parent); err != nil {
			return created, err
		}
		err = d.mkdir(name)
	}
	switch {
	case err == nil:
		return append(created, name), nil
	case errors.Is(err, fs.ErrExist):
		if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
			return created, nil
		}
		return created, &WriteError{File: name, Err: syscall.ENOTDIR}
	}
	return created, NewWriteError(name, err)
}

func (d disk) mkdir(name string) error {
	if _, err := os.Stat(name); err != nil {
		if err := d.check("mkdir", name); err != nil {
			return err
		}
	}
	return os.Mkdir(name, 0o777)
}

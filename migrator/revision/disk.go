package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

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
	if err == nil {
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

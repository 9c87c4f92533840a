package text

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
)

// FileProblem returns what is wrong with a file or folder as a sentence that begins with its name: "sql/a.sql does
// not exist". err is the error of the system, with or without the name. writing tells whether it was to be written.
func FileProblem(name string, writing bool, err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	verb := "read"
	if writing {
		verb = "written"
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && writing:
		return name + " cannot be written: the folder " + filepath.Dir(name) + " does not exist"
	case errors.Is(err, fs.ErrNotExist):
		return name + " does not exist"
	case errors.Is(err, fs.ErrPermission):
		return name + " cannot be " + verb + ": permission denied"
	case errors.Is(err, syscall.EISDIR):
		return name + " is a folder, not a file"
	case errors.Is(err, syscall.ENOTDIR):
		return name + " cannot be " + verb + ": a part of its path is a file, not a folder"
	}
	return name + " cannot be " + verb + ": " + err.Error()
}

// Error returns the text of an error, in which each error of the system about a file is written as FileProblem does.
func Error(err error) string {
	s := err.Error()
	for e := range pathErrors(err) {
		writing := e.Op == "write" || e.Op == "mkdir" || e.Op == "rename" || e.Op == "chmod"
		s = strings.Replace(s, e.Error(), FileProblem(e.Path, writing, e.Err), 1)
	}
	return s
}

// JSONProblem returns what is wrong with a JSON text that could not be decoded.
func JSONProblem(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// pathErrors yields the errors about files in the tree of an error.
func pathErrors(err error) func(yield func(*fs.PathError) bool) {
	return func(yield func(*fs.PathError) bool) {
		var walk func(error) bool
		walk = func(err error) bool {
			switch e := err.(type) {
			case *fs.PathError:
				return yield(e)
			case interface{ Unwrap() error }:
				return walk(e.Unwrap())
			case interface{ Unwrap() []error }:
				for _, e := range e.Unwrap() {
					if !walk(e) {
						return false
					}
				}
			}
			return true
		}
		walk(err)
	}
}

package text

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestErrorsOfFilesAreSentences(t *testing.T) {
	t.Parallel()
	missing := &fs.PathError{Op: "open", Path: "a/b.sql", Err: syscall.ENOENT}
	for _, test := range []struct {
		err  error
		want string
	}{
		{missing, "a/b.sql does not exist"},
		{&fs.PathError{Op: "stat", Path: "a/b.sql", Err: syscall.ENOTDIR}, "a/b.sql cannot be read: a part of its path is a file, not a folder"},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EISDIR}, "a is a folder, not a file"},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, "a cannot be read: permission denied"},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EIO}, "a cannot be read: input/output error"},
		{&fs.PathError{Op: "write", Path: "a/b", Err: syscall.ENOENT}, "a/b cannot be written: the folder a does not exist"},
		{&fs.PathError{Op: "mkdir", Path: "a/b", Err: syscall.EROFS}, "a/b cannot be written: read-only file system"},
		{
			fmt.Errorf("first: %w", errors.Join(missing, errors.New("x"), fmt.Errorf("c: %w", &fs.PathError{Op: "lstat", Path: "c", Err: syscall.ENOENT}))),
			"first: a/b.sql does not exist\nx\nc: c does not exist",
		},
		{errors.New("no such file or directory"), "no such file or directory"},
	} {
		if got := Error(test.err); got != test.want {
			t.Errorf("%v: %s, want %s", test.err, got, test.want)
		}
	}
	dir := t.TempDir()
	for _, err := range []error{
		second(os.ReadFile(dir)), second(os.ReadFile(filepath.Join(dir, "none"))), second(os.Stat(filepath.Join(dir, "none"))), second(os.ReadDir(filepath.Join(dir, "none"))),
	} {
		if got := Error(err); got != dir+" is a folder, not a file" && got != filepath.Join(dir, "none")+" does not exist" {
			t.Errorf("%v: %s", err, got)
		}
	}
}

func second[T any](_ T, err error) error { return err }

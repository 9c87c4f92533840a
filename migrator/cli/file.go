package cli

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"example.com/ambix/migrator/cli/internal/terminal"
)

// writeWhole writes a file completely or not at all.
func writeWhole(name, content string) error {
	if isRegular(name) {
		if old, err := os.ReadFile(name); err == nil && string(old) == content {
			return nil // its time stays
		}
	}
	return writeFile(name, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
}

// fileExists reports whether there is a file or a folder with this name.
func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// isRegular reports whether a file exists that can be read: not a pipe, which would wait for a writer.
func isRegular(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// writeFile writes a file completely or not at all, and what is not a file, such as /dev/null or a pipe, as it is. A folder
// is refused. Of a symbolic link, the file that it leads to is written.
func writeFile(name string, write func(io.Writer) error) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder; the name of a file is required", terminal.Quote(name))
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return cmp.Or(write(f), f.Close())
	case err == nil:
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".ambix-*")
	if err != nil {
		return writing(name, err)
	}
	err = cmp.Or(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return writing(name, err)
	}
	return nil
}

// writing returns an error of the file system with the name of the file that was meant, and not of a temporary one.
func writing(name string, err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: name, Err: cause.Err}
	}
	if cause, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "write", Path: name, Err: cause.Err}
	}
	return err
}

// writeOver is writeFile for a file that a command writes again and again. A file that begins
// differently from all that it writes is refused: it is something else.
func writeOver(name, begins string, write func(io.Writer) error) error {
	if !isRegular(name) {
		return writeFile(name, write)
	}
	if f, err := os.Open(name); err == nil {
		old := make([]byte, len(begins))
		n, _ := io.ReadFull(f, old)
		_ = f.Close()
		if n > 0 && !bytes.Equal(old[:n], []byte(begins)) {
			return fmt.Errorf("%s already exists and is not a file that this command has written; remove it, or name another file", terminal.Quote(name))
		}
	}
	return writeFile(name, write)
}

// output writes what a command makes to the file that --out names, or to standard output. begins
// is how all that it writes begins. It returns the text for a JSON document instead of printing it.
func (r *run) output(name, begins string, write func(io.Writer) error) (string, error) {
	if name != "" {
		if err := writeOver(name, begins, write); err != nil {
			return "", &fileError{err}
		}
		return "", nil
	}
	var b strings.Builder
	if err := write(&b); err != nil {
		return "", err
	}
	if r.settings.JSON {
		return b.String(), nil
	}
	r.out.PrintSQL(b.String())
	return "", nil
}

package cli

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
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
// is refused. Of a symbolic link, the file that it leads to is written. An existing file keeps its permissions. The error is
// that of write, or a *revision.WriteError that names the file and not the temporary one.
func writeFile(name string, write func(io.Writer) error) error {
	mode := fs.FileMode(0o666) // less the umask
	shown := name
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return revision.NewWriteError(name, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return revision.NewWriteError(name, err)
		}
		err = writeError(name, cmp.Or(write(f), f.Close()))
		if e, ok := errors.AsType[*revision.WriteError](err); ok {
			e.Partial = true
		}
		return err
	case err == nil:
		mode = info.Mode().Perm()
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return revision.NewWriteError(shown, err)
		}
	}
	temporary := filepath.Join(filepath.Dir(name), ".ambix-"+rand.Text())
	f, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return revision.NewWriteError(shown, err)
	}
	err = write(f)
	if err == nil && info != nil {
		err = f.Chmod(mode) // which the umask may have reduced
	}
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(temporary)
	}
	return writeError(shown, err)
}

// writeError returns an error of the system as one of the file. What writes may have other errors.
func writeError(name string, err error) error {
	if is[*fs.PathError](err) || is[*os.LinkError](err) {
		return revision.NewWriteError(name, err)
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
			return &settings.UsageError{Text: terminal.Quote(name) + " already exists and is not a file that this command has written; remove it, or name another file"}
		}
	}
	return writeFile(name, write)
}

// output writes what a command makes to the file that --out names, or to standard output. begins
// is how all that it writes begins. It returns the text for a JSON document instead of printing it.
func (r *run) output(name, begins string, write func(io.Writer) error) (string, error) {
	if name != "" {
		if err := writeOver(name, begins, write); err != nil {
			return "", err
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

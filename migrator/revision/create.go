package revision

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// CreateFiles writes new files into existing folders, in order: either all of them or none, each complete, and never over an
// existing file, for which the error is an *ExistsError. Another process may see the first files before the last.
func CreateFiles(files ...Source) error { return create(files, os.Link) }

// create writes a temporary file for each and then links it to its name: unlike a rename, a link fails if the file exists.
func create(files []Source, link func(from, to string) error) (err error) {
	var temps, made []string
	defer func() {
		for _, name := range temps {
			os.Remove(name)
		}
		if err != nil {
			for _, name := range slices.Backward(made) {
				os.Remove(name)
			}
		}
	}()
	for _, f := range files {
		name := tempName(f.File)
		if err := writeFile(name, f.Text, 0o666); err != nil {
			return withFile(err, f.File)
		}
		temps = append(temps, name)
	}
	for i, f := range files {
		err := link(temps[i], f.File)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// Some file systems (FAT, some network and container mounts) do not support links.
			err = writeFile(f.File, f.Text, 0o666)
		}
		if errors.Is(err, fs.ErrExist) {
			return &ExistsError{File: f.File}
		}
		if err != nil {
			return withFile(err, f.File)
		}
		made = append(made, f.File)
	}
	syncFolders(made)
	return nil
}

// tempName returns a unique name in the folder of a file. Load ignores it.
func tempName(file string) string {
	return filepath.Join(filepath.Dir(file), ".ambix-"+rand.Text())
}

// withFile replaces the name of a temporary file in an error.
func withFile(err error, file string) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: file, Err: pe.Err}
	}
	return err
}

// writeFile creates a file and flushes it to disk. If that fails it removes the file.
func writeFile(name, text string, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}

// syncFolders flushes the folders of files to disk. Errors are ignored: not every system supports it, and the files exist.
func syncFolders(files []string) {
	var done []string
	for _, file := range files {
		dir := filepath.Dir(file)
		if slices.Contains(done, dir) {
			continue
		}
		done = append(done, dir)
		if d, err := os.Open(dir); err == nil {
			d.Sync()
			d.Close()
		}
	}
}

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
// existing file, for which the error is an *ExistsError. Other errors are of type *WriteError. Another process may see the
// first files before the last.
func CreateFiles(files ...Source) error { return disk{}.createFiles(files) }

// MakeFolder creates a folder and its missing parents. remove removes those that it created, as far as they are empty. The
// error is a *WriteError.
func MakeFolder(name string) (remove func(), err error) {
	created, err := disk{}.mkdirAll(filepath.Clean(name))
	remove = func() { disk{}.removeAll(created) }
	if err != nil {
		remove()
	}
	return remove, err
}

// createFiles writes a temporary file for each and then links it to its name: unlike a rename, a link fails if the file exists.
func (d disk) createFiles(files []Source) error {
	var temps, made []string
	err := func() error {
		for _, f := range files {
			name := tempName(f.File)
			if err := d.create(name, f.Text, 0o666); err != nil {
				return NewWriteError(f.File, err)
			}
			temps = append(temps, name)
		}
		for i, f := range files {
			if err := d.publish(temps[i], f.File); errors.Is(err, fs.ErrExist) {
				return &ExistsError{File: f.File}
			} else if err != nil {
				return NewWriteError(f.File, err)
			}
			made = append(made, f.File)
		}
		return nil
	}()
	if err == nil {
		d.removeAll(temps) // Load ignores what is left of them
		syncFolders(made)
		return nil
	}
	return d.removeAll(slices.Concat(temps, made)).addTo(err)
}

// publish gives a complete file its name, unless a file with that name exists. The temporary one may remain.
func (d disk) publish(temp, file string) error {
	err := d.link(temp, file)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// Some file systems (FAT, some network and container mounts) do not support links. An empty file reserves the name, which
	// Load would report; half of a script might be a script.
	if err := d.create(file, "", 0o666); err != nil {
		return err
	}
	if err := d.rename(temp, file); err != nil {
		return d.removeAll([]string{file}).addTo(NewWriteError(file, err))
	}
	return nil
}

// tempName returns a unique name in the folder of a file. Load ignores it.
func tempName(file string) string {
	return filepath.Join(filepath.Dir(file), ".ambix-"+rand.Text())
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

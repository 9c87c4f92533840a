package revision

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Create writes new files into folders that exist, in the order given: all of them or
// none, each complete, never over an existing file. What it returns for one that exists
// is an *ExistsError. A reader may see the first files before the last ones.
func CreateFiles(files ...Source) error { return create(files, os.Link) }

// create fills a hidden file for each and then gives it its name: a link, unlike a
// rename, fails when the name is taken.
func create(files []Source, link func(from, to string) error) (err error) {
	var hidden, made []string
	defer func() {
		for _, name := range hidden {
			os.Remove(name)
		}
		if err != nil {
			for _, name := range slices.Backward(made) {
				os.Remove(name)
			}
		}
	}()
	for _, f := range files {
		name := hiddenName(f.File)
		if err := writeFile(name, f.Text, 0o666); err != nil {
			return renamed(err, f.File)
		}
		hidden = append(hidden, name)
	}
	for i, f := range files {
		err := link(hidden[i], f.File)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// Some file systems (FAT, a few network and container mounts) have no links.
			err = writeFile(f.File, f.Text, 0o666)
		}
		if errors.Is(err, fs.ErrExist) {
			return &ExistsError{File: f.File}
		}
		if err != nil {
			return renamed(err, f.File)
		}
		made = append(made, f.File)
	}
	syncFolders(made)
	return nil
}

// hiddenName is a name beside a file that Load ignores and nobody else chooses.
func hiddenName(file string) string {
	return filepath.Join(filepath.Dir(file), ".ambix-"+rand.Text())
}

// renamed speaks of the file that was meant, not of a hidden one.
func renamed(err error, file string) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: file, Err: pe.Err}
	}
	return err
}

// writeFile writes a file that does not exist yet and sees it to the disk; on failure
// it leaves none.
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

// syncFolders sees names to the disk. Not every system can, and a file that is there is
// no reason for an error.
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

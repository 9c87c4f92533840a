package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// revisionDir is the folder of the revisions in a project.
const revisionDir = "sql"

// Write creates the files and returns their names. It writes all of them or none, and
// never over an existing one; after an error it removes the folders that it created. Those that
// the program does not need, such as README.md, may exist: they are kept, and returned too.
func (p *Project) Write() (names, kept []string, err error) {
	files := p.files()
	for _, f := range p.extras() {
		if _, err := os.Lstat(f.File); err == nil {
			kept = append(kept, f.File)
		} else {
			files = append(files, f)
		}
	}
	var existing, created []string
	for _, f := range files {
		names = append(names, f.File)
		if _, err := os.Lstat(f.File); err == nil {
			existing = append(existing, f.File)
		}
	}
	if len(existing) > 0 {
		return nil, nil, &settings.UsageError{Text: text.List(existing, "and") + terminal.Plural(len(existing), " already exists", " already exist") +
			"; nothing was written (to add the commands to an existing module, import " + ModulePath + "/migrator/cli)"}
	}
	defer func() {
		if err != nil {
			for _, folder := range slices.Backward(created) {
				_ = os.Remove(folder) // fails if another process has put something there
			}
		}
	}()
	for _, f := range files {
		made, err := makeFolders(filepath.Dir(f.File))
		if created = append(created, made...); err != nil {
			return nil, nil, err
		}
	}
	if err := revision.CreateFiles(files...); err != nil {
		return nil, nil, err
	}
	return names, kept, nil
}

// makeFolders creates dir and its missing parents, and returns those that it created,
// parents first, also with an error.
func makeFolders(dir string) (created []string, err error) {
	err = os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if created, err = makeFolders(filepath.Dir(dir)); err != nil {
			return created, err
		}
		err = os.Mkdir(dir, 0o777)
	}
	switch {
	case err == nil:
		return append(created, dir), nil
	case errors.Is(err, fs.ErrExist):
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			err = nil
		}
	}
	return created, err
}

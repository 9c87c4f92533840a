package scaffold

import (
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
	var existing []string
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
	var undo []func()
	defer func() {
		if err != nil {
			for _, remove := range slices.Backward(undo) {
				remove()
			}
		}
	}()
	for _, f := range files {
		remove, err := revision.MakeFolder(filepath.Dir(f.File))
		if err != nil {
			return nil, nil, err
		}
		undo = append(undo, remove)
	}
	if err := revision.CreateFiles(files...); err != nil {
		return nil, nil, err
	}
	return names, kept, nil
}

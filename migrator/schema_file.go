package migrator

import (
	"os"
	"path/filepath"
	"strings"

	"example.com/ambix/migrator/revision"
)

// LoadSchemaFiles reads an SQL file, or every .sql file below a folder in the order of their paths, for SchemaSource. Files
// and folders whose names begin with a dot are left out. The error is a *FilesError: nothing can be read, the folder has no
// .sql file, or it contains revisions.
func LoadSchemaFiles(name string) ([]revision.Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, &FilesError{failure: failure{err: err}}
	}
	if !info.IsDir() {
		return readSchemaFile(nil, name)
	}
	var files []revision.Source
	err = filepath.WalkDir(name, func(path string, d os.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(d.Name(), ".") && path != name; {
		case err != nil:
			return err
		case hidden && d.IsDir():
			return filepath.SkipDir
		case hidden, d.IsDir(), !strings.EqualFold(filepath.Ext(path), ".sql"):
			return nil
		case strings.HasSuffix(path, ".up.sql"):
			return problemIn(path, "a revision, not a file of a schema: name the revisions by a target, such as head")
		}
		files, err = readSchemaFile(files, path)
		return err
	})
	switch {
	case err != nil:
		return nil, newError(err)
	case len(files) == 0:
		return nil, newError(problemIn(name, "the folder has no .sql file"))
	}
	return files, nil
}

func readSchemaFile(files []revision.Source, name string) ([]revision.Source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &FilesError{failure: failure{err: err}}
	}
	return append(files, revision.Source{File: filepath.ToSlash(name), Text: string(text)}), nil
}

func problemIn(file, text string) error {
	return revision.Problems{{Pos: revision.Pos{File: filepath.ToSlash(file), Line: 1, Column: 1}, Text: text}}
}

package migrator

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"example.com/ambix/migrator/internal/text"
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
	case len(files) == 0 && isFile(filepath.Join(name, "toc.dat")):
		return nil, newError(archiveProblem(name, "directory"))
	case len(files) == 0:
		return nil, newError(problemIn(name, "the folder has no .sql file"))
	}
	return files, nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func readSchemaFile(files []revision.Source, name string) ([]revision.Source, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, &FilesError{failure: failure{err: err}}
	}
	if format := archiveFormat(content); format != "" {
		return nil, newError(archiveProblem(name, format))
	}
	return append(files, revision.Source{File: filepath.ToSlash(name), Text: string(content)}), nil
}

// archiveFormat returns the format of pg_dump that a file has which is not SQL, or "".
func archiveFormat(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("PGDMP")):
		return "custom"
	case bytes.HasPrefix(content, []byte("toc.dat\x00")):
		return "tar"
	}
	return ""
}

func archiveProblem(name, format string) error {
	return problemIn(name, "it is an archive in the "+format+" format of pg_dump, not SQL; pg_restore --schema-only --file=schema.sql "+text.Visible(name)+" writes it as SQL")
}

// connects reports whether a dump connects to a database that it has made, as pg_dump --create writes it.
func connects(file revision.Source) bool {
	return strings.Contains(file.Text, "\nCREATE DATABASE ") && strings.Contains(file.Text, "\n\\connect ")
}

func problemIn(file, text string) error {
	return revision.Problems{{Pos: revision.Pos{File: filepath.ToSlash(file), Line: 1, Column: 1}, Text: text}}
}

package migrator_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Files are written in two places, which leave no half of one and report what cannot be written as a *revision.WriteError: a
// command that calls the system itself would do neither.
func TestFilesAreWrittenInTwoPlaces(t *testing.T) {
	t.Parallel()
	writers := []string{"migrator/revision/setkey.go", "migrator/revision/disk.go", "migrator/cli/file.go"}
	readers := []string{"migrator/dbenv/file.go"} // without waiting for the writer of a pipe
	call := regexp.MustCompile(`\bos\.(WriteFile|Create|CreateTemp|OpenFile|Mkdir|MkdirAll|MkdirTemp|Rename|Link|Symlink|Remove|RemoveAll|Chmod|Truncate|CopyFS)\(`)
	var found []string
	for _, root := range []string{"migrator", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, d fs.DirEntry, err error) error {
			name, _ := filepath.Rel("..", path)
			switch {
			case err != nil:
				return err
			case d.IsDir() && (strings.HasSuffix(name, "test") || d.Name() == "pgserver" || d.Name() == "testdata"):
				return fs.SkipDir // for tests only
			case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || slices.Contains(readers, name):
				return nil
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if m := call.FindString(string(source)); m != "" {
				found = append(found, name)
				if !slices.Contains(writers, name) {
					t.Errorf("%s calls %s…): write with revision.CreateFiles, MakeFolder or SetKey, or with writeFile of package cli", name, m)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range writers {
		if !slices.Contains(found, name) {
			t.Errorf("%s writes nothing", name)
		}
	}
}

package revision

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestCreateFilesIsAllOrNothing(t *testing.T) {
	t.Parallel()
	noLinks := func(operation, name string) error {
		if operation == "link" {
			return &os.LinkError{Op: "link", Old: name, New: name, Err: syscall.EPERM}
		}
		return nil
	}
	lateFailure := func(operation, name string) error {
		if operation == "link" && strings.HasSuffix(name, "b") {
			// Another process creates the file first.
			return os.WriteFile(name, []byte("theirs"), 0o666)
		}
		return nil
	}
	lostFolder := func(operation, name string) error {
		if operation == "link" && strings.HasSuffix(name, "b") {
			return errors.Join(os.RemoveAll(filepath.Dir(name)), noLinks(operation, name))
		}
		return nil
	}
	tests := []struct {
		name     string
		fail     func(operation, name string) error
		existing string // a file that exists before
		err      error
		want     string // the files afterwards, with their text
	}{
		{"links", nil, "", nil, "a=A b=B"},
		{"no links", noLinks, "", nil, "a=A b=B"},
		{"first exists", nil, "a", fs.ErrExist, "a=mine"},
		{"second exists", nil, "b", fs.ErrExist, "b=mine"},
		{"second exists, no links", noLinks, "b", fs.ErrExist, "b=mine"},
		{"another process is faster", lateFailure, "", fs.ErrExist, "b=theirs"},
		{"the folder is removed", lostFolder, "", fs.ErrNotExist, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "sql")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			if test.existing != "" {
				if err := os.WriteFile(filepath.Join(dir, test.existing), []byte("mine"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			err := disk{test.fail}.createFiles([]Source{{filepath.Join(dir, "a"), "A"}, {filepath.Join(dir, "b"), "B"}})
			if !errors.Is(err, test.err) {
				t.Errorf("error %v, want %v", err, test.err)
			}
			if err != nil && strings.Contains(err.Error(), ".ambix-") {
				t.Errorf("the error names a temporary file: %v", err)
			}
			var got []string
			entries, _ := os.ReadDir(dir) // an error if the folder was removed
			for _, e := range entries {
				text, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Error(err)
				}
				got = append(got, e.Name()+"="+string(text))
			}
			if s := strings.Join(got, " "); s != test.want {
				t.Errorf("the folder contains %s, want %s", s, test.want)
			}
		})
	}
}

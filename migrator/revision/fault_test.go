package revision

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree returns the files below a folder with their texts, and the folders.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		content := ""
		if !d.IsDir() {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			content = string(text)
		}
		found[name] = content
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// diskOperations are all that change the file system.
var diskOperations = map[string]func(d disk, dir string) error{
	"one pair": func(d disk, dir string) error {
		_, _, err := d.writeOne(dir, pair("n1"), time.Now())
		return err
	},
	"several pairs": func(d disk, dir string) error {
		_, err := d.writeAll(dir, []*Revision{pair("n1"), pair("n2", "n1"), pair("n3", "n2")}, time.Now())
		return err
	},
	"replacement": func(d disk, dir string) error {
		archive := filepath.Join(dir, ".replaced", "n1")
		var moves []Move
		for _, name := range []string{"old1.up.sql", "old1.down.sql", "sub/old2.up.sql"} {
			moves = append(moves, Move{filepath.Join(dir, name), filepath.Join(archive, name)})
		}
		_, _, err := d.replace(dir, pair("n1"), time.Now(), moves)
		return err
	},
	"key": func(d disk, dir string) error {
		return d.setKey(filepath.Join(dir, "old1.up.sql"), "down_revision", "x1")
	},
	"folder": func(d disk, dir string) error {
		created, err := d.mkdirAll(filepath.Join(dir, "a", "b", "c"))
		if err != nil {
			return d.removeAll(created).addTo(err)
		}
		return nil
	},
}

func pair(id string, parents ...string) *Revision {
	return &Revision{ID: id, DownRevision: parents, Up: NewScript("SELECT 1;\n"), Down: NewScript("SELECT 2;\n")}
}

// Whatever operation fails, all is done or nothing: the folder is as it was before. If undoing fails too, the error names
// exactly what is left, with what to do about it.
func TestFailureOfAnyOperationLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, run := range diskOperations {
		for _, links := range []bool{true, false} {
			for _, forever := range []bool{false, true} {
				failures := 0
				for n := 1; failEach(t, name, run, n, links, forever); n++ {
					failures++
				}
				if failures < 2 {
					t.Errorf("%s: only %d operations", name, failures)
				}
			}
		}
	}
}

// failEach lets the nth operation fail, or that and all that follow. It returns false if there are fewer.
func failEach(t *testing.T, name string, run func(disk, string) error, nth int, links, forever bool) bool {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"old1.up.sql", "old1.down.sql", "sub/old2.up.sql"} {
		id, _, _ := strings.Cut(filepath.Base(file), ".")
		if err := os.WriteFile(filepath.Join(dir, file), []byte("-- revision: "+id+"\n-- down_revision:\n\nSELECT 1;\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	count := 0
	failed := ""
	err := run(disk{func(operation, file string) error {
		if operation == "link" && !links {
			return syscall.EPERM
		}
		if count++; count == nth || count > nth && forever {
			if count == nth {
				failed = operation + " " + filepath.Base(file)
			}
			return &fs.PathError{Op: operation, Path: file, Err: syscall.ENOSPC}
		}
		return nil
	}}, dir)
	after := tree(t, dir)
	if count < nth {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return false
	}
	if err == nil {
		return true // a temporary file could not be removed, which Load ignores
	}
	e, ok := errors.AsType[*WriteError](err)
	if !ok || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("%s, %s: %v", name, failed, err)
	}
	if strings.Contains(failed, ".ambix-") && strings.Contains(filepath.Base(e.File), ".ambix-") {
		t.Errorf("%s, %s: it names a temporary file: %v", name, failed, e)
	}
	// Doing what the error says leads back.
	for _, file := range e.Left {
		if !strings.Contains(e.Error(), "remove "+file) {
			t.Errorf("%s is not in: %v", file, e)
		}
		if _, ok := after[file]; !ok {
			t.Errorf("%s, %s: %s does not exist: %v", name, failed, file, e)
		}
		delete(after, file)
	}
	for _, m := range e.Moved {
		if !strings.Contains(e.Error(), "move "+m.To+" back to "+m.From) {
			t.Errorf("%v is not in: %v", m, e)
		}
		after[m.From] = after[m.To]
		delete(after, m.To)
	}
	maps.DeleteFunc(after, func(file, content string) bool {
		_, existed := before[file]
		return strings.HasPrefix(filepath.Base(file), ".ambix-") || forever && !existed && content == "" // empty folders
	})
	if nothing := strings.HasSuffix(e.Error(), "; nothing was written"); nothing != (len(e.Left)+len(e.Moved) == 0) || !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
		t.Errorf("%s, %s (links %v, forever %v): %v\n%s", name, failed, links, forever, e, cmp.Diff(before, after))
	} else if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("%s, %s: %s", name, failed, diff)
	}
	return true
}

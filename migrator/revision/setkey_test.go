package revision_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

func TestSetKeyChangesNothingElse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, text, key, value, want string
	}{
		{"value", "a.up.sql", good + "\nSELECT 1;", "down_revision", "p1", "-- create account\n--\n-- revision: a1\n-- down_revision: p1\n\nSELECT 1;"},
		{
			"every byte stays", "a.up.sql", "\ufeff--  m \r\n--\r\n--revision :a1\r\n--   down_revision:\t  p1,p2\t\r\n\r\n\tSELECT 'ä';\r\n -- down_revision: x\r\n", "down_revision", "p3, p4",
			"\ufeff--  m \r\n--\r\n--revision :a1\r\n--   down_revision:\t  p3, p4\t\r\n\r\n\tSELECT 'ä';\r\n -- down_revision: x\r\n",
		},
		{"to a base", "a.up.sql", "-- revision: a1\n-- down_revision: p1\n", "down_revision", "", "-- revision: a1\n-- down_revision:\n"},
		{"the same", "a.up.sql", good, "revision", "a1", good},
		{"new key", "a.up.sql", good + "\nSELECT 1;", "depends_on", "x, y", good + "-- depends_on: x, y\n\nSELECT 1;"},
		{"new key, CRLF", "a.up.sql", "-- revision: a1\r\n-- down_revision:\r\nSELECT 1;", "lock_timeout", "5s", "-- revision: a1\r\n-- down_revision:\r\n-- lock_timeout: 5s\r\nSELECT 1;"},
		{"new key, no line end", "a.up.sql", "-- revision: a1\n-- down_revision:", "branch_labels", "l", "-- revision: a1\n-- down_revision:\n-- branch_labels: l\n"},
		{"down file without a header", "a.down.sql", "SELECT 1;", "transaction", "off", "-- transaction: off\nSELECT 1;"},
		{"down file with a message", "a.down.sql", "-- undo\n\nSELECT 1;", "revision", "a1", "-- undo\n--\n-- revision: a1\n\nSELECT 1;"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, test.file)
			write(t, file, test.text)
			if err := os.Chmod(file, 0o640); err != nil {
				t.Fatal(err)
			}
			if err := revision.SetKey(file, test.key, test.value); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, read(t, file)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			info, err := os.Stat(file)
			if err != nil || info.Mode() != 0o640 || names(t, dir) != test.file {
				t.Errorf("mode %v, %v; the folder contains %s", info.Mode(), err, names(t, dir))
			}
		})
	}
}

func TestSetKeyRefusesInvalidChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, key, value, want string
	}{
		{"bad value", good, "down_revision", "a-b", ":4:19: down_revision: id \"a-b\": forbidden character '-': only A-Z a-z 0-9 _ and . are allowed"},
		{"no value", good, "revision", "", `:3:4: key "revision" has no value`},
		{"unknown key", good, "down_revison", "x", `unknown key "down_revison": did you mean "down_revision"?`},
		{"two lines", good, "down_revision", "x\n-- transaction: off", `down_revision: "x\n-- transaction: off" has more than one line`},
		{"a file with problems", good + "-- colour: red\n", "down_revision", "x", `:5:4: unknown key "colour": the keys are`},
		{"a file that is not there", "", "down_revision", "x", "no such file or directory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "a.up.sql")
			if test.text != "" {
				write(t, file, test.text)
			}
			err := revision.SetKey(file, test.key, test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant %s", err, test.want)
			}
			if test.text != "" && (read(t, file) != test.text || names(t, dir) != "a.up.sql") {
				t.Errorf("the folder contains %s, the file %q", names(t, dir), read(t, file))
			}
		})
	}
}

func TestSetKeyFollowsLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "real"), good)
	link := filepath.Join(dir, "a.up.sql")
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := revision.SetKey(link, "down_revision", "p1"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	if err != nil || info.Mode().Type() != fs.ModeSymlink || !strings.Contains(read(t, link), "down_revision: p1\n") {
		t.Errorf("%v, %v: %q", info.Mode(), err, read(t, link))
	}
}

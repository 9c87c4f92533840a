package diskdiff

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	folder := func(entries string) fstest.MapFS {
		fsys := fstest.MapFS{}
		for entry := range strings.FieldsSeq(entries) {
			name, text, _ := strings.Cut(entry, "=")
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return fsys
	}
	tests := []struct{ name, embedded, disk, want string }{
		{"equal", "a.up.sql=1 a.down.sql=2", "a.up.sql=1 a.down.sql=2", ""},
		{"no revisions on disk", "a.up.sql=1", "README.md=1", ""},
		{"other and hidden files", "a.up.sql=1", "a.up.sql=1 README.md=1 .b.up.sql=1 .git/c.up.sql=1", ""},
		{"new", "a.up.sql=1", "a.up.sql=1 b.up.sql=1 shop/c.up.sql=1", "2 new: b …"},
		{"new down file", "a.up.sql=1", "a.up.sql=1 a.down.sql=1", "1 changed: a"},
		{"changed", "a.up.sql=1", "a.up.sql=2", "1 changed: a"},
		{"longer", "a.up.sql=1", "a.up.sql=12", "1 changed: a"},
		{"down file is missing", "a.up.sql=1 a.down.sql=1", "a.up.sql=1", "1 changed: a"},
		{"all kinds", "a.up.sql=1 b.up.sql=1", "b.up.sql=2 c.up.sql=1", "1 new: c; 1 changed: b; 1 missing: a"},
	}
	for _, test := range tests {
		if got := Compare(folder(test.embedded), folder(test.disk)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestPathsAreRelativeToTheRepository(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".git/HEAD", "db/sql/a.up.sql", "migrations/b.up.sql", "outside/.keep"} {
		path := filepath.Join(root, "repo", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	repo := filepath.Join(root, "repo")
	for _, c := range []struct {
		dir, file, want string
		environ         []string
	}{
		{"db", "sql/a.up.sql", "db/sql/a.up.sql", nil},
		{"db", filepath.Join(repo, "db/sql/a.up.sql"), "db/sql/a.up.sql", nil},
		{"db", "../migrations/b.up.sql", "migrations/b.up.sql", nil},
		{"db", "migrations/b.up.sql", "migrations/b.up.sql", nil}, // embedded
		{"db", "sql/gone.up.sql", "db/sql/gone.up.sql", nil},
		{"db", "/etc/other.sql", "/etc/other.sql", nil},
		{".", "db/sql/a.up.sql", "db/sql/a.up.sql", nil},
		{"db", "sql/a.up.sql", "repo/db/sql/a.up.sql", []string{"GITHUB_WORKSPACE=" + root}},
		{"db", "sql/a.up.sql", "db/sql/a.up.sql", []string{"GITHUB_WORKSPACE=/elsewhere"}},
	} {
		t.Chdir(filepath.Join(repo, c.dir))
		if got := newRepository(c.environ).path(c.file); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.file, c.dir, got, c.want)
		}
	}
}

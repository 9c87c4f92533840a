package migrator_test

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// onDisk writes the files of a project into a folder.
func onDisk(t *testing.T, p *projecttest.Project) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range p.Files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// diskMigrator returns a migrator of the files in a folder, with scratch databases next to a database.
func diskMigrator(t *testing.T, dir string, like *pgconn.Config) *migrator.Migrator {
	t.Helper()
	like = like.Copy()
	like.DialFunc = (&net.Dialer{}).DialContext // scripts with any names are run there
	m, err := migrator.New(os.DirFS(dir), migrator.Config{Prefix: dir, Scratch: migrator.Scratch{Like: like}, Fingerprint: migrator.FingerprintOff})
	if err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	return m
}

// files returns the names of all files below a folder.
func files(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	old, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, append(old, text...), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSquashIsNotWrittenUnlessProven(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	two := func(up string, header ...string) *projecttest.Project {
		return projecttest.New(t).Add("a1", "", "CREATE TABLE a (id int PRIMARY KEY);", "").Add("b2", "a1", up, "", header...)
	}
	for _, c := range []struct {
		name    string
		project *projecttest.Project
		o       migrator.SquashOptions
		want    string
	}{
		{"rows nobody spoke of", two("INSERT INTO a VALUES (1); CREATE SEQUENCE q; SELECT nextval('q');"), migrator.SquashOptions{}, "table public.a with 1 row and sequence public.q at 1"},
		{"rows in both lists", two("INSERT INTO a VALUES (1);"), migrator.SquashOptions{WithData: []string{"a"}, WithoutData: []string{"*"}}, "table public.a with 1 row"},
		{"a pattern that matches nothing", two("SELECT 1;"), migrator.SquashOptions{WithData: []string{"b"}}, `with-data "b": the replaced revisions make no table and no sequence with such a name`},
		{"rows that a revision above needs", two("INSERT INTO a VALUES (1);").Add("c3", "b2", "CREATE TABLE c (id int NOT NULL);\nINSERT INTO c VALUES ((SELECT id FROM a));", ""), migrator.SquashOptions{Target: "b2", WithoutData: []string{"a"}}, "another one fails that did not fail before, perhaps because rows are left out that it needs: "},
		{"a script that is not written", two("-- TODO: write the SQL that applies the revision\n"), migrator.SquashOptions{}, "the up script is not written yet"},
		{"a script that fails", two("SELECT nothing;"), migrator.SquashOptions{}, `column "nothing" does not exist`},
		{"an extension that the server lacks", two("CREATE EXTENSION no_such_extension;"), migrator.SquashOptions{}, "no_such_extension"},
		{"a role that the server lacks", two("ALTER TABLE a OWNER TO no_such_role;"), migrator.SquashOptions{}, `role "no_such_role" does not exist`},
		{"what cannot be written", two("CREATE VIEW v AS SELECT revision FROM public.ambix_revision;"), migrator.SquashOptions{}, "view public.v uses the tables of the ledger"},
		{"an id that exists", two("SELECT 1;"), migrator.SquashOptions{ID: "a1"}, "revision a1 already exists"},
		{"an unknown target", two("SELECT 1;"), migrator.SquashOptions{Target: "c9"}, `squash c9: no revision or label "c9"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := onDisk(t, c.project)
			before := files(t, dir)
			c.o.Message = "x"
			s, err := diskMigrator(t, dir, cfg).Squash(t.Context(), c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v, %v", s, err)
			}
			if got := files(t, dir); got != before {
				t.Errorf("files: %s", got)
			}
		})
	}
}

// Either everything is written and moved, or nothing.
func TestSquashIsWrittenAllOrNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.Shop(t)
	p.Files["deep/d4.up.sql"] = p.Files["c3.up.sql"]
	delete(p.Files, "c3.up.sql")
	p.Files["deep/d4.down.sql"] = p.Files["c3.down.sql"]
	delete(p.Files, "c3.down.sql")
	for name, spoil := range map[string]func(dir string){
		"a changed file":    func(dir string) { appendTo(t, filepath.Join(dir, "b2.down.sql"), "-- x\n") },
		"a missing file":    func(dir string) { _ = os.Remove(filepath.Join(dir, "a1.down.sql")) },
		"an archive exists": func(dir string) { _ = os.MkdirAll(filepath.Join(dir, ".replaced/s1/b2.up.sql"), 0o777) },
		"no folder":         func(dir string) { _ = os.WriteFile(filepath.Join(dir, ".replaced"), nil, 0o666) },
		"the id is taken":   func(dir string) { _ = os.Rename(filepath.Join(dir, "a1.up.sql"), filepath.Join(dir, "x_s1.up.sql")) },
	} {
		dir := onDisk(t, p)
		s, err := diskMigrator(t, dir, cfg).Squash(t.Context(), migrator.SquashOptions{Message: "x", ID: "s1", WithData: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		spoil(dir)
		before := files(t, dir)
		if _, _, _, err := s.Write(dir, dir); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := files(t, dir); got != before {
			t.Errorf("%s: %s\nwant %s", name, got, before)
		}
	}
	dir := onDisk(t, p)
	s, err := diskMigrator(t, dir, cfg).Squash(t.Context(), migrator.SquashOptions{Message: "x", ID: "s1", WithData: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := s.Write(dir, dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !strings.HasPrefix(got, ".replaced/s1/a1.down.sql .replaced/s1/a1.up.sql .replaced/s1/b2.down.sql .replaced/s1/b2.up.sql .replaced/s1/deep/d4.down.sql .replaced/s1/deep/d4.up.sql ") {
		t.Error(got)
	}
}

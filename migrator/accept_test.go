package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
	"example.com/ambix/migrator/revision"
)

const (
	todoUp   = "\n-- TODO: write the SQL that applies the revision\n"
	todoDown = "\n-- TODO: write the SQL that reverts the revision, or delete this file if it is irreversible\n"
)

// findingsIn returns the findings in files, each as "kind revision file".
func findingsIn(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	f, err := migrator.Load(files, "")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, x := range f.Check() {
		found = append(found, strings.TrimSpace(string(x.Kind)+" "+x.Revision+" "+x.File+" "+x.Accept))
	}
	return strings.Join(found, "\n")
}

func TestCheckHonoursAccept(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const header, accept = "-- revision: a\n-- down_revision:\n", "-- accept: irreversible, destroys account.nickname\n"
	for _, test := range []struct{ name, up, down, want string }{
		{"reversible", header + "\nSELECT 1;", "SELECT 2;", ""},
		{"a down file without SQL", header + "\nSELECT 1;", "-- revision: a\n", ""},
		{"no down file", header + "\nSELECT 1;", "none", "irreversible a a.up.sql"},
		{"no down file, accepted", header + accept + "\nSELECT 1;", "none", ""},
		{"a down file, accepted", header + accept + "\nSELECT 1;", "SELECT 2;", "accept a a.up.sql irreversible"},
		{"nothing written", header + todoUp, "-- revision: a\n" + todoDown, "unwritten a a.up.sql\nunwritten a a.down.sql"},
		{"down not written", header + "\nSELECT 1;", "-- revision: a\n" + todoDown, "unwritten a a.down.sql"},
		{"down not written, accepted", header + accept + "\nSELECT 1;", todoDown, "unwritten a a.down.sql"},
		{"SQL below the line", header + todoUp + "SELECT 1;", todoDown + "SELECT 2;", ""},
		{"the line in a string", header + "\nSELECT '" + todoUp + "';", "SELECT 2;", ""},
		{"an empty up script", header, "", "empty a a.up.sql"},
	} {
		files := fstest.MapFS{"a.up.sql": file(test.up)}
		if test.down != "none" {
			files["a.down.sql"] = file(test.down)
		}
		if diff := cmp.Diff(test.want, findingsIn(t, files)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A new revision is reported until both of its scripts are written, and a merge is not.
func TestCheckReportsSkeletons(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		parents []string
		want    string
	}{{nil, "unwritten a a.up.sql\nunwritten a a.down.sql"}, {[]string{"b", "c"}, "irreversible b b.up.sql\nirreversible c c.up.sql"}} {
		r := &revision.Revision{ID: "a", Message: "new", DownRevision: test.parents}
		r.AddSkeleton()
		up, down := r.Format()
		files := fstest.MapFS{"a.up.sql": {Data: []byte(up)}, "a.down.sql": {Data: []byte(down)}}
		for _, id := range test.parents {
			files[id+".up.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + id + "\n-- down_revision:\n\nSELECT 1;")}
		}
		if diff := cmp.Diff(test.want, findingsIn(t, files)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// A down script that was never written is not run as one that has nothing to do, neither from its file nor from the ledger.
func TestUnwrittenDownScriptIsRefused(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	files := fstest.MapFS{
		"a.up.sql":   {Data: []byte("-- revision: a\n-- down_revision:\n\nCREATE TABLE t ();")},
		"a.down.sql": {Data: []byte("-- revision: a\n" + todoDown)},
	}
	m, err := migrator.New(files, migrator.Config{})
	if err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	if _, err := m.Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	var refused *migrator.RefusedError
	if _, err := m.Down(ctx, projecttest.Config(t, url), "base"); !errors.As(err, &refused) || refused.Reason != migrator.RefusedIrreversible || !strings.Contains(err.Error(), "a.down.sql is not written yet") {
		t.Errorf("down: %v", err)
	}
	if got := pgtest.Value(t, url, "SELECT down_sql IS NULL FROM ambix_revision"); got != "t" {
		t.Error("the ledger has kept the script")
	}
	files["a.down.sql"] = &fstest.MapFile{Data: []byte("DROP TABLE t;")}
	if m, err = migrator.New(files, migrator.Config{}); err != nil {
		t.Fatal(err)
	}
	projecttest.Register(m)
	if _, err := m.Down(ctx, projecttest.Config(t, url), "base"); err != nil {
		t.Errorf("once it is written: %v", err)
	}
}

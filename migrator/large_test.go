package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// largeRows are more than a revision keeps in memory.
func largeRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\trow number %d %s\r\n", i, i, strings.Repeat("ä", 60))
	}
	return b.String()
}

// The rows of a large COPY come from the file while they are sent: the database, the
// places of errors, the checksum and the script are what they would be with all at hand.
func TestRowsThatStayInTheirFile(t *testing.T) {
	t.Parallel()
	const n = 12000
	ctx := context.Background()
	write := func(dir, rows string) {
		t.Helper()
		text := "-- fill\n--\n-- revision: a\n-- down_revision:\n\nCREATE TABLE x (id int PRIMARY KEY, name text);\nCOPY x FROM stdin;\n" + rows + "\\.\nCREATE INDEX x_name ON x (name);\nSELECT * FROM x LIMIT 0;\n"
		if err := os.WriteFile(filepath.Join(dir, "a.up.sql"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.down.sql"), []byte("DROP TABLE x;"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	load := func(dir string) *migrator.Set {
		t.Helper()
		set, err := migrator.New(os.DirFS(dir), migrator.Config{})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}

	dir := t.TempDir()
	write(dir, largeRows(n))
	url := pgtest.Database(t)
	set := load(dir)
	if text := set.Revision("a").Up.Text; strings.Contains(text, "row number") {
		t.Fatalf("%d bytes are held", len(text))
	}
	if _, err := set.Up(ctx, config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || sum(id) || ' ' || max(length(name)) FROM x"); got != fmt.Sprintf("%d %d 77", n, n*(n-1)/2) {
		t.Errorf("rows, sum, length: %s", got)
	}
	if status, err := set.Status(ctx, config(t, url)); err != nil || status.Count(migrator.Applied) != 1 || len(status.Revisions[0].Changes) > 0 {
		t.Errorf("%+v, %v", status, err)
	}

	script, err := set.Script(nil, migrator.Up)
	if err != nil || !strings.Contains(script, fmt.Sprintf("\n%d\trow number", n-1)) {
		t.Errorf("the script has %d bytes, %v", len(script), err)
	}
	scripted := pgtest.Database(t)
	if out, err := psql(t, scripted, script); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	if got, want := pgtest.Value(t, scripted, "SELECT checksum || digest FROM ambix_revision"), pgtest.Value(t, url, "SELECT checksum || digest FROM ambix_revision"); got != want {
		t.Errorf("the script records %s, the run %s", got, want)
	}

	write(dir, largeRows(n/2)+"7\tthe second seven\r\n"+largeRows(n/2))
	_, err = load(dir).Up(ctx, config(t, pgtest.Database(t)))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.SQLState != "23505" || e.Line != 7+n/2+1 || e.Source != "7\tthe second seven" {
		t.Errorf("%v: %+v", err, e)
	}

	changing := load(dir)
	write(dir, largeRows(n))
	unchanged := pgtest.Database(t)
	_, err = changing.Up(ctx, config(t, unchanged))
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "a.up.sql: the file was changed while it was in use") {
		t.Errorf("a file that was changed: %v", err)
	}
	if got := pgtest.Value(t, unchanged, "SELECT to_regclass('x') IS NULL"); got != "t" {
		t.Error("something was kept of a file that was changed")
	}
}

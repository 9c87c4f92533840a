package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A script that stays in its file until it is run does what one in memory does: in one
// transaction, statement by statement, in the script for psql, and where it fails.
func TestLargeScriptsRun(t *testing.T) {
	t.Parallel()
	const n = 12000
	var inserts strings.Builder
	for i := range n {
		fmt.Fprintf(&inserts, "INSERT INTO x VALUES (%d, '%s');\n", i, strings.Repeat("y", 80))
	}
	load := func(header, body string) *migrator.Migrator {
		t.Helper()
		text := "-- revision: a\n-- down_revision:\n" + header + "\nCREATE TABLE x (id int PRIMARY KEY, name text);\n" + body
		set, err := migrator.New(fstest.MapFS{"a.up.sql": {Data: []byte(text)}, "b.up.sql": {Data: []byte("-- revision: b\n-- down_revision: a\n\nSELECT 1;")}}, migrator.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if up := set.Files().Revision("a").Up; up.InMemory() || up.StatementCount() < 2 {
			t.Fatalf("%d bytes are held, %d statements", len(up.Text), up.StatementCount())
		}
		return set
	}
	ctx := context.Background()
	const count = "SELECT count(*) FROM x"

	for _, single := range []bool{false, true} {
		url := pgtest.Database(t)
		set, err := load("", inserts.String()).Files().Migrator(migrator.Config{SingleTransaction: single})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := set.Up(ctx, projecttest.Config(t, url)); err != nil {
			t.Fatal(err)
		}
		if got := pgtest.Value(t, url, count); got != strconv.Itoa(n) {
			t.Errorf("%s rows", got)
		}
		if status, err := set.Status(ctx, projecttest.Config(t, url)); err != nil || status.Count(migrator.Applied) != 2 || len(status.Revisions[0].Changes) > 0 {
			t.Errorf("%+v, %v", status, err)
		}
	}

	script, err := projecttest.Script(load("", inserts.String()), nil, migrator.Up)
	if err != nil || strings.Count(script, "INSERT INTO x") != n {
		t.Errorf("the script has %d bytes, %v", len(script), err)
	}

	url := pgtest.Database(t)
	if _, err := load("-- transaction: off\n", "/* "+strings.Repeat("x", 1<<20)+" */ INSERT INTO public.x VALUES (1);\nINSERT INTO public.x VALUES (2);\n").Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, count); got != "2" {
		t.Errorf("transaction: off: %s rows", got)
	}

	_, err = load("", inserts.String()+"INSERT INTO x VALUES (7);\n").Up(ctx, projecttest.Config(t, pgtest.Database(t)))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.SQLState != "23505" || e.Line != 5+n || e.Source != "INSERT INTO x VALUES (7);" {
		t.Errorf("%v: %+v", err, e)
	}
}

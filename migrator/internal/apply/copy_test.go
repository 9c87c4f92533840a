package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestCopyRowsAreSent(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var rows strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&rows, "%d\trow number %d\n", i, i)
	}
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nCOPY x FROM stdin;\n"+rows.String()+"\\.\nSELECT count(*) FROM x;\n", "DROP TABLE x;").
		Add("b", "a", "COPY x FROM stdin;\n1\ta\nbad\n\\.\nSELECT 1;\n", "").
		Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || e.Line != 8 {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "20000" {
		t.Errorf("%s rows", got)
	}
}

// COPY with notices, errors and lost connections.
func TestCopyFailuresAreReported(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE x (id int, name text);\nCREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row % of many, and a long line to fill the buffers: %', NEW.id, repeat('x', 200); RETURN NEW; END $$;\n" +
		"CREATE TRIGGER talk BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION talk();\n"
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%d\trow number %d %s\n", i, i, strings.Repeat("y", 100))
		}
		return b.String()
	}
	t.Run("notices", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		notices := 0
		m := projecttest.New(t).Add("a", "", table+"COPY x FROM stdin;\n"+rows(10000)+"\\.\n", "").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok {
				notices++
				if n.Line != 9 {
					t.Errorf("line %d", n.Line)
				}
			}
		}})
		if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil || notices != 10000 {
			t.Errorf("%d notices, %v", notices, err)
		}
	})
	t.Run("error and notices", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		m := projecttest.New(t).Add("a", "", table+"COPY x FROM stdin;\n"+rows(2000)+"not a number\tx\n"+rows(20000)+"\\.\n", "").Migrator(migrator.Config{})
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "22P02" || e.Line != 2010 || e.Source != "not a number\tx" {
			t.Errorf("%v", err)
		}
	})
	t.Run("rows for a missing table", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		m := projecttest.New(t).Add("a", "", "CREATE TABLE y (id int);\nCOPY nowhere FROM stdin;\n"+rows(10)+"\\.\n", "").Migrator(migrator.Config{})
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "42P01" || e.Line != 7 {
			t.Errorf("%v", err)
		}
	})
	for _, action := range []pgtest.Action{pgtest.Cut, pgtest.Reset, pgtest.HalfClose} {
		t.Run(fmt.Sprintf("cut %d", action), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "row number 9000", Action: action})
			m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int, name text);\nCOPY x FROM stdin;\n"+rows(20000)+"\\.\n", "").Migrator(migrator.Config{})
			r, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
			if err != nil || projecttest.Steps(r) != "up a" {
				t.Fatalf("%+v, %v", r, err)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "20000" {
				t.Errorf("%s rows", got)
			}
		})
	}
	t.Run("terminated", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 1000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); END IF; RETURN NEW; END $$")
		m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int, name text); CREATE TRIGGER leave BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION leave();\nCOPY x FROM stdin;\n"+rows(60000)+"\\.\n", "").Migrator(migrator.Config{})
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		var lost *pg.LostError
		if !errors.As(err, &lost) || pg.ServerError(err) == nil || pg.ServerError(err).Code != "57P01" {
			t.Errorf("the error of the server is lost: %v", err)
		}
	})
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		ctx, cancel := context.WithCancel(context.Background())
		m := projecttest.New(t).Add("a", "", table+"COPY x FROM stdin;\n"+rows(60000)+"\\.\n", "").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok && strings.HasPrefix(n.Text, "row 100 ") {
				cancel()
			}
		}})
		_, err := m.Up(ctx, projecttest.Config(t, url))
		var interrupted *migrator.InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Revision != "a" {
			t.Errorf("%v", err)
		}
	})
}

// largeRows returns n rows; thousands are more than a revision keeps in memory.
func largeRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d\trow number %d %s\r\n", i, i, strings.Repeat("ä", 60))
	}
	return b.String()
}

// The rows of a large COPY are read from the file while they are sent. Data, positions of
// errors, checksums and scripts are the same as with the whole file in memory.
func TestLargeCopyIsStreamed(t *testing.T) {
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
	load := func(dir string) *migrator.Migrator {
		t.Helper()
		m, err := migrator.New(os.DirFS(dir), migrator.Config{})
		if err != nil {
			t.Fatal(err)
		}
		projecttest.Register(m)
		return m
	}

	dir := t.TempDir()
	write(dir, largeRows(n))
	url := pgtest.Database(t)
	m := load(dir)
	if text := m.Files().Revision("a").Up.Text; strings.Contains(text, "row number") {
		t.Fatalf("%d bytes are in memory", len(text))
	}
	if _, err := m.Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || sum(id) || ' ' || max(length(name)) FROM x"); got != fmt.Sprintf("%d %d 77", n, n*(n-1)/2) {
		t.Errorf("rows, sum, length: %s", got)
	}
	if status, err := m.Status(ctx, projecttest.Config(t, url)); err != nil || status.Count(migrator.Applied) != 1 || len(status.Revisions[0].Changes) > 0 {
		t.Errorf("%+v, %v", status, err)
	}

	script, err := projecttest.Script(m, nil, migrator.Up)
	if err != nil || !strings.Contains(script, fmt.Sprintf("\n%d\trow number", n-1)) {
		t.Errorf("the script has %d bytes, %v", len(script), err)
	}
	scripted := pgtest.Database(t)
	if out, err := projecttest.Psql(t, scripted, script); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	if got, want := pgtest.Value(t, scripted, "SELECT checksum || digest FROM ambix_revision"), pgtest.Value(t, url, "SELECT checksum || digest FROM ambix_revision"); got != want {
		t.Errorf("the script records %s, the run %s", got, want)
	}

	write(dir, largeRows(n/2)+"7\tthe second seven\r\n"+largeRows(n/2))
	_, err = load(dir).Up(ctx, projecttest.Config(t, pgtest.Database(t)))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.SQLState != "23505" || e.Line != 7+n/2+1 || e.Source != "7\tthe second seven" {
		t.Errorf("%v: %+v", err, e)
	}

	changing := load(dir)
	write(dir, largeRows(n))
	unchanged := pgtest.Database(t)
	_, err = changing.Up(ctx, projecttest.Config(t, unchanged))
	if !errors.As(err, &e) || e.Cause != migrator.CauseFileUnreadable || !strings.Contains(err.Error(), "a.up.sql: upgrade a (fill): the file was changed while it was in use") {
		t.Errorf("a file that was modified: %v", err)
	}
	if got := pgtest.Value(t, unchanged, "SELECT to_regclass('x') IS NULL"); got != "t" {
		t.Error("the revision with a modified file was not rolled back")
	}
}

// A psql of August 2026 or later takes a statement that begins with no word for the COPY before it, and skips what follows it.
func TestScriptGoesOnAfterRows(t *testing.T) {
	t.Parallel()
	m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nCOPY x FROM stdin;\n1\n\\.\n(SELECT id FROM x);\nINSERT INTO x VALUES (2);", "").Migrator(migrator.Config{})
	script, err := projecttest.Script(m, nil, migrator.Up)
	if err != nil || !strings.Contains(script, "\\.\nSAVEPOINT ambix;\nRELEASE SAVEPOINT ambix;\n(SELECT") {
		t.Fatalf("%v\n%s", err, script)
	}
	url := pgtest.Database(t)
	if out, err := projecttest.Psql(t, url, script); err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	if got := pgtest.Value(t, url, "SELECT (SELECT sum(id) FROM x) || ' ' || (SELECT string_agg(revision, ' ') FROM ambix_revision)"); got != "3 a" {
		t.Errorf("the rows and revisions: %s", got)
	}
}

package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

const off = "transaction: off"

func TestOutsideATransaction(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).
		add("a", "", "CREATE TABLE x (id int, name text);\nCREATE TYPE mood AS ENUM ('sad');", "DROP TABLE x; DROP TYPE mood;").
		add("b", "a", `SET lock_timeout = '1s';
ALTER TYPE mood ADD VALUE 'ok';
INSERT INTO x SELECT g, 'n' FROM generate_series(1, 1000) g;
COPY x FROM stdin;
2000	from copy
\.
CREATE INDEX CONCURRENTLY x_id ON x (id);
VACUUM x;
CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO x VALUES (3000); COMMIT; INSERT INTO x VALUES (3001); COMMIT; END $$;
CALL twice();
`, "DROP INDEX x_id;\nDROP PROCEDURE twice();\nDELETE FROM x;", off).
		set(migrator.Config{})
	// The header of a down file is its own.
	ctx, cfg := context.Background(), config(t, url)
	r, err := set.Up(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if steps(r) != "up a, up b" || r.Steps[1].Transactional {
		t.Errorf("%+v", r)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "1003" {
		t.Errorf("%s rows", got)
	}
	if got := pgtest.Value(t, url, "SELECT state || ' ' || statements_done || ' ' || (checksum LIKE 'v1:%') FROM ambix_revision WHERE revision = 'b'"); got != "applied 8 true" {
		t.Errorf("the row: %s", got)
	}
	st, err := set.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Applied) != 2 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if got := locks(t, url); got != "0" {
		t.Errorf("%s advisory locks are left", got)
	}
}

func locks(t testing.TB, url string) string {
	t.Helper()
	return pgtest.Value(t, url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
}

func TestOutsideResumes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := newProject(t).
		add("a", "", "CREATE TABLE x (id int); INSERT INTO x VALUES (1), (1);", "DROP TABLE x;").
		add("b", "a", "CREATE TABLE once (id int);\nSET search_path TO public;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS x_id ON x (id);\nINSERT INTO once VALUES (1);", "DROP TABLE once; DROP INDEX x_id;", off)
	set := p.set(migrator.Config{})
	ctx, cfg := context.Background(), config(t, url)
	_, err := set.Up(ctx, cfg)
	var e *migrator.RevisionError
	if !errors.As(err, &e) || !e.Outside || e.Done != 2 || !strings.Contains(e.Hint, "invalid index: public.x_id") {
		t.Fatalf("%v, %+v", err, e)
	}
	st, err := set.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Unfinished) != 1 {
		t.Errorf("status: %+v, %v", st, err)
	}
	_, err = set.Down(ctx, cfg, "base")
	if err == nil || !strings.Contains(err.Error(), "finish it with `up b`") {
		t.Errorf("down past it: %v", err)
	}
	pgtest.Exec(t, url, "DELETE FROM x WHERE ctid = (SELECT min(ctid) FROM x)")
	var repaired []string
	again := p.set(migrator.Config{OnEvent: func(e migrator.Event) {
		if r, ok := e.(apply.Repaired); ok {
			repaired = append(repaired, r.Statement)
		}
	}})
	r, err := again.Up(ctx, cfg)
	if err != nil || steps(r) != "up b" {
		t.Fatalf("%+v, %v", r, err)
	}
	if strings.Join(repaired, ";") != "DROP INDEX CONCURRENTLY public.x_id" {
		t.Errorf("repaired: %v", repaired)
	}
	if got := pgtest.Value(t, url, "SELECT indisvalid || ' ' || (SELECT count(*) FROM once) FROM pg_index WHERE indexrelid = 'x_id'::regclass"); got != "true 1" {
		t.Errorf("valid, rows: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"); got != "up a, failed b, up b" {
		t.Errorf("events: %s", got)
	}
}

func TestOutsideKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := newProject(t).
		add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		add("b", "a", "CREATE TABLE once (id int);\nSELECT pg_sleep(30);\nINSERT INTO once VALUES (1);", "DROP TABLE once;", off)
	set := p.set(migrator.Config{})
	cfg := config(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := set.Up(ctx, cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	cancel()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "what it had finished stays (1 statement)") {
		t.Fatalf("%v", err)
	}
	if got := locks(t, url); got != "0" {
		t.Errorf("%s advisory locks are left", got)
	}
	// The finished statement is gone from the file: nobody may guess.
	edited := newProject(t).
		add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		add("b", "a", "CREATE TABLE other (id int);\nSELECT 1;\nINSERT INTO once VALUES (1);", "DROP TABLE once;", off).
		set(migrator.Config{})
	var changed *apply.EditedError
	if _, err := edited.Up(context.Background(), cfg); !errors.As(err, &changed) || changed.Done != 1 {
		t.Errorf("an edited file: %v", err)
	}
	// What is not finished may be mended.
	mended := newProject(t).
		add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		add("b", "a", "CREATE TABLE once (id int);\nSELECT 1;\nINSERT INTO once VALUES (1);", "DROP TABLE once;", off).
		set(migrator.Config{})
	if _, err := mended.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM once"); got != "1" {
		t.Errorf("%s rows", got)
	}
}

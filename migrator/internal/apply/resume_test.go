package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestNonTransactionalRevisionResumes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int); INSERT INTO x VALUES (1), (1);", "DROP TABLE x;").
		Add("b", "a", "CREATE TABLE once (id int);\nSET search_path TO public;\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS x_id ON x (id);\nINSERT INTO once VALUES (1);", "DROP TABLE once; DROP INDEX x_id;", projecttest.NonTransactional)
	m := p.Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	_, err := m.Up(ctx, cfg)
	var e *migrator.RevisionError
	if !errors.As(err, &e) || !e.NonTransactional || e.StatementsDone != 2 || !strings.Contains(e.Hint, "invalid index: public.x_id") {
		t.Fatalf("%v, %+v", err, e)
	}
	st, err := m.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Unfinished) != 1 {
		t.Errorf("status: %+v, %v", st, err)
	}
	_, err = m.Down(ctx, cfg, "base")
	var unfinished *migrator.RefusedError
	if !errors.As(err, &unfinished) || strings.Join(unfinished.Finish, " ") != "up b" {
		t.Errorf("down from it: %v", err)
	}
	pgtest.Exec(t, url, "DELETE FROM x WHERE ctid = (SELECT min(ctid) FROM x)")
	var repaired []string
	again := p.Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if r, ok := e.(migrator.Repaired); ok {
			repaired = append(repaired, r.Statement)
		}
	}})
	r, err := again.Up(ctx, cfg)
	if err != nil || projecttest.Steps(r) != "up b" {
		t.Fatalf("%+v, %v", r, err)
	}
	if strings.Join(repaired, ";") != "DROP INDEX CONCURRENTLY IF EXISTS public.x_id" {
		t.Errorf("repaired: %v", repaired)
	}
	if got := pgtest.Value(t, url, "SELECT indisvalid || ' ' || (SELECT count(*) FROM once) FROM pg_index WHERE indexrelid = 'x_id'::regclass"); got != "true 1" {
		t.Errorf("valid, rows: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"); got != "up a, failed b, up b" {
		t.Errorf("events: %s", got)
	}
}

func TestResumeNeedsUnmodifiedDoneStatements(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		Add("b", "a", "CREATE TABLE once (id int);\nSELECT pg_sleep(30);\nINSERT INTO once VALUES (1);", "DROP TABLE once;", projecttest.NonTransactional)
	m := p.Migrator(migrator.Config{})
	cfg := projecttest.Config(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { _, err := m.Up(ctx, cfg); done <- err }()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	cancel()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "was canceled after 1 statement; the next run continues there") {
		t.Fatalf("%v", err)
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
	// The statement that is done is not in the file any more.
	modified := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		Add("b", "a", "CREATE TABLE other (id int);\nSELECT 1;\nINSERT INTO once VALUES (1);", "DROP TABLE once;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	var refused *migrator.RefusedError
	if _, err := modified.Up(context.Background(), cfg); !errors.As(err, &refused) || refused.StatementsDone != 1 {
		t.Errorf("a modified file: %v", err)
	}
	// Statements that are not done may be corrected.
	corrected := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int); INSERT INTO x SELECT generate_series(1, 1000);", "DROP TABLE x;").
		Add("b", "a", "CREATE TABLE once (id int);\nSELECT 1;\nINSERT INTO once VALUES (1);", "DROP TABLE once;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	if _, err := corrected.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM once"); got != "1" {
		t.Errorf("%s rows", got)
	}
}

func TestResumeNeedsUnmodifiedHeader(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	up := "CREATE TABLE x (id int);\nSELECT nix;"
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := projecttest.New(t).Add("a", "", up, "", projecttest.NonTransactional).Migrator(migrator.Config{}).Up(ctx, cfg); err == nil {
		t.Fatal("no error")
	}
	_, err := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nSELECT 1;", "").Migrator(migrator.Config{}).Up(ctx, cfg)
	var e *migrator.RefusedError
	if !errors.As(err, &e) || e.Reason != migrator.RefusedFileModified || !strings.Contains(err.Error(), "no longer contains `transaction: off`") {
		t.Fatalf("%v", err)
	}
	if _, err := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nSELECT 1;", "", projecttest.NonTransactional).Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Errorf("with the line restored: %v", err)
	}
}

// A run that resumes repeats the settings of the statements that are done, and nothing else.
func TestResumeRepeatsSettingsOnly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	up := `CREATE TABLE once (n int);
CREATE SCHEMA s;
SET search_path TO s, public;
SELECT pg_catalog.set_config('work_mem', '5MB', false);
WITH i AS (INSERT INTO once VALUES (1)) SELECT set_config('my.setting', 'x', false);
SELECT set_config('my.other', nextval('once_seq')::text, false);
SELECT 1 / (SELECT count(*) FROM gate);
INSERT INTO once VALUES (CASE WHEN current_setting('search_path') = 's, public' AND current_setting('work_mem') = '5MB' THEN 2 END);`
	pgtest.Exec(t, url, "CREATE TABLE gate (id int); CREATE SEQUENCE once_seq")
	m := projecttest.New(t).Add("a", "", up, "", projecttest.NonTransactional).Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	for range 2 {
		_, err := m.Up(ctx, cfg)
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.StatementsDone != 6 || e.SQLState != "22012" {
			t.Fatalf("%v", err)
		}
	}
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
	if _, err := m.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) || ', ' || (SELECT last_value FROM once_seq) FROM once"); got != "1 2, 1" {
		t.Errorf("rows, sequence: %s", got)
	}
}

// A plan is made again if another runner continued the revision since, and failed: nothing
// runs twice.
func TestStalePlanIsNotResumed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE gate (n int); CREATE TABLE once (n int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO once VALUES (3); COMMIT; END $$")
	const gate = "SELECT 1 / (SELECT count(*) FROM gate WHERE n = %d);\n"
	m := projecttest.New(t).Add("a", "", "INSERT INTO once VALUES (1);\n"+fmt.Sprintf(gate, 1)+"INSERT INTO once VALUES (2);\nCALL work();\n"+fmt.Sprintf(gate, 2)+"INSERT INTO once VALUES (4);", "", projecttest.NonTransactional).Migrator(migrator.Config{})
	ctx := context.Background()
	if _, err := m.Up(ctx, projecttest.Config(t, url)); err == nil {
		t.Fatal("the gate is open")
	}
	proxy := pgtest.NewProxy(t, url)
	stalled := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "pg_try_advisory_lock", Before: true, Action: pgtest.Stall})
	done := make(chan error, 1)
	slow := projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(ctx, slow); done <- err }()
	<-stalled
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
	var e *migrator.RevisionError
	if _, err := m.Up(ctx, projecttest.Config(t, url)); !errors.As(err, &e) || e.StatementsDone != 4 {
		t.Fatalf("the other runner: %v", err)
	}
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (2)")
	proxy.Clear()
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2 3 4" {
		t.Errorf("rows: %s", got)
	}
}

// A down script resumes like an up script, even one that only the ledger has.
func TestNonTransactionalDownScriptResumes(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{false, true} {
		url := pgtest.Database(t)
		ctx, cfg := context.Background(), projecttest.Config(t, url)
		p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int); CREATE TABLE gate (id int); CREATE TABLE once (n int);", "DROP TABLE x, gate, once;")
		base := p.Migrator(migrator.Config{})
		p.Add("b", "a", "CREATE INDEX CONCURRENTLY x_id ON x (id);", "", projecttest.NonTransactional)
		p.Files["b.down.sql"].Data = []byte("-- revision: b\n-- transaction: off\n\nINSERT INTO once VALUES (1);\nDROP INDEX CONCURRENTLY x_id;\nSELECT 1 / (SELECT count(*) FROM gate);\nINSERT INTO once VALUES (2);\n")
		m := p.Migrator(migrator.Config{})
		if _, err := m.Up(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		if stored {
			m = base
		}
		_, err := m.To(ctx, cfg, "a")
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.StatementsDone != 2 || stored != strings.HasPrefix(e.File, "ledger:") {
			t.Fatalf("%v", err)
		}
		if got := pgtest.Value(t, url, "SELECT state || ' ' || statements_done FROM ambix_revision WHERE revision = 'b'"); got != "reverting 2" {
			t.Errorf("the row: %s", got)
		}
		pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
		if r, err := m.To(ctx, cfg, "a"); err != nil || projecttest.Steps(r) != "down b" {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2" {
			t.Errorf("rows: %s", got)
		}
	}
}

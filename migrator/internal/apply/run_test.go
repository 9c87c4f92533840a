package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestRevisionsAreAppliedAndReverted(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m, cfg := projecttest.Shop(t).Migrator(migrator.Config{}), projecttest.Config(t, url)
	ctx := context.Background()

	r, err := m.Up(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := projecttest.Steps(r); got != "up a1, up b2, up c3" || !cmp.Equal(r.To, []string{"c3"}) || len(r.From) != 0 {
		t.Errorf("the first run: %s, from %v to %v", got, r.From, r.To)
	}
	if got := pgtest.Value(t, url, "SELECT length(name) FROM account"); got != "2" {
		t.Errorf("length('é;') = %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision || ' ' || state || ' ' || statements_done, ', ' ORDER BY revision) FROM ambix_revision"); got != "a1 applied 1, b2 applied 1, c3 applied 2" {
		t.Errorf("the rows: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT generation FROM ambix_meta"); got != "3" {
		t.Errorf("generation %s after three revisions", got)
	}

	r, err = m.Up(ctx, cfg)
	if err != nil || len(r.Steps) != 0 || !cmp.Equal(r.To, []string{"c3"}) {
		t.Errorf("nothing to do: %+v, %v", r, err)
	}

	r, err = m.Down(ctx, cfg, "-2")
	if err != nil || projecttest.Steps(r) != "down c3, down b2" || !cmp.Equal(r.To, []string{"a1"}) {
		t.Errorf("down -2: %+v, %v", r, err)
	}
	r, err = m.To(ctx, cfg, "b2")
	if err != nil || projecttest.Steps(r) != "up b2" {
		t.Errorf("to b2: %+v, %v", r, err)
	}
	r, err = m.Down(ctx, cfg, "base")
	if err != nil || projecttest.Steps(r) != "down b2, down a1" || len(r.To) != 0 {
		t.Errorf("down base: %+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'account'"); got != "0" {
		t.Error("the table still exists")
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"); got !=
		"up a1, up b2, up c3, down c3, down b2, up b2, down b2, down a1" {
		t.Errorf("the events: %s", got)
	}
}

func TestFailedRevisionIsRolledBack(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Add("d4", "c3", "CREATE TABLE kept (id int);\n\n-- é\nSELECT 'ü', nix\n  FROM account;\n", "").Migrator(migrator.Config{Prefix: "sql"})
	r, err := m.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) {
		t.Fatalf("%v", err)
	}
	if want := `sql/d4.up.sql:9:13: upgrade d4 (add d4): column "nix" does not exist (42703)`; err.Error() != want {
		t.Errorf("have %s\nwant %s", err, want)
	}
	if want := "    9 | SELECT 'ü', nix\n      |             ^\n"; e.Excerpt() != want {
		t.Errorf("have\n%s\nwant\n%s", e.Excerpt(), want)
	}
	if got := projecttest.Steps(r); got != "up a1, up b2, up c3" || !cmp.Equal(r.To, []string{"c3"}) {
		t.Errorf("the report: %s, to %v", got, r.To)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'kept'"); got != "0" {
		t.Error("a table of the failed revision exists")
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision || ' ' || direction FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "failed d4 up" {
		t.Errorf("the last event: %s", got)
	}
}

func TestCanceledRevisionIsRolledBack(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "").Add("b", "a", "SELECT pg_sleep(60);", "").Migrator(migrator.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := projecttest.Config(t, url)
	go func() { _, err := m.Up(ctx, cfg); done <- err }()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	cancel()
	err := <-done
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "upgrade b (add b) was canceled and rolled back") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "interrupted b" {
		t.Errorf("the last event: %s", got)
	}
}

func TestStoppedServerIsReported(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	m := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "").Add("b", "a", "SELECT pg_sleep(60);", "").Migrator(migrator.Config{FlushEvery: true})
	cfg := projecttest.Config(t, url)
	done := make(chan error, 1)
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	server.Stop(t, pgtest.Immediate)
	err := <-done
	if err == nil || !strings.Contains(err.Error(), "during the upgrade of b (add b)") {
		t.Errorf("%v", err)
	}
	server.Start(t)
	// Both were in a batch that was never answered: a may be applied or not, and the next
	// run finishes.
	quick := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "").Add("b", "a", "SELECT 1;", "").Migrator(migrator.Config{})
	if _, err := quick.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision"); got != "a b" {
		t.Errorf("applied: %s", got)
	}
}

func TestDownScriptOfFileIsPreferred(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "DROP TABLE a;").Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	fixed := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "ALTER TABLE a RENAME TO kept;").Migrator(migrator.Config{})
	if _, err := fixed.Down(ctx, cfg, "base"); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT 'kept'::regclass || ' ' || detail FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "kept ran the down script of the file, which differs from the one in the ledger" {
		t.Error(got)
	}
}

func TestSingleTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.Shop(t)
	m := p.Migrator(migrator.Config{SingleTransaction: true})
	bad := projecttest.Shop(t).Add("d4", "c3", "SELECT nix;", "").Migrator(migrator.Config{SingleTransaction: true})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if r, err := bad.Up(ctx, cfg); err == nil || len(r.Steps) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'account'"); got != "0" {
		t.Error("a part of the run was committed")
	}
	r, err := m.Up(ctx, cfg)
	if err != nil || projecttest.Steps(r) != "up a1, up b2, up c3" {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(DISTINCT xmin::text) || ' ' || count(*) FROM ambix_revision"); got != "1 3" {
		t.Errorf("transactions, rows: %s", got)
	}
}

// The application name shows the step and the process, even with the longest id.
func TestApplicationNameIdentifiesRunner(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"b", strings.Repeat("long.id_", 8)} {
		url := pgtest.Database(t)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		m, cfg := projecttest.New(t).Add(id, "", "SELECT pg_sleep(60);", "").Migrator(migrator.Config{}), projecttest.Config(t, url)
		go func() { _, err := m.Up(ctx, cfg); done <- err }()
		projecttest.Await(t, url, projecttest.Sleeping, "1")
		got := pgtest.Value(t, url, "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix up %'")
		cancel()
		<-done
		from := fmt.Sprintf(" %s/%d", host, os.Getpid())
		if len(from) < 40 && (!strings.HasPrefix(got, "ambix up "+id[:1]) || !strings.Contains(got, from)) {
			t.Errorf("%q", got)
		}
	}
}

// Statements of every kind in one body: each counts once, and each notice has the line of
// its statement.
func TestEveryStatementIsCountedOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	body := []string{
		"CREATE TABLE x (id int)", "CREATE TABLE y (id int)", "CREATE RULE r AS ON INSERT TO x DO ALSO (INSERT INTO y VALUES (NEW.id); INSERT INTO y VALUES (NEW.id + 1))", "INSERT INTO x VALUES (1)",
		"EXPLAIN ANALYZE SELECT * FROM x", "SHOW work_mem", "COPY x TO STDOUT", "DO $$ BEGIN RAISE NOTICE 'here'; END $$", "VALUES (1), (2)", "TABLE x", "DECLARE c CURSOR FOR SELECT 1", "FETCH ALL FROM c", "MOVE c", "CLOSE c",
		"PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "NOTIFY x", "LOCK x", "WITH w AS (INSERT INTO y VALUES (2) RETURNING id) SELECT * FROM w", "SELECT", "CREATE RULE q AS ON DELETE TO x DO INSTEAD NOTHING", "DELETE FROM x",
		"MOVE 0 IN d", "DROP TABLE IF EXISTS nowhere", "ANALYZE x", "COMMENT ON TABLE x IS 'x'", "CREATE VIEW v AS SELECT 1 AS one", "SELECT * INTO z FROM x", "CREATE TABLE w AS SELECT * FROM x", "REINDEX TABLE x", "SELECT 1 WHERE false", "SET CONSTRAINTS ALL DEFERRED", "UPDATE x SET id = 3", "TRUNCATE y", "CHECKPOINT",
	}
	body[26] = "DECLARE d CURSOR FOR SELECT 1"
	lines := map[int]string{}
	m := projecttest.New(t).Add("a", "", ";;\n"+strings.Join(body, ";\n")+";;\n/* only a comment */;\n", "").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if n, ok := e.(migrator.Notice); ok {
			lines[n.Line] = n.Text
		}
	}})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT statements_done FROM ambix_revision"); got != strconv.Itoa(len(body)) {
		t.Errorf("%s statements, want %d", got, len(body))
	}
	if lines[14] != "here" || lines[34] != `table "nowhere" does not exist, skipping` || lines[40] != `table "x" has no indexes to reindex` || len(lines) != 3 {
		t.Errorf("%v", lines)
	}
}

package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// project is a set of files in the making.
type project struct {
	t     testing.TB
	files fstest.MapFS
}

func newProject(t testing.TB) *project { return &project{t, fstest.MapFS{}} }

// add writes a pair: parents and further header lines are given as "key: value".
func (p *project) add(id, parents, up, down string, header ...string) *project {
	head := fmt.Sprintf("-- add %s\n--\n-- revision: %s\n-- down_revision: %s\n", id, id, parents)
	for _, h := range header {
		head += "-- " + h + "\n"
	}
	p.files[id+".up.sql"] = &fstest.MapFile{Data: []byte(head + "\n" + up)}
	if down != "-" {
		p.files[id+".down.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + id + "\n\n" + down)}
	}
	return p
}

func (p *project) set(c migrator.Config) *migrator.Set {
	p.t.Helper()
	set, err := migrator.New(p.files, c)
	if err != nil {
		p.t.Fatal(err)
	}
	return set
}

func config(t testing.TB, url string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func steps(r *migrator.Report) string {
	var s []string
	for _, step := range r.Steps {
		s = append(s, string(step.Direction)+" "+step.Revision)
	}
	return strings.Join(s, ", ")
}

func shop(t testing.TB) *project {
	return newProject(t).
		add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;").
		add("b2", "a1", "ALTER TABLE account ADD email text;", "ALTER TABLE account DROP email;").
		add("c3", "b2", "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;\nINSERT INTO account VALUES (1, 'é;');", "DELETE FROM account; DROP FUNCTION one();")
}

func TestUpAndDown(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set, cfg := shop(t).set(migrator.Config{}), config(t, url)
	ctx := context.Background()

	r, err := set.Up(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := steps(r); got != "up a1, up b2, up c3" || !cmp.Equal(r.To, []string{"c3"}) || len(r.From) != 0 {
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

	r, err = set.Up(ctx, cfg)
	if err != nil || len(r.Steps) != 0 || !cmp.Equal(r.To, []string{"c3"}) {
		t.Errorf("nothing to do: %+v, %v", r, err)
	}

	r, err = set.Down(ctx, cfg, "-2")
	if err != nil || steps(r) != "down c3, down b2" || !cmp.Equal(r.To, []string{"a1"}) {
		t.Errorf("down -2: %+v, %v", r, err)
	}
	r, err = set.To(ctx, cfg, "b2")
	if err != nil || steps(r) != "up b2" {
		t.Errorf("to b2: %+v, %v", r, err)
	}
	r, err = set.Down(ctx, cfg, "base")
	if err != nil || steps(r) != "down b2, down a1" || len(r.To) != 0 {
		t.Errorf("down base: %+v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'account'"); got != "0" {
		t.Error("the table is still there")
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"); got !=
		"up a1, up b2, up c3, down c3, down b2, up b2, down b2, down a1" {
		t.Errorf("the events: %s", got)
	}
}

func TestFailingRevision(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).add("d4", "c3", "CREATE TABLE kept (id int);\n\n-- é\nSELECT 'ü', nix\n  FROM account;\n", "").set(migrator.Config{Prefix: "sql"})
	r, err := set.Up(context.Background(), config(t, url))
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
	if got := steps(r); got != "up a1, up b2, up c3" || !cmp.Equal(r.To, []string{"c3"}) {
		t.Errorf("the report: %s, to %v", got, r.To)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'kept'"); got != "0" {
		t.Error("a table of the failed revision is there")
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision || ' ' || direction FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "failed d4 up" {
		t.Errorf("the last event: %s", got)
	}
}

func TestManyRunners(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := newProject(t)
	parent := ""
	const revisions, runners = 20, 8
	for i := range revisions {
		id := fmt.Sprintf("r%02d", i)
		p.add(id, parent, fmt.Sprintf("CREATE TABLE t%d (id int);", i), fmt.Sprintf("DROP TABLE t%d;", i))
		parent = id
	}
	var wg sync.WaitGroup
	reports := make([]*migrator.Report, runners)
	errs := make([]error, runners)
	for i := range runners {
		set, cfg := p.set(migrator.Config{}), config(t, url)
		wg.Go(func() { reports[i], errs[i] = set.Up(context.Background(), cfg) })
	}
	wg.Wait()
	total := 0
	for i := range runners {
		if errs[i] != nil {
			t.Errorf("runner %d: %v", i, errs[i])
			continue
		}
		total += len(reports[i].Steps)
		if len(reports[i].Steps)+len(reports[i].Others) > revisions || !cmp.Equal(reports[i].To, []string{parent}) {
			t.Errorf("runner %d: %d steps, %d of others, at %v", i, len(reports[i].Steps), len(reports[i].Others), reports[i].To)
		}
	}
	if total != revisions {
		t.Errorf("the reports hold %d steps", total)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "20 20" {
		t.Errorf("events, and revisions in them: %s", got)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"); got != "0" {
		t.Errorf("%s advisory locks are left", got)
	}
}

func TestRelativeStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).set(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		cfg := config(t, url)
		wg.Go(func() { _, errs[i] = set.Up(context.Background(), cfg, "a1") })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ') FROM ambix_revision"); got != "a1" {
		t.Errorf("applied: %s", got)
	}
}

func TestHygiene(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).
		add("a", "", `CREATE SCHEMA other; SET search_path TO other; CREATE TEMP TABLE account (id int); PREPARE p AS SELECT 1;
LISTEN x; SELECT pg_advisory_lock(42); SET statement_timeout = 12345; SET lock_timeout = 1; SET client_min_messages = error; SET row_security = off;
DECLARE c CURSOR WITH HOLD FOR SELECT 1; SET default_transaction_read_only = on;
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);
SELECT set_config('search_path', '', false);`, "DROP SCHEMA other CASCADE;").
		add("b", "a", `CREATE TABLE account (id int); PREPARE p AS SELECT 1; SELECT pg_sleep(0.05);
DO $$ BEGIN IF current_setting('search_path') = '' OR current_setting('statement_timeout') <> '0' OR current_setting('lock_timeout') <> '5s' OR (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42) > 0 OR (SELECT count(*) FROM pg_cursors) > 0 THEN RAISE 'left over'; END IF; END $$;`, "DROP TABLE account;").
		set(migrator.Config{})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT 'public.account'::regclass::oid > 0"); got != "t" {
		t.Error("the table went elsewhere")
	}
}

func TestBodyThatDropsTheLedger(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).
		add("a", "", "CREATE TABLE kept (id int);", "").
		add("b", "a", "DROP SCHEMA public CASCADE; CREATE SCHEMA public;", "").
		set(migrator.Config{})
	_, err := set.Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || !strings.Contains(e.Text, "removed the ledger") {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ') FROM ambix_revision"); got != "a" {
		t.Errorf("applied: %s", got)
	}
}

func TestCopyInsideARevision(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var rows strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&rows, "%d\trow number %d\n", i, i)
	}
	set := newProject(t).
		add("a", "", "CREATE TABLE x (id int, name text);\nCOPY x FROM stdin;\n"+rows.String()+"\\.\nSELECT count(*) FROM x;\n", "DROP TABLE x;").
		add("b", "a", "COPY x FROM stdin;\n1\ta\nbad\n\\.\nSELECT 1;\n", "").
		set(migrator.Config{})
	_, err := set.Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || e.Line != 8 {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "20000" {
		t.Errorf("%s rows", got)
	}
}

func TestLargeBodyAndEncoding(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).
		add("a", "", "CREATE TABLE big (t text);\nINSERT INTO big VALUES ('"+strings.Repeat("x", 2<<20)+"');\n", "DROP TABLE big;").
		add("b", "a", "SET client_encoding = 'LATIN1'; SET standard_conforming_strings = on;\nINSERT INTO big VALUES ('é');\nSELECT nix;", "").
		set(migrator.Config{})
	_, err := set.Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || e.Line != 8 || e.Column != 8 {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT sum(length(t)) FROM big"); got != "2097152" {
		t.Errorf("%s characters", got)
	}
}

func TestStoppedServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	set := newProject(t).add("a", "", "CREATE TABLE a (id int);", "").add("b", "a", "SELECT pg_sleep(60);", "").set(migrator.Config{FlushEvery: true})
	cfg := config(t, url)
	done := make(chan error, 1)
	go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	server.Stop(t, pgtest.Immediate)
	err := <-done
	if err == nil || !strings.Contains(err.Error(), "upgrade b (add b) was under way") {
		t.Errorf("%v", err)
	}
	server.Start(t)
	// Both shared a message that never ended, so nothing was reported: a may be there or
	// not, and the next run finishes.
	quick := newProject(t).add("a", "", "CREATE TABLE a (id int);", "").add("b", "a", "SELECT 1;", "").set(migrator.Config{})
	if _, err := quick.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision"); got != "a b" {
		t.Errorf("applied: %s", got)
	}
}

// await waits until a query gives a value.
func await(t testing.TB, url, sql, want string) {
	t.Helper()
	for range 600 {
		if pgtest.Value(t, url, sql) == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s never gave %s", sql, want)
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).add("a", "", "CREATE TABLE a (id int);", "").add("b", "a", "SELECT pg_sleep(60);", "").set(migrator.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	cfg := config(t, url)
	go func() { _, err := set.Up(ctx, cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", "1")
	cancel()
	err := <-done
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "upgrade b (add b) was cancelled and rolled back") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "interrupted b" {
		t.Errorf("the last event: %s", got)
	}
}

func TestOlderProgramTakesNewerDatabaseDown(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	newer := shop(t).set(migrator.Config{})
	older := newProject(t).add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;").set(migrator.Config{})
	ctx, cfg := context.Background(), config(t, url)
	if _, err := newer.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	r, err := older.Up(ctx, cfg)
	if err != nil || len(r.Steps) != 0 || !cmp.Equal(r.Ahead, []string{"b2", "c3"}) {
		t.Errorf("up of the older one: %+v, %v", r, err)
	}
	st, err := older.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Unknown) != 2 || st.Count(migrator.Applied) != 1 {
		t.Errorf("status: %+v, %v", st, err)
	}
	r, err = older.To(ctx, cfg, "head")
	if err != nil || steps(r) != "down c3, down b2" || !cmp.Equal(r.To, []string{"a1"}) {
		t.Errorf("to head: %+v, %v", r, err)
	}
}

func TestFileBeatsLedgerOnTheWayDown(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), config(t, url)
	if _, err := newProject(t).add("a", "", "CREATE TABLE a (id int);", "DROP TABLE a;").set(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	mended := newProject(t).add("a", "", "CREATE TABLE a (id int);", "ALTER TABLE a RENAME TO kept;").set(migrator.Config{})
	if _, err := mended.Down(ctx, cfg, "base"); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT 'kept'::regclass || ' ' || detail FROM ambix_event ORDER BY event DESC LIMIT 1"); got != "kept the file's down script was run; the ledger kept another one" {
		t.Error(got)
	}
}

package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

// mixed has revisions of both sorts; the last statement counts how often it ran.
func mixed(t testing.TB) *project {
	return newProject(t).
		add("a", "", "CREATE TABLE x (id int);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "DROP TABLE x, runs;").
		add("b", "a", "INSERT INTO runs VALUES ('b');\nCREATE INDEX CONCURRENTLY x_id ON x (id);\nINSERT INTO runs VALUES ('b2');", "DROP INDEX x_id;", off).
		add("c", "b", "ALTER TABLE x ADD name text;\nINSERT INTO runs VALUES ('c');", "ALTER TABLE x DROP name;")
}

const mixedRuns = "a b b2 c"

// undisturbed checks that a database is as after one run without faults.
func undisturbed(t testing.TB, url string) {
	t.Helper()
	for _, c := range []struct{ sql, want string }{
		{"SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs", mixedRuns},
		{"SELECT string_agg(revision || ' ' || state, ', ' ORDER BY revision) FROM ambix_revision", "a applied, b applied, c applied"},
		{"SELECT string_agg(revision, ' ' ORDER BY event) FROM ambix_event WHERE action = 'up'", "a b c"},
		{"SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'x'::regclass", "t"},
		{"SELECT count(*) FROM pg_index WHERE indrelid = 'x'::regclass", "1"},
		{"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", "0"},
	} {
		if got := pgtest.Value(t, url, c.sql); got != c.want {
			t.Errorf("%s\nhave %s\nwant %s", c.sql, got, c.want)
		}
	}
}

// However the connection ends, a run or the next one finishes the work, once.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	set := mixed(t).set(migrator.Config{})
	var sent, received int64
	{ // how many bytes an undisturbed run moves
		url := pgtest.Database(t)
		proxy := pgtest.NewProxy(t, url)
		if _, err := set.Up(context.Background(), config(t, proxy.URL(url))); err != nil {
			t.Fatal(err)
		}
		sent, received = proxy.Stats().ToServer, proxy.Stats().ToClient
		undisturbed(t, url)
	}
	// A place for every so many bytes, elsewhere in each run of the suite; AMBIX_TEST_CUTS=1 is every byte.
	every := max(sent, received)/24 + 1
	if n, err := strconv.ParseInt(os.Getenv("AMBIX_TEST_CUTS"), 10, 64); err == nil {
		every = n
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 6)
	cut := func(d pgtest.Direction, at int64) {
		defer func() { <-slots }()
		url := pgtest.Database(t)
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: d, After: at, Action: []pgtest.Action{pgtest.Cut, pgtest.Reset}[at%2]})
		if _, err := set.Up(context.Background(), config(t, proxy.URL(url))); err != nil {
			// Only a loss before anything was read may be told to the caller.
			if _, err := set.Up(context.Background(), config(t, url)); err != nil {
				t.Errorf("direction %d, byte %d: the next run: %v", d, at, err)
				return
			}
		}
		undisturbed(t, url)
		if t.Failed() {
			t.Logf("direction %d, byte %d", d, at)
		}
	}
	for d, bytes := range []int64{pgtest.ToServer: sent, pgtest.ToClient: received} {
		for at := 1 + rand.Int64N(every); at <= bytes; at += every {
			slots <- struct{}{}
			wg.Go(func() { cut(pgtest.Direction(d), at) })
		}
	}
	wg.Wait()
}

// The reply to COMMIT is lost: the run looks, and tells the truth.
func TestLostCommit(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		url := pgtest.Database(t)
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "ambix up c", Before: before, Action: pgtest.HalfClose})
		r, err := mixed(t).set(migrator.Config{}).Up(context.Background(), config(t, proxy.URL(url)))
		if err != nil || steps(r) != "up a, up b, up c" || len(r.Others) != 0 {
			t.Errorf("before %v: %+v, %v", before, r, err)
		}
		undisturbed(t, url)
	}
}

func TestManyMixedRunners(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := mixed(t).set(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		cfg := config(t, url)
		wg.Go(func() { _, errs[i] = set.Up(context.Background(), cfg) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	undisturbed(t, url)
}

func TestUpgradersAndDowngradersRace(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).set(migrator.Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		cfg := config(t, url)
		wg.Go(func() {
			var err error
			for range 5 {
				if i%2 == 0 {
					_, err = set.Up(context.Background(), cfg)
				} else {
					_, err = set.To(context.Background(), cfg, "base")
				}
				var busy *apply.BusyError
				if err != nil && !errors.As(err, &busy) {
					t.Errorf("runner %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision"); got != "a1 b2 c3" {
		t.Errorf("applied: %s", got)
	}
	// The events of every revision alternate.
	if got := pgtest.Value(t, url, "SELECT count(*) FROM (SELECT action, lag(action) OVER (PARTITION BY revision ORDER BY event) AS before FROM ambix_event) e WHERE action = before"); got != "0" {
		t.Errorf("%s events repeat", got)
	}
}

func TestThroughAPooler(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	url := server.PgBouncer(t, nil).Through(direct)
	set := shop(t).set(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		cfg := config(t, url)
		wg.Go(func() { _, errs[i] = set.Up(context.Background(), cfg) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := pgtest.Value(t, direct, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "3 3" {
		t.Errorf("events, revisions: %s", got)
	}
	if got := pgtest.Value(t, direct, "SELECT length(name) FROM account"); got != "2" {
		t.Errorf("length('é;') = %s", got)
	}
	_, err := mixed(t).set(migrator.Config{}).Up(context.Background(), config(t, server.PgBouncer(t, nil).Through(server.Database(t))))
	var pooler *apply.PoolerError
	if !errors.As(err, &pooler) || pooler.Revision != "b" {
		t.Errorf("transaction: off through a pooler: %v", err)
	}
}

func TestStandbyIsRefused(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	set := shop(t).set(migrator.Config{})
	_, err := set.Up(context.Background(), config(t, standby.URL("postgres")))
	var e *migrator.ConnectError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "it is a standby") {
		t.Errorf("%v", err)
	}
}

// The standby takes over while a revision runs: it is there or not, and the next run
// finishes.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	url := primary.URL("postgres")
	proxy := pgtest.NewProxy(t, url)
	p := mixed(t).add("d", "c", "SELECT pg_sleep(2);\nINSERT INTO runs VALUES ('d');", "")
	set := p.set(migrator.Config{Wait: 30 * time.Second})
	done := make(chan error, 1)
	cfg := config(t, proxy.URL(url))
	go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
	await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", "1")
	await(t, standby.URL("postgres"), "SELECT count(*) FROM ambix_revision", "3")
	primary.Stop(t, pgtest.Immediate)
	standby.Promote(t)
	proxy.Retarget(t, standby.URL("postgres"))
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, standby.URL("postgres"), "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != mixedRuns+" d" {
		t.Errorf("runs: %s", got)
	}
}

// A table lock is waited for in small pieces, and readers get through in between.
func TestLockTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	set := newProject(t).add("a", "", "CREATE TABLE other (id int);\nALTER TABLE account ADD name text;", "")
	holder := config(t, url)
	release := hold(t, holder, "BEGIN; SELECT * FROM account")
	short := set.set(migrator.Config{LockTimeout: 50 * time.Millisecond, RetryFor: 300 * time.Millisecond})
	_, err := short.Up(context.Background(), config(t, url))
	var given *apply.LockTimeoutError
	if !errors.As(err, &given) || given.Line != 7 {
		t.Fatalf("%v", err)
	}
	tries := 0
	patient := set.set(migrator.Config{LockTimeout: 50 * time.Millisecond, RetryFor: time.Minute, OnEvent: func(e migrator.Event) {
		if _, ok := e.(migrator.Retrying); ok {
			if tries++; tries == 2 {
				release()
			}
		}
	}})
	if _, err := patient.Up(context.Background(), config(t, url)); err != nil || tries < 2 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	owner := pgtest.Role(t, url)
	set := shop(t).set(migrator.Config{Ledger: "app.ambix"})
	ctx := context.Background()
	_, err := set.Up(ctx, config(t, owner))
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a role without any right: %v", err)
	}
	name := config(t, owner).User
	pgtest.Exec(t, url, fmt.Sprintf("CREATE SCHEMA app AUTHORIZATION %s; ALTER ROLE %[1]s SET search_path TO app; REVOKE ALL ON SCHEMA public FROM PUBLIC", name))
	if _, err := set.DryRun(ctx, config(t, owner), migrator.Up); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if _, err := set.Up(ctx, config(t, owner)); err != nil {
		t.Errorf("a role that owns one schema: %v", err)
	}
	reader := pgtest.Role(t, url)
	if _, err := set.Status(ctx, config(t, reader)); err == nil || !strings.Contains(err.Error(), "GRANT SELECT ON") {
		t.Errorf("a role that may read nothing: %v", err)
	}
	readerName := config(t, reader).User
	pgtest.Exec(t, url, fmt.Sprintf("GRANT USAGE ON SCHEMA app TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA app TO %[1]s", readerName))
	if st, err := set.Status(ctx, config(t, reader)); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status of a reader: %+v, %v", st, err)
	}
	if _, err := set.DryRun(ctx, config(t, reader), migrator.Down); err == nil || !strings.Contains(err.Error(), "lacks a right: INSERT") {
		t.Errorf("dry run of a reader: %v", err)
	}
	as := shop(t).set(migrator.Config{Ledger: "app.ambix", Role: name})
	pgtest.Exec(t, url, fmt.Sprintf("GRANT %s TO %s; ALTER ROLE %[2]s SET search_path TO app", name, readerName))
	if _, err := as.Down(ctx, config(t, reader), "base"); err != nil {
		t.Errorf("down as another role: %v", err)
	}
}

func TestLogAndCheck(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).set(migrator.Config{})
	ctx, cfg := context.Background(), config(t, url)
	if log, err := set.Log(ctx, cfg, 0); err != nil || len(log) != 0 {
		t.Errorf("the log of nothing: %v, %v", log, err)
	}
	if created, err := set.EnsureLedger(ctx, cfg); err != nil || !created {
		t.Errorf("ensure: %v, %v", created, err)
	}
	if created, err := set.EnsureLedger(ctx, cfg); err != nil || created {
		t.Errorf("ensure again: %v, %v", created, err)
	}
	found, err := set.Check(ctx, cfg)
	if err != nil || len(found) != 3 || found[0].Kind != migrator.FindingPending {
		t.Errorf("check: %+v, %v", found, err)
	}
	if _, err := set.Up(ctx, cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	changed := newProject(t).
		add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);", "-").
		add("b2", "a1", "-- a comment\nALTER  TABLE account ADD email text;", "ALTER TABLE account DROP email;").
		add("x", "a1", "SELECT 1;", "").
		set(migrator.Config{})
	found, err = changed.Check(ctx, cfg)
	var kinds []string
	for _, f := range found {
		kinds = append(kinds, string(f.Kind)+" "+f.Revision)
	}
	if got := strings.Join(kinds, ", "); err != nil || got != "heads , irreversible a1, changed a1, pending x" {
		t.Errorf("check: %s, %v", got, err)
	}
	log, err := set.Log(ctx, cfg, 1)
	if err != nil || len(log) != 1 || log[0].Revision != "b2" || log[0].At.IsZero() || log[0].AppliedBy == "" {
		t.Errorf("log: %+v, %v", log, err)
	}
}

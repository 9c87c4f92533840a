package migrator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// tenants creates schemas t000, t001, … and returns them as targets of one database.
func tenants(t testing.TB, url string, cfg *pgconn.Config, n int) []migrator.Target {
	t.Helper()
	var sql strings.Builder
	targets := make([]migrator.Target, n)
	for i := range targets {
		name := fmt.Sprintf("t%03d", i)
		fmt.Fprintf(&sql, "CREATE SCHEMA %s;", name)
		targets[i] = migrator.Target{Name: name, Config: cfg, Schema: name}
	}
	pgtest.Exec(t, url, sql.String())
	return targets
}

// fleet returns a fleet that must be valid.
func fleet(t testing.TB, m *migrator.Migrator, targets []migrator.Target, cfg migrator.FleetConfig) *migrator.Fleet {
	t.Helper()
	f, err := m.Fleet(targets, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tally counts the outcomes of a run, and collects them by target.
type tally struct {
	done, changed, failed, notStarted int
	errs                              map[string]error
	reports                           map[string]*migrator.Report
	order                             []string // of those that were begun
}

func count(outcomes iter.Seq[migrator.Outcome[*migrator.Report]]) *tally {
	c := &tally{errs: map[string]error{}, reports: map[string]*migrator.Report{}}
	for o := range outcomes {
		c.errs[o.Target.Name], c.reports[o.Target.Name] = o.Err, o.Value
		switch {
		case errors.Is(o.Err, migrator.ErrNotStarted):
			c.notStarted++
			continue
		case o.Err != nil:
			c.failed++
		default:
			c.done++
		}
		if len(o.Value.Steps) > 0 {
			c.changed++
		}
		c.order = append(c.order, o.Target.Name)
	}
	return c
}

func (c *tally) String() string {
	return fmt.Sprintf("%d done (%d changed), %d failed, %d not started", c.done, c.changed, c.failed, c.notStarted)
}

// checkTenants fails unless every schema has each revision of its ledger once in the event
// log, and nothing else was applied.
func checkTenants(t testing.TB, url string, targets []migrator.Target, want string) {
	t.Helper()
	var queries []string
	for _, target := range targets {
		queries = append(queries, fmt.Sprintf(`SELECT '%[1]s', (SELECT string_agg(revision, ',' ORDER BY revision) FROM %[1]s.ambix_revision WHERE state = 'applied'),
			(SELECT string_agg(revision, ',' ORDER BY revision) FROM %[1]s.ambix_event WHERE action = 'up')`, target.Schema))
	}
	for batch := range slices.Chunk(queries, 50) {
		for _, row := range pgtest.Query(t, url, strings.Join(batch, " UNION ALL ")) {
			if row[1] != want || row[2] != want {
				t.Errorf("%s: applied %s, events %s, want %s", row[0], row[1], row[2], want)
			}
		}
	}
}

// traffic counts connections and messages.
type traffic struct{ connections, queries atomic.Int64 }

type countedConn struct {
	net.Conn
	*traffic
}

func (c countedConn) Write(b []byte) (int, error) {
	if bytes.HasPrefix(b, []byte("Q")) {
		c.queries.Add(1)
	}
	return c.Conn.Write(b)
}

func (n *traffic) observe(cfg *pgconn.Config) {
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		n.connections.Add(1)
		return countedConn{conn, n}, err
	}
}

// A fleet applies every revision once per target, over one connection per worker. When there
// is nothing to do, a target costs one round trip.
func TestFleetOfManySchemas(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	var sent traffic
	sent.observe(cfg)
	targets := tenants(t, url, cfg, 200)
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), targets, migrator.FleetConfig{})
	if c := count(f.Up(ctx)); c.String() != "200 done (200 changed), 0 failed, 0 not started" {
		t.Fatal(c, c.errs)
	}
	checkTenants(t, url, targets, "a1,b2,c3")
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE tablename = 'account'"); got != "200" {
		t.Errorf("%s tables", got)
	}
	if n := sent.connections.Load(); n > 4 {
		t.Errorf("%d connections", n)
	}
	sent.connections.Store(0)
	sent.queries.Store(0)
	if c := count(f.Up(ctx)); c.String() != "200 done (0 changed), 0 failed, 0 not started" {
		t.Fatal(c, c.errs)
	}
	if c, q := sent.connections.Load(), sent.queries.Load(); c > 4 || q != 200 {
		t.Errorf("%d connections and %d messages with nothing to do", c, q)
	}
	if c := count(f.Move(ctx, migrator.Down)); c.String() != "200 done (200 changed), 0 failed, 0 not started" {
		t.Fatal(c, c.errs)
	}
	for o := range f.Status(ctx) {
		if o.Err != nil || !slices.Equal(o.Value.Current, []string{"b2"}) || o.Value.Ledger != o.Target.Schema+".ambix" {
			t.Fatalf("%s: %+v, %v", o.Target.Name, o.Value, o.Err)
		}
	}
	for o := range f.Plan(ctx, migrator.Up) {
		if o.Err != nil || len(o.Value.Steps) != 1 {
			t.Fatalf("%s: %+v, %v", o.Target.Name, o.Value, o.Err)
		}
	}
	for o := range f.Check(ctx) {
		if o.Err != nil || len(o.Value) != 1 || o.Value[0].Kind != migrator.FindingPending {
			t.Fatalf("%s: %+v, %v", o.Target.Name, o.Value, o.Err)
		}
	}
}

// failing returns revisions of which the second fails in a schema that has the table broken.
func failing(t testing.TB) *projecttest.Project {
	return projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;").
		Add("b2", "a1", "CREATE TABLE broken (id int);", "DROP TABLE broken;").
		Add("c3", "b2", "ALTER TABLE account ADD email text;", "ALTER TABLE account DROP email;")
}

// A failed target ends the run unless more may fail. A canary must succeed before the others
// are begun, whatever may fail.
func TestFailedTargets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, test := range map[string]struct {
		config migrator.FleetConfig
		broken []string
		want   string
	}{
		"none may fail":         {migrator.FleetConfig{Workers: 1}, []string{"t003"}, "3 done (4 changed), 1 failed, 6 not started"},
		"one may fail":          {migrator.FleetConfig{Workers: 1, MaxFailed: 1}, []string{"t003"}, "9 done (10 changed), 1 failed, 0 not started"},
		"one more fails":        {migrator.FleetConfig{Workers: 1, MaxFailed: 1}, []string{"t003", "t005"}, "4 done (6 changed), 2 failed, 4 not started"},
		"all may fail":          {migrator.FleetConfig{Workers: 3, MaxFailed: -1}, []string{"t000", "t003", "t005", "t009"}, "6 done (10 changed), 4 failed, 0 not started"},
		"a canary fails":        {migrator.FleetConfig{Workers: 1, Canary: 2, MaxFailed: -1}, []string{"t001"}, "1 done (2 changed), 1 failed, 8 not started"},
		"canaries succeed":      {migrator.FleetConfig{Workers: 2, Canary: 2, MaxFailed: -1}, []string{"t005"}, "9 done (10 changed), 1 failed, 0 not started"},
		"a first target fails":  {migrator.FleetConfig{Workers: 1, First: []string{"t007", "t004"}, MaxFailed: -1}, []string{"t007"}, "0 done (1 changed), 1 failed, 9 not started"},
		"all of them are first": {migrator.FleetConfig{Workers: 2, Canary: 10}, nil, "10 done (10 changed), 0 failed, 0 not started"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			cfg := projecttest.Config(t, url)
			targets := tenants(t, url, cfg, 10)
			for _, schema := range test.broken {
				pgtest.Exec(t, url, "CREATE TABLE "+schema+".broken (id int)")
			}
			f := fleet(t, failing(t).Migrator(migrator.Config{}), targets, test.config)
			c := count(f.Up(ctx))
			if c.String() != test.want {
				t.Errorf("%v: %v", c, c.errs)
			}
			for _, schema := range test.broken {
				var e *migrator.RevisionError
				switch err := c.errs[schema]; {
				case errors.Is(err, migrator.ErrNotStarted):
				case !errors.As(err, &e) || e.SQLState != "42P07" || e.Revision != "b2":
					t.Errorf("%s: %v", schema, err)
				case projecttest.Steps(c.reports[schema]) != "up a1":
					t.Errorf("%s: %+v", schema, c.reports[schema])
				}
				pgtest.Exec(t, url, "DROP TABLE "+schema+".broken")
			}
			if c := count(f.Up(ctx)); c.done != 10 {
				t.Errorf("again: %v: %v", c, c.errs)
			}
			checkTenants(t, url, targets, "a1,b2,c3")
		})
	}
}

// The targets of a wave end before those of the next one begin.
func TestWaves(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, projecttest.Config(t, url), 9)
	for i := range targets {
		targets[i].Wave = (i + 1) % 3
	}
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), targets, migrator.FleetConfig{Workers: 2})
	c := count(f.Up(context.Background()))
	wave := func(name string) int { return (int(name[3]-'0') + 1) % 3 }
	if !slices.IsSortedFunc(c.order, func(a, b string) int { return wave(a) - wave(b) }) || c.done != 9 {
		t.Errorf("%v: %v", c, c.order)
	}
	pgtest.Exec(t, url, "CREATE TABLE t005.x (id int)")
	f = fleet(t, projecttest.Shop(t).Add("d4", "c3", "CREATE TABLE x (id int);", "").Migrator(migrator.Config{}), targets, migrator.FleetConfig{Workers: 1})
	if c := count(f.Up(context.Background())); wave(c.order[len(c.order)-1]) != 0 || c.failed != 1 || c.notStarted < 6 {
		t.Errorf("a wave was begun after a failure: %v %v", c, c.order)
	}
}

// A target that gets no lock in time is tried again after the others, and continues where it
// was, although its targets are relative. Its report is about both tries.
func TestLockedTargetIsDeferred(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	targets := tenants(t, url, cfg, 5)
	var release func()
	var mu sync.Mutex
	deferred := map[string]int{}
	m := projecttest.New(t).
		Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY);", "").
		Add("b2", "a1", "CREATE TABLE other (id int);", "").
		Add("c3", "b2", "ALTER TABLE account ADD email text;", "").
		Add("d4", "c3", "CREATE TABLE last (id int);", "").
		Migrator(migrator.Config{LockTimeout: 100 * time.Millisecond, Send: migrator.SendRevision, OnEvent: func(e migrator.Event) {
			if d, ok := e.(migrator.Deferred); ok {
				mu.Lock()
				defer mu.Unlock()
				deferred[d.Target]++
				release()
			}
		}})
	f := fleet(t, m, targets, migrator.FleetConfig{Workers: 2})
	if c := count(f.Up(context.Background(), "a1")); c.done != 5 {
		t.Fatal(c, c.errs)
	}
	release = projecttest.Hold(t, cfg, "BEGIN; LOCK TABLE t001.account IN ACCESS SHARE MODE")
	c := count(f.Up(context.Background(), "+2"))
	if c.String() != "5 done (5 changed), 0 failed, 0 not started" || c.order[4] != "t001" || deferred["t001"] != 1 || len(deferred) != 1 {
		t.Errorf("%v: %v, order %v, deferred %v", c, c.errs, c.order, deferred)
	}
	for name, r := range c.reports {
		if projecttest.Steps(r) != "up b2, up c3" || len(r.Others) > 0 || !slices.Equal(r.To, []string{"c3"}) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A target that gets no lock in the second try either has failed.
func TestLockTimeoutOfTarget(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	targets := tenants(t, url, cfg, 4)
	m := projecttest.Shop(t).Migrator(migrator.Config{LockTimeout: 50 * time.Millisecond, RetryFor: 200 * time.Millisecond})
	f := fleet(t, m, targets, migrator.FleetConfig{})
	if c := count(f.Up(context.Background(), "a1")); c.done != 4 {
		t.Fatal(c, c.errs)
	}
	release := projecttest.Hold(t, cfg, "BEGIN; LOCK TABLE t001.account IN ACCESS SHARE MODE")
	c := count(f.Up(context.Background()))
	if e, ok := errors.AsType[*migrator.LockTimeoutError](c.errs["t001"]); !ok || c.done != 3 {
		t.Errorf("%v: %v, %v", c, c.errs, e)
	}
	release()
	if c := count(f.Up(context.Background())); c.String() != "4 done (1 changed), 0 failed, 0 not started" {
		t.Errorf("again: %v: %v", c, c.errs)
	}
	checkTenants(t, url, targets, "a1,b2,c3")
}

// When the context ends, the targets in progress are rolled back, and the others are not
// begun.
func TestCanceledFleet(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	targets := tenants(t, url, cfg, 6)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		projecttest.Await(t, url, projecttest.Sleeping, "2")
		cancel()
	}()
	f := fleet(t, projecttest.Shop(t).Add("d4", "c3", "CREATE TABLE d (id int); SELECT pg_sleep(60);", "").Migrator(migrator.Config{}), targets, migrator.FleetConfig{Workers: 2})
	c := count(f.Up(ctx))
	if c.String() != "0 done (2 changed), 2 failed, 4 not started" {
		t.Errorf("%v: %v", c, c.errs)
	}
	for _, name := range c.order {
		if kindOf(c.errs[name]) != migrator.KindInterrupted || projecttest.Steps(c.reports[name]) != "up a1, up b2, up c3" {
			t.Errorf("%s: %v, %+v", name, c.errs[name], c.reports[name])
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE tablename = 'd'"); got != "0" {
		t.Errorf("%s tables of canceled revisions", got)
	}
}

// A loop that ends early begins no new target, and returns when those in progress have ended.
func TestLoopEndsEarly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, projecttest.Config(t, url), 20)
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{}), targets, migrator.FleetConfig{Workers: 2})
	for range f.Up(context.Background()) {
		break
	}
	if n := pgtest.Value(t, url, "SELECT count(*) FROM pg_tables WHERE tablename = 'account'"); n == "20" || n == "0" {
		t.Errorf("%s targets were migrated", n)
	}
	if c := count(f.Up(context.Background())); c.done != 20 {
		t.Error(c, c.errs)
	}
}

// A non-transactional revision runs with the search_path of its target, and leaves nothing in
// the session for the next one.
func TestNonTransactionalRevisionsOfFleet(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, projecttest.Config(t, url), 5)
	m := projecttest.Shop(t).
		Add("d4", "c3", "CREATE INDEX CONCURRENTLY account_name ON account (name);\nCREATE TABLE path AS SELECT current_setting('search_path') AS path;", "", projecttest.NonTransactional).
		Add("e5", "d4", "CREATE TABLE later AS SELECT current_setting('search_path') AS path;", "").
		Migrator(migrator.Config{SearchPath: []string{"public"}})
	c := count(fleet(t, m, targets, migrator.FleetConfig{Workers: 1}).Up(context.Background()))
	if c.done != 5 {
		t.Fatal(c, c.errs)
	}
	for _, target := range targets {
		for _, table := range []string{"path", "later"} {
			if got := pgtest.Value(t, url, "SELECT path FROM "+target.Schema+"."+table); got != target.Schema+", public" {
				t.Errorf("%s.%s: %s", target.Schema, table, got)
			}
		}
	}
}

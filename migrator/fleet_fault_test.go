package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// fleetURL is set for a process in which TestFleetProcess migrates the schemas of a database.
const fleetURL = "AMBIX_TEST_FLEET_URL"

// slow returns revisions that take a moment, so that a fault meets some in progress. Schemas from t045 wait while shutGate holds.
func slow(t testing.TB) *projecttest.Project {
	p := projecttest.New(t)
	parent := ""
	for _, id := range []string{"a1", "b2", "c3"} {
		p.Add(id, parent, fmt.Sprintf("CREATE TABLE %s (id int); INSERT INTO %[1]s VALUES (1); SELECT pg_sleep(0.01); SELECT pg_advisory_xact_lock_shared(45) WHERE current_schema() >= 't045';", id), "DROP TABLE "+id+";")
		parent = id
	}
	return p
}

// shutGate keeps a run of slow from ending before the test has broken something, however late that is.
func shutGate(t testing.TB, url string) (open func()) {
	t.Helper()
	return projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(45)")
}

// migrateTenants migrates all schemas t000, t001, … of a database.
func migrateTenants(t testing.TB, url string, cfg migrator.Config) *tally {
	t.Helper()
	m, db := slow(t).Migrator(cfg), projecttest.Config(t, url)
	targets, err := m.SchemaTargets(context.Background(), db, func(name string) bool { return strings.HasPrefix(name, "t") })
	if err != nil {
		t.Fatal(err)
	}
	return count(fleet(t, m, targets, migrator.FleetConfig{}).Up(context.Background()))
}

// TestFleetProcess does nothing unless it was started by another test.
func TestFleetProcess(t *testing.T) {
	url := os.Getenv(fleetURL)
	if url == "" {
		return
	}
	if c := migrateTenants(t, url, migrator.Config{}); c.failed+c.notStarted > 0 {
		t.Fatal(c, c.errs)
	}
}

// fleetProcess starts a process that migrates the schemas of a database.
func fleetProcess(t testing.TB, url string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFleetProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), fleetURL+"="+url)
	cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// awaitTenants waits until a number of schemas have the last table of slow.
func awaitTenants(t testing.TB, url string, n int) {
	t.Helper()
	projecttest.Await(t, url, fmt.Sprintf("SELECT count(*) >= %d FROM pg_tables WHERE tablename = 'c3'", n), "t")
}

// Processes are killed in the middle. After another run each revision was applied once per
// schema.
func TestKilledFleetIsResumed(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, nil, 60)
	open := shutGate(t, url)
	for _, n := range []int{1, 15, 30} {
		p := fleetProcess(t, url)
		awaitTenants(t, url, n)
		_ = p.Process.Kill()
		_ = p.Wait()
	}
	open()
	c := migrateTenants(t, url, migrator.Config{})
	if c.done != 60 || c.changed == 0 || c.changed == 60 {
		t.Error(c, c.errs)
	}
	checkTenants(t, url, targets, "a1,b2,c3")
	checkRows(t, url, 60)
}

// checkRows fails unless each revision of slow has run once in each schema.
func checkRows(t testing.TB, url string, n int) {
	t.Helper()
	for _, table := range []string{"a1", "b2", "c3"} {
		var union []string
		for i := range n {
			union = append(union, fmt.Sprintf("SELECT id FROM t%03d.%s", i, table))
		}
		if got := pgtest.Value(t, url, "SELECT count(*) FROM ("+strings.Join(union, " UNION ALL ")+") all_rows"); got != fmt.Sprint(n) {
			t.Errorf("%s rows in %d tables %s", got, n, table)
		}
	}
}

// Several processes migrate the same schemas at once: each revision is applied once.
func TestConcurrentFleetsApplyOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, nil, 40)
	processes := []*exec.Cmd{fleetProcess(t, url), fleetProcess(t, url), fleetProcess(t, url)}
	for _, p := range processes {
		if err := p.Wait(); err != nil {
			t.Error(err)
		}
	}
	checkTenants(t, url, targets, "a1,b2,c3")
	checkRows(t, url, 40)
}

// The server crashes in the middle. The run survives that, or ends; after another one each
// revision was applied once per schema.
func TestCrashOfServerUnderFleet(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	targets := tenants(t, url, nil, 60)
	shutGate(t, url) // it opens when the server has lost its sessions
	ended := make(chan *tally, 1)
	go func() { ended <- migrateTenants(t, url, migrator.Config{}) }()
	awaitTenants(t, url, 10)
	server.Restart(t, pgtest.Immediate)
	first := <-ended
	if first.failed > 0 && first.notStarted == 0 && first.failed > 4 {
		t.Errorf("a lost server did not end the run: %v: %v", first, first.errs)
	}
	if c := migrateTenants(t, url, migrator.Config{}); c.done != 60 {
		t.Error(c, c.errs)
	}
	checkTenants(t, url, targets, "a1,b2,c3")
	checkRows(t, url, 60)
}

// A server that is gone ends the run at once, and later runs before they begin.
func TestLostServerEndsFleet(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	targets := tenants(t, url, nil, 60)
	shutGate(t, url) // it opens when the server has lost its sessions
	ended := make(chan *tally, 1)
	go func() { ended <- migrateTenants(t, url, migrator.Config{}) }()
	awaitTenants(t, url, 5)
	server.Stop(t, pgtest.Immediate)
	first := <-ended
	if first.failed == 0 || first.failed > 4 || first.notStarted == 0 {
		t.Errorf("%v: %v", first, first.errs)
	}
	cfg := projecttest.Config(t, url)
	for i := range targets {
		targets[i].Config = cfg
	}
	m := slow(t).Migrator(migrator.Config{})
	f := fleet(t, m, targets, migrator.FleetConfig{MaxFailed: -1})
	if c := count(f.Up(context.Background())); c.failed != 1 || c.notStarted != 59 {
		t.Errorf("%v: %v", c, c.errs)
	}
	// One that is not yet back is waited for.
	go func() { time.Sleep(300 * time.Millisecond); server.Start(t) }()
	if c := count(fleet(t, slow(t).Migrator(migrator.Config{Wait: pgtest.Patience}), targets, migrator.FleetConfig{}).Up(context.Background())); c.done != 60 {
		t.Errorf("%v: %v", c, c.errs)
	}
	checkTenants(t, url, targets, "a1,b2,c3")
	checkRows(t, url, 60)
}

// A server with fewer connections than workers is used with those it has.
func TestFewerConnectionsThanWorkers(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]string{0: "0 done (0 changed), 1 failed, 9 not started", 2: "10 done (10 changed), 0 failed, 0 not started"} {
		url := pgtest.Database(t)
		role := pgtest.Role(t, url, fmt.Sprintf("CONNECTION LIMIT %d", limit))
		cfg := projecttest.Config(t, role)
		targets := tenants(t, url, cfg, 10)
		for _, target := range targets {
			pgtest.Exec(t, url, "ALTER SCHEMA "+target.Schema+" OWNER TO "+cfg.User)
		}
		var stopped atomic.Int64
		m := slow(t).Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
			if w, ok := e.(migrator.WorkerStopped); ok && w.Workers >= 2 {
				stopped.Add(1)
			}
		}})
		c := count(fleet(t, m, targets, migrator.FleetConfig{Workers: 8}).Up(context.Background()))
		if c.String() != want {
			t.Errorf("limit %d: %v: %v", limit, c, c.errs)
		}
		if limit == 2 && stopped.Load() == 0 {
			t.Error("no worker was stopped")
		}
		for _, err := range c.errs {
			if e, ok := errors.AsType[*migrator.ConnectError](err); ok && e.Problem != migrator.ConnectLimit {
				t.Error(err)
			}
		}
	}
}

// A fleet works through a pooler that gives every message to another session.
func TestFleetThroughPooler(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	url := server.PgBouncer(t, map[string]string{"default_pool_size": "2"}).Through(direct)
	targets := tenants(t, direct, nil, 30)
	var fleets sync.WaitGroup
	for range 2 {
		fleets.Go(func() {
			if c := migrateTenants(t, url, migrator.Config{}); c.done != 30 {
				t.Error(c, c.errs)
			}
		})
	}
	fleets.Wait()
	checkTenants(t, direct, targets, "a1,b2,c3")
	checkRows(t, direct, 30)
	// Revisions that need a session are refused before the first one of a target.
	m := slow(t).Add("d4", "c3", "VACUUM a1;", "", projecttest.NonTransactional).Migrator(migrator.Config{})
	cfg := projecttest.Config(t, url)
	for i := range targets {
		targets[i].Config = cfg
	}
	c := count(fleet(t, m, targets, migrator.FleetConfig{}).Up(context.Background()))
	for name, err := range c.errs {
		if kind := kindOf(err); kind != migrator.KindNotTransactional && !errors.Is(err, migrator.ErrNotStarted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.done > 0 {
		t.Error(c)
	}
}

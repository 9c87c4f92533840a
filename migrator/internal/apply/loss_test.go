package apply_test

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
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Wherever the connection is cut, the run or the next one finishes the work, once.
func TestRunSurvivesCutConnection(t *testing.T) {
	t.Parallel()
	m := mixed(t).Migrator(migrator.Config{})
	var sent, received int64
	{ // the number of bytes of a run without faults
		url := pgtest.Database(t)
		proxy := pgtest.NewProxy(t, url)
		if _, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url))); err != nil {
			t.Fatal(err)
		}
		sent, received = proxy.Stats().ToServer, proxy.Stats().ToClient
		checkMixed(t, url)
	}
	// Cuts at regular intervals from a random offset; AMBIX_TEST_CUTS=1 is every byte.
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
		if _, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url))); err != nil {
			// A loss before the state was read is returned.
			if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Errorf("direction %d, byte %d: the next run: %v", d, at, err)
				return
			}
		}
		checkMixed(t, url)
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

// The reply to COMMIT is lost: the run finds out whether it is committed.
func TestOutcomeOfLostCommitIsResolved(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{true, false} {
		url := pgtest.Database(t)
		proxy := pgtest.NewProxy(t, url)
		proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "ambix up c", Before: before, Action: pgtest.HalfClose})
		r, err := mixed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
		if err != nil || projecttest.Steps(r) != "up a, up b, up c" || len(r.Others) != 0 {
			t.Errorf("before %v: %+v, %v", before, r, err)
		}
		checkMixed(t, url)
	}
}

// A session that an administrator terminates does not come back.
func TestTerminatedSessionIsNotRetried(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
		url := pgtest.Database(t)
		starts, onEvent := countStarts()
		m := projecttest.New(t).Add("a", "", "SELECT pg_sleep(60);", "", header).Migrator(migrator.Config{OnEvent: onEvent})
		done := make(chan error, 1)
		cfg := projecttest.Config(t, url)
		go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
		projecttest.Await(t, url, projecttest.Sleeping, "1")
		pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
		err := <-done
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "57P01" || !strings.HasPrefix(e.Reason, "its session was terminated: ") {
			t.Errorf("%s: %v", header, err)
		}
		if starts["a"] != 1 {
			t.Errorf("%s: it was started %d times", header, starts["a"])
		}
		if got := pgtest.Value(t, url, eventsInOrder); got != "failed a" {
			t.Errorf("%s: events %s", header, got)
		}
		projecttest.AwaitNoAdvisoryLocks(t, url)
	}
}

// A statement that loses the connection every time is not repeated forever: it may crash
// the server.
func TestRepeatedLossIsNotRetried(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	starts, onEvent := countStarts()
	proxy := pgtest.NewProxy(t, url)
	proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "out of memory", Action: pgtest.Cut, Times: -1})
	m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", "SELECT 'out of memory', pg_sleep(1), 1 / (SELECT 0);", "").Migrator(migrator.Config{OnEvent: onEvent})
	r, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || !strings.HasPrefix(e.Reason, "the connection was lost twice while it ran") {
		t.Fatalf("%v", err)
	}
	// The first time it is in a batch with a, which may have run or not.
	if starts["b"] > 3 || projecttest.Steps(r) != "up a" {
		t.Errorf("b was started %d times: %+v", starts["b"], r)
	}
}

// The server crashes and restarts: the run continues.
func TestRunContinuesAfterRestarts(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE gate (id int)")
	const slow = "\nSELECT pg_sleep(CASE WHEN (SELECT count(*) FROM gate) = %d THEN 60 ELSE 0 END);\nINSERT INTO runs VALUES ('%s');"
	m := mixed(t).
		Add("d", "c", fmt.Sprintf("CREATE TABLE d (id int);"+slow, 0, "d"), "").
		Add("e", "d", fmt.Sprintf("CREATE TABLE e (id int);"+slow, 1, "e"), "", projecttest.NonTransactional).
		Migrator(migrator.Config{Wait: time.Minute})
	done := make(chan error, 1)
	cfg := projecttest.Config(t, url)
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	for range 2 {
		projecttest.Await(t, url, projecttest.Sleeping, "1")
		pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
		server.Restart(t, pgtest.Immediate)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != mixedRuns+" d e" {
		t.Errorf("runs: %s", got)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "up a, up b, up c, up d, up e" {
		t.Errorf("events: %s", got)
	}
}

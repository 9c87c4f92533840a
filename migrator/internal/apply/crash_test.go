package apply_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

type moment struct {
	name  string
	fault pgtest.Fault
}

// moments of a run of mixed. A fault that stalls ends the run before the message is
// processed, the others while it is.
var moments = []moment{
	{"reading the state", pgtest.Fault{Match: "SELECT format"}},
	{"before the first revision is sent", pgtest.Fault{Match: "ambix up a", Before: true, Action: pgtest.Stall}},
	{"as the first revision is sent", pgtest.Fault{Match: "ambix up a"}},
	{"before its answer", pgtest.Fault{Direction: pgtest.ToClient, Match: "COMMIT", Action: pgtest.Stall}},
	{"taking the lock", pgtest.Fault{Match: "pg_try_advisory_lock"}},
	{"before the row of a non-transactional revision", pgtest.Fault{Match: "statements_done", Before: true, Action: pgtest.Stall}},
	{"in its first statement", pgtest.Fault{Match: "VALUES ('b')"}},
	{"between two of its statements", pgtest.Fault{Match: "sent:", Before: true, Action: pgtest.Stall}},
	{"after a statement is marked as sent", pgtest.Fault{Match: "sent:"}},
	{"before a concurrent build", pgtest.Fault{Match: "CREATE INDEX CONCURRENTLY", Before: true, Action: pgtest.Stall}},
	{"in a concurrent build", pgtest.Fault{Match: "CREATE INDEX CONCURRENTLY"}},
	{"before its end is known", pgtest.Fault{Direction: pgtest.ToClient, Match: "CREATE INDEX", Action: pgtest.Stall}},
	{"before its last statement", pgtest.Fault{Match: "VALUES ('b2')", Before: true, Action: pgtest.Stall}},
	{"as the last revision commits", pgtest.Fault{Match: "ambix up c"}},
	{"before that is known", pgtest.Fault{Direction: pgtest.ToClient, Match: "ALTER TABLE", Before: true, Action: pgtest.Stall}},
}

// inject returns a channel that is closed when a run through the proxy reaches the moment.
func (m moment) inject(proxy *pgtest.Proxy) <-chan struct{} {
	if m.fault.Action == pgtest.Cut {
		m.fault.Action = pgtest.Watch
	}
	return proxy.Inject(m.fault)
}

// reached starts a run through the proxy, and returns when it reaches the moment.
func (m moment) reached(t *testing.T, proxy *pgtest.Proxy, url string) (done <-chan error) {
	t.Helper()
	met, ended := m.inject(proxy), make(chan error, 1)
	mig, cfg := mixed(t).Migrator(migrator.Config{Wait: time.Minute}), projecttest.Config(t, proxy.URL(url))
	go func() { _, err := mig.Up(context.Background(), cfg); ended <- err }()
	if err, over := before(met, ended); over {
		t.Fatalf("the moment was not reached: %v", err)
	}
	return ended
}

// before waits for met. over reports that the run ended before; if it ended after, its error
// stays in ended.
func before(met <-chan struct{}, ended chan error) (err error, over bool) {
	select {
	case <-met:
		return nil, false
	case err = <-ended:
	}
	select {
	case <-met:
		ended <- err
		return nil, false
	default:
		return err, true
	}
}

// The next run finishes what a killed process left, at whatever moment it was killed.
func TestNextRunFinishesAfterKill(t *testing.T) {
	t.Parallel()
	for _, c := range moments {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			met := c.inject(proxy)
			p := newProcess(t, proxy.URL(url), "mixed")
			p.begin()
			ended := make(chan error, 1)
			go func() { ended <- p.Wait() }()
			if err, over := before(met, ended); over {
				t.Fatalf("the moment was not reached: %v\n%s", err, p.out.String())
			}
			_ = p.Process.Kill()
			<-ended
			proxy.Clear()
			if _, err := namedProject(t, "mixed").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			checkMixed(t, url)
		})
	}
}

// The run continues after a crash of the server, at whatever moment it happens.
func TestRunSurvivesServerCrash(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	for _, c := range moments { // not in parallel: a crash ends all sessions
		t.Run(c.name, func(t *testing.T) {
			url := server.Database(t)
			proxy := pgtest.NewProxy(t, url)
			done := c.reached(t, proxy, url)
			server.Stop(t, pgtest.Immediate)
			proxy.Clear()
			server.Start(t)
			if err := <-done; err != nil {
				t.Error(err)
			}
			checkMixed(t, url)
		})
	}
}

// The run continues after the promotion of a standby: what was not replicated is done again,
// and nothing twice.
func TestRunSurvivesPromotion(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"before its answer", "between two of its statements", "in a concurrent build", "before that is known"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			primary := pgtest.Start(t, pgtest.Options{})
			url := primary.Database(t)
			standby := primary.Standby(t)
			proxy := pgtest.NewProxy(t, url)
			done := moments[slices.IndexFunc(moments, func(m moment) bool { return m.name == name })].reached(t, proxy, url)
			primary.Stop(t, pgtest.Immediate)
			proxy.All(pgtest.Cut) // a stalled reply may confirm what was not replicated
			promoted := strings.Replace(url, hostOf(t, url), hostOf(t, standby.URL("postgres")), 1)
			proxy.Retarget(t, promoted)
			standby.Promote(t)
			proxy.Clear()
			if err := <-done; err != nil {
				t.Error(err)
			}
			checkMixed(t, promoted)
		})
	}
}

// A standby that is already promoted when the primary is shut down takes the run over: it has
// been up for longer than the run, but the session was not ended for its own sake.
func TestRunSurvivesShutdownAfterPromotion(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	url := primary.Database(t)
	standby := primary.Standby(t)
	proxy := pgtest.NewProxy(t, url)
	gate := "SELECT pg_sleep(CASE WHEN pg_is_in_recovery() OR inet_server_port() = %s THEN 60 ELSE 0 END);"
	port := hostOf(t, url)[strings.LastIndex(hostOf(t, url), ":")+1:]
	m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "", projecttest.NonTransactional).Add("b", "a", fmt.Sprintf(gate, port), "").Migrator(migrator.Config{Wait: time.Minute})
	done := make(chan error, 1)
	cfg := projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	promoted := strings.Replace(url, hostOf(t, url), hostOf(t, standby.URL("postgres")), 1)
	projecttest.Await(t, promoted, "SELECT count(*) FROM ambix_event WHERE action = 'up'", "1")
	standby.Promote(t)
	proxy.Retarget(t, promoted)
	primary.Stop(t, pgtest.Fast)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := pgtest.Value(t, promoted, eventsInOrder); got != "up a, up b" {
		t.Errorf("events: %s", got)
	}
}

func hostOf(t testing.TB, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// holdWAL keeps a server from writing what no commit has asked to flush, which it otherwise does every 10 seconds at least,
// until it crashes.
func holdWAL(t *testing.T, server *pgtest.Server) (crash func()) {
	t.Helper()
	pid, err := strconv.Atoi(pgtest.Value(t, server.URL("postgres"), "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"))
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGSTOP)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it could not obey the postmaster
		server.Stop(t, pgtest.Immediate)
	}
}

// Steps that a crash took back leave the report, and are run again once.
func TestReportLosesWhatACrashTookBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	// It sleeps until it has crashed once: an unlogged table is empty after that.
	pgtest.Exec(t, url, "CREATE UNLOGGED TABLE before_crash (id int)")
	pgtest.Exec(t, url, "INSERT INTO before_crash VALUES (1)")
	crash := holdWAL(t, server)
	p := projecttest.Chain(t, 8, 2, "SELECT pg_sleep(CASE WHEN (SELECT count(*) FROM before_crash) = 1 THEN 60 ELSE 0 END);")
	var mu sync.Mutex
	var shown []string
	m := p.Migrator(migrator.Config{Wait: time.Minute, OnEvent: func(e migrator.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case migrator.StepFinished:
			shown = append(shown, "up "+e.Step.Revision)
		case migrator.StepUndone:
			shown = slices.DeleteFunc(shown, func(s string) bool { return s == "up "+e.Step.Revision })
		}
	}})
	type result struct {
		r   *migrator.Report
		err error
	}
	done := make(chan result, 1)
	cfg := projecttest.Config(t, url)
	go func() { r, err := m.Up(context.Background(), cfg); done <- result{r, err} }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	crash() // nothing else was committed, which would flush the first two
	server.Start(t)
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	ledger := pgtest.Value(t, url, eventsInOrder)
	if steps := projecttest.Steps(got.r); steps != ledger || len(got.r.Steps) != 8 || strings.Join(shown, ", ") != ledger {
		t.Errorf("report %s\nevents %s\nledger %s", steps, strings.Join(shown, ", "), ledger)
	}
}

// A batch that fails, or is canceled, is flushed with the event about it. If the server
// crashes before that, the commits are gone, and the report does not have them.
func TestReportLosesCommitsThatWereNotFlushed(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	for _, c := range []struct{ name, body, match, steps, kind string }{
		{"failed", "SELECT nix;", "$ambix1$failed", "up a", "revision"},
		{"canceled", "SELECT pg_sleep(60);", "$ambix1$interrupted", "", "unknown-outcome"},
	} {
		t.Run(c.name, func(t *testing.T) { // not in parallel: a crash ends all sessions
			url := server.Database(t)
			// The ledger exists before: creating it is flushed.
			p := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", c.body, "")
			m := p.Migrator(migrator.Config{Wait: time.Minute})
			if _, err := m.EnsureLedger(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			crash := holdWAL(t, server)
			proxy := pgtest.NewProxy(t, url)
			met := proxy.Inject(pgtest.Fault{Match: c.match, Before: true, Action: pgtest.Stall})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var r *migrator.Report
			ended := make(chan error, 1)
			cfg := projecttest.Config(t, proxy.URL(url))
			go func() {
				var err error
				r, err = m.Up(ctx, cfg)
				ended <- err
			}()
			if c.name == "canceled" {
				projecttest.Await(t, url, projecttest.Sleeping, "1")
				cancel()
			}
			if err, over := before(met, ended); over {
				t.Fatalf("the event was not sent: %v", err)
			}
			crash()
			proxy.Clear()
			server.Start(t)
			err := <-ended
			var kinded interface {
				error
				Kind() migrator.Kind
			}
			if !errors.As(err, &kinded) || string(kinded.Kind()) != c.kind {
				t.Errorf("%v", err)
			}
			recorded := pgtest.Value(t, url, "SELECT coalesce(string_agg('up ' || revision, ', '), '') FROM ambix_event WHERE action = 'up'")
			if got := projecttest.Steps(r); got != c.steps || got != recorded {
				t.Errorf("reported %q, recorded %q, want %q: %v", got, recorded, c.steps, err)
			}
		})
	}
}

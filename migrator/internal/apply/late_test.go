package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// awaitRunnerSessions waits until so many sessions of runners are left in a database.
func awaitRunnerSessions(t *testing.T, url, n string) {
	t.Helper()
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%'", n)
}

// A message that is on its way when its connection is lost, and reaches the server after the
// run has looked what became of it, does not take effect: the report is true whatever the run
// does after that look.
func TestReportIsTrueWhenMessageArrivesLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		up, want  string // the body of b, and the report
		transient bool   // the connection is lost once
		cancel    bool   // the run is interrupted before it tries again
	}{
		{"the run goes on", "SELECT 1;", "up a, up b", true, false},
		{"a later revision fails", "SELECT 1 / (SELECT 0);", "up a", true, false},
		{"the run is interrupted", "SELECT 1;", "", true, true},
		{"the run gives up", "SELECT 1;", "", false, false},
	} {
		for _, exists := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				proxy := pgtest.NewProxy(t, url)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				starts := 0
				m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", c.up, "").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
					if s, ok := e.(migrator.StepStarted); !ok || s.Step.Revision != "a" {
						return
					}
					starts++
					switch { // the second start is after the look
					case starts == 1 || !c.transient:
					case c.cancel:
						cancel()
					default:
						proxy.Clear()
						awaitRunnerSessions(t, url, "1")
					}
				}})
				if exists {
					if _, err := m.EnsureLedger(ctx, projecttest.Config(t, url)); err != nil {
						t.Fatal(err)
					}
				}
				hold := pgtest.Fault{Match: "ambix up a", Before: true, Action: pgtest.Hold}
				if !c.transient {
					hold.Times = -1
				}
				proxy.Inject(hold)
				r, err := m.Up(ctx, projecttest.Config(t, proxy.URL(url)))
				proxy.Clear()
				awaitRunnerSessions(t, url, "0")
				var unknown *migrator.UnknownOutcomeError
				if errors.As(err, &unknown) || (err == nil) != (c.want == "up a, up b") {
					t.Errorf("%v", err)
				}
				const committed = "SELECT coalesce(string_agg('up ' || revision, ', ' ORDER BY event), '') FROM ambix_event WHERE action = 'up'"
				if got, recorded := projecttest.Steps(r), pgtest.Value(t, url, committed); got != c.want || recorded != c.want || len(r.Others) > 0 {
					t.Errorf("reported %q, recorded %q, others %v: %v", got, recorded, r.Others, err)
				}
			})
		}
	}
}

// The same for what changes only the ledger: after an error nothing is recorded, and after
// none it is recorded once.
func TestChangeOfLedgerIsRefusedWhenItArrivesLate(t *testing.T) {
	t.Parallel()
	for name, c := range changes(t) {
		for _, times := range []int{1, -1} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				c.prepare(url)
				events := func() string {
					if pgtest.Value(t, url, "SELECT to_regclass('ambix_event') IS NULL") == "t" {
						return ""
					}
					return pgtest.Value(t, url, "SELECT coalesce(string_agg(action || ' ' || revision, ', ' ORDER BY event), '') FROM ambix_event")
				}
				before := events()
				proxy := pgtest.NewProxy(t, url)
				activity := strings.Replace(name, "adopt", "stamp", 1)
				proxy.Inject(pgtest.Fault{Match: "ambix " + activity, Before: true, Action: pgtest.Hold, Times: times})
				got, err := c.do(context.Background(), proxy.URL(url))
				after := events()
				proxy.Clear()
				awaitRunnerSessions(t, url, "0")
				if late := events(); late != after || err == nil && got != c.done || err != nil && (times == 1 || after != before) {
					t.Errorf("%s, %v: events %q became %q, and %q later", got, err, before, after, late)
				}
			})
		}
	}
}

// A connection that is lost while the run waits is not the second loss of the revision that
// lost one before.
func TestLossWhileWaitingIsNotBlamedOnRevision(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	starts, losses := 0, 0
	release := func() {}
	m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		switch e.(type) {
		case migrator.StepStarted:
			if starts++; starts == 2 {
				release = projecttest.HoldLock(t, url, "another runner")
				proxy.Inject(pgtest.Fault{Match: "pg_locks", Before: true})
			}
		case migrator.ConnectionLost:
			losses++
			release()
		}
	}})
	proxy.Inject(pgtest.Fault{Match: "ambix up a", Before: true})
	r, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
	if err != nil || projecttest.Steps(r) != "up a" || losses != 2 {
		t.Errorf("%d losses: %+v, %v", losses, r, err)
	}
}

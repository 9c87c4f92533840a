package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// commitCase is a commit that the product sends.
type commitCase struct {
	name    string
	project func(*projecttest.Project)
	config  migrator.Config
	prepare string // "up", or "up" and then a modified file
	match   string // a part of the message that commits
	run     func(context.Context, *migrator.Migrator, *pgconn.Config) (claims string, err error)
	// unfinished: after that commit the revision is unfinished.
	unfinished bool
	failing    bool // the run fails in any case
}

func up(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
	r, err := m.Up(ctx, cfg)
	return projecttest.Steps(r), err
}

func off(body string) func(*projecttest.Project) {
	return func(p *projecttest.Project) { p.Add("a", "", body, "", projecttest.NonTransactional) }
}

func one(p *projecttest.Project) { p.Add("a", "", "CREATE TABLE x (id int);", "DROP TABLE x;") }

func three(p *projecttest.Project) {
	p.Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", "CREATE TABLE y (id int);", "").Add("c", "b", "CREATE TABLE z (id int);", "")
}

var commitCases = []commitCase{
	{name: "transactional", project: one, match: "ambix up a", run: up},
	{name: "batch", project: three, match: "ambix up a", run: up},
	{name: "single transaction", project: three, config: migrator.Config{SingleTransaction: true}, match: "COMMIT", run: up},
	{name: "opening", project: off("CREATE TABLE x (id int);"), match: "INSERT INTO \"public\".\"ambix_revision\"", run: up, unfinished: true},
	{name: "mark with its statement", project: off("CREATE TABLE x (id int);\nSELECT 1;"), match: "CREATE TABLE x", run: up, unfinished: true},
	{name: "mark before", project: off("VACUUM;\nSELECT 1;"), match: "sent:", run: up, unfinished: true},
	{name: "mark after", project: off("VACUUM;\nSELECT 1;"), match: "SET statements_done = 1", run: up, unfinished: true},
	{name: "closing", project: off("CREATE TABLE x (id int);"), match: "SET state = $ambix1$applied", run: up},
	{name: "failure event", project: func(p *projecttest.Project) { p.Add("a", "", "SELECT nix;", "") }, match: "$ambix1$failed", run: up, failing: true},
	{name: "down", project: one, prepare: "up", match: "ambix down a", run: func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
		r, err := m.Down(ctx, cfg)
		return projecttest.Steps(r), err
	}},
	{name: "stamp", project: one, match: "ambix stamp", run: func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
		r, err := m.Stamp(ctx, cfg, "heads")
		return strings.ReplaceAll(projecttest.Steps(r), "up", "stamp"), err
	}},
	{name: "repair", project: one, prepare: "modify", match: "ambix repair", run: func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
		done, err := m.Repair(ctx, cfg, "a", migrator.AcceptFile)
		if done != "" {
			done = "repair a"
		}
		return done, err
	}},
	{name: "ensure-version", project: one, match: "ambix ensure-version", run: func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
		created, err := m.EnsureLedger(ctx, cfg)
		return map[bool]string{true: "created"}[created], err
	}},
	{name: "adopt", project: one, match: "ambix stamp", run: func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) (string, error) {
		a, err := m.Adopt(ctx, cfg, migrator.Adopt{Baseline: []string{"a"}})
		if a == nil {
			return "", err
		}
		return "adopt " + strings.Join(a.Revisions, ", adopt "), err
	}},
}

// fate is what becomes of a commit.
type fate struct {
	name  string
	fault pgtest.Fault
	then  func(t *testing.T, url string, cancel func()) // once the commit is sent
}

var fates = []fate{
	{name: "confirmed"},
	{name: "wait canceled", then: func(t *testing.T, url string, _ func()) {
		pgtest.Exec(t, url, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'")
	}},
	{name: "context canceled", then: func(t *testing.T, url string, cancel func()) {
		cancel()
	}},
	{name: "cut before", fault: pgtest.Fault{Action: pgtest.Cut, Before: true}},
	{name: "cut after", fault: pgtest.Fault{Action: pgtest.HalfClose}},
}

// Whatever becomes of a commit that the product sends, the report, the events and the exit
// code agree with the ledger.
func TestReportEqualsLedger(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	for _, c := range commitCases {
		for _, f := range fates {
			// Not in parallel: the standbys are a setting of the server.
			if c.failing && f.then != nil {
				continue // it does not wait for a standby; see below
			}
			t.Run(c.name+", "+f.name, func(t *testing.T) {
				c.check(t, server, f)
			})
		}
	}
}

func (c commitCase) check(t *testing.T, server *pgtest.Server, f fate) {
	t.Helper()
	url := server.Database(t)
	t.Cleanup(func() { pgtest.SetSynchronousStandbys(t, url, "") }) // also after a failure: creating a database is a commit
	p := projecttest.New(t)
	c.project(p)
	var mu sync.Mutex
	var shown []string
	c.config.OnEvent = func(e migrator.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case migrator.StepFinished:
			shown = append(shown, string(e.Step.Direction)+" "+e.Step.Revision)
		case migrator.StepUndone:
			i := slices.Index(shown, string(e.Step.Direction)+" "+e.Step.Revision)
			shown = slices.Delete(shown, i, i+1)
		}
	}
	if c.prepare != "" {
		if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
			t.Fatal(err)
		}
	}
	if c.prepare == "modify" {
		p.Add("a", "", "CREATE TABLE x (id bigint);", "DROP TABLE x;")
	}
	proxy := pgtest.NewProxy(t, url)
	fault := f.fault
	fault.Match = c.match
	if f.then != nil {
		fault.Before, fault.Action = true, pgtest.Stall
	}
	var met <-chan struct{}
	if fault.Action != 0 || f.name == "cut before" {
		met = proxy.Inject(fault)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var claims string
	var err error
	done := make(chan struct{})
	m, cfg := p.Migrator(c.config), projecttest.Config(t, proxy.URL(url))
	go func() { defer close(done); claims, err = c.run(ctx, m, cfg) }()
	if f.then != nil {
		select {
		case <-met:
		case <-done:
			t.Fatalf("the commit was not sent: %v", err)
		}
		pgtest.SetSynchronousStandbys(t, url, "nobody")
		proxy.Clear()
		projecttest.Await(t, url, waitingForStandby, "1")
		f.then(t, url, cancel)
	}
	select {
	case <-done:
	case <-time.After(pgtest.Patience):
		t.Fatal("the run does not end")
	}
	pgtest.SetSynchronousStandbys(t, url, "")
	c.compare(t, url, f, claims, shown, err)
}

// compare compares what a run reports with the ledger.
func (c commitCase) compare(t *testing.T, url string, f fate, claims string, shown []string, err error) {
	t.Helper()
	events, state := "", ""
	if exists := pgtest.Value(t, url, "SELECT to_regclass('ambix_meta') IS NOT NULL"); exists == "t" {
		events = pgtest.Value(t, url, "SELECT coalesce(string_agg(action || ' ' || revision, ', ' ORDER BY event), '') FROM ambix_event WHERE action <> 'failed' AND action <> 'interrupted'")
		state = pgtest.Value(t, url, "SELECT coalesce(string_agg(DISTINCT state, ' '), '') FROM ambix_revision")
		if c.name == "ensure-version" {
			events = "created"
		}
	}
	if c.prepare != "" {
		events = strings.TrimPrefix(strings.TrimPrefix(events, "up a"), ", ")
	}
	lost := strings.HasPrefix(f.name, "cut") && slices.Contains([]string{"repair", "ensure-version", "adopt"}, c.name)
	if claims != events && !(lost && claims == "") {
		t.Errorf("claimed %q, the ledger has %q (%v)", claims, events, err)
	}
	if moves := strings.Join(shown, ", "); strings.Contains(claims, "up") && moves != claims {
		t.Errorf("events %q, claimed %q", moves, claims)
	}
	var unconfirmed *migrator.UnconfirmedError
	switch isUnconfirmed := errors.As(err, &unconfirmed); {
	case c.failing:
		if cli.ExitCode(err) == 0 || isUnconfirmed {
			t.Errorf("exit code %d: %v", cli.ExitCode(err), err)
		}
	case f.then == nil:
		if want := map[bool]int{true: 6}[lost && claims == ""]; cli.ExitCode(err) != want {
			t.Errorf("exit code %d, want %d: %v", cli.ExitCode(err), want, err)
		}
	case !isUnconfirmed:
		t.Errorf("not unconfirmed: %v", err)
	default:
		want := map[bool]int{true: 130, false: 6}[f.name == "context canceled"]
		if cli.ExitCode(err) != want {
			t.Errorf("exit code %d, want %d: %v", cli.ExitCode(err), want, err)
		}
		if unconfirmed.Unfinished != c.unfinished || c.unfinished != (state == "applying") {
			t.Errorf("unfinished %t, the ledger has %q: %v", unconfirmed.Unfinished, state, err)
		}
		if row := pgtest.Value(t, url, "SELECT coalesce(max(statements_done), 0) FROM ambix_revision"); c.unfinished && row != fmt.Sprint(unconfirmed.StatementsDone) {
			t.Errorf("%d statements are reported as done, the ledger has %s", unconfirmed.StatementsDone, row)
		}
	}
}

package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// waitingForStandby counts the commits that wait for a synchronous standby.
const waitingForStandby = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"

// unreplicated returns a database whose commits wait for a standby that does not exist.
func unreplicated(t testing.TB) (server *pgtest.Server, url string) {
	t.Helper()
	server = pgtest.Start(t, pgtest.Options{})
	url = server.Database(t)
	pgtest.SetSynchronousStandbys(t, url, "nobody")
	return server, url
}

// What is written after a failure or a cancel does not wait for a standby that is missing.
func TestCleanUpDoesNotWaitForStandby(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	t.Cleanup(func() { pgtest.SetSynchronousStandbys(t, server.URL("postgres"), "") })
	for name, body := range map[string]string{
		"failure":                "SELECT pg_sleep(60);",
		"first statement":        "SELECT pg_sleep(60);\n-- off",
		"second statement":       "SELECT 1;\nSELECT pg_sleep(60);\n-- off",
		"statement that commits": "CREATE INDEX CONCURRENTLY i ON slow (slow(id));\n-- off",
	} {
		pgtest.SetSynchronousStandbys(t, server.URL("postgres"), "")
		url := server.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE slow (id int); INSERT INTO slow VALUES (1); CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN 1; END $$")
		header := "transaction: on"
		if strings.Contains(body, "-- off") {
			header = projecttest.NonTransactional
		}
		m := projecttest.New(t).Add("a", "", body, "", header).Migrator(migrator.Config{})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		cfg := projecttest.Config(t, url)
		go func() { _, err := m.Up(ctx, cfg); done <- err }()
		projecttest.Await(t, url, projecttest.Sleeping, "1")
		pgtest.SetSynchronousStandbys(t, url, "nobody")
		cancel()
		for running := true; running; {
			select {
			case err := <-done:
				if running = false; err == nil {
					t.Errorf("%s: no error", name)
				}
			default:
				if pgtest.Value(t, url, waitingForStandby) != "0" {
					t.Errorf("%s: a commit waits for the standby", name)
					pgtest.SetSynchronousStandbys(t, url, "")
					<-done
					running = false
				}
			}
		}
		pgtest.SetSynchronousStandbys(t, url, "")
		if got := pgtest.Value(t, url, "SELECT string_agg(action, ' ') FROM ambix_event"); got != "interrupted" {
			t.Errorf("%s: events: %s", name, got)
		}
	}
}

// A commit that no synchronous standby confirmed, because the wait was canceled, is reported
// as committed and unconfirmed.
func TestUnreplicatedCommitIsReported(t *testing.T) {
	t.Parallel()
	_, url := unreplicated(t)
	ctx, cancel := context.WithCancel(context.Background())
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	type result struct {
		r   *migrator.Report
		err error
	}
	done := make(chan result, 1)
	cfg := projecttest.Config(t, url)
	go func() { r, err := m.Up(ctx, cfg); done <- result{r, err} }()
	projecttest.Await(t, url, waitingForStandby, "1")
	cancel()
	got := <-done
	var unconfirmed *migrator.UnconfirmedError
	if !errors.As(got.err, &unconfirmed) || !errors.Is(got.err, context.Canceled) || !strings.Contains(got.err.Error(), "upgrade c3 (add c3) is committed on this server, but no synchronous standby has confirmed it") {
		t.Errorf("%v", got.err)
	}
	if projecttest.Steps(got.r) != "up a1, up b2, up c3" {
		t.Errorf("%+v", got.r)
	}

	// Another session cancels the wait: the run is not interrupted.
	go func() { r, err := m.Down(context.Background(), cfg); done <- result{r, err} }()
	projecttest.Await(t, url, waitingForStandby, "1")
	pgtest.Exec(t, url, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'")
	got = <-done
	if !errors.As(got.err, &unconfirmed) || errors.Is(got.err, context.Canceled) || projecttest.Steps(got.r) != "down c3" {
		t.Errorf("%v, %+v", got.err, got.r)
	}

	// Its session is terminated: the run finds the commit, and waits until it is replicated.
	go func() { r, err := m.Up(context.Background(), cfg); done <- result{r, err} }()
	projecttest.Await(t, url, waitingForStandby, "1")
	first := pgtest.Value(t, url, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'")
	pgtest.Exec(t, url, "SELECT pg_terminate_backend("+first+")")
	projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep' AND pid <> "+first, "1")
	pgtest.SetSynchronousStandbys(t, url, "")
	if got = <-done; got.err != nil || projecttest.Steps(got.r) != "up c3" || len(got.r.Others) != 0 {
		t.Errorf("%v, %+v", got.err, got.r)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "up a1, up b2, up c3, down c3, up c3" {
		t.Errorf("events: %s", got)
	}
}

// After a failover the standby may answer before it is promoted.
func TestRunWaitsForPromotion(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	url := primary.URL("postgres")
	proxy := pgtest.NewProxy(t, url)
	met := make(chan struct{}, 100)
	m := mixed(t).Add("d", "c", "SELECT pg_sleep(CASE WHEN (SELECT count(*) FROM pg_class WHERE relname = 'promoted') = 0 THEN 60 ELSE 0 END);\nINSERT INTO runs VALUES ('d');", "").
		Migrator(migrator.Config{Wait: time.Minute, OnEvent: func(e migrator.Event) {
			if _, ok := e.(migrator.ConnectionLost); ok {
				met <- struct{}{}
			}
		}})
	done := make(chan error, 1)
	cfg := projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	projecttest.Await(t, standby.URL("postgres"), "SELECT count(*) FROM ambix_revision", "3")
	proxy.Retarget(t, standby.URL("postgres"))
	primary.Stop(t, pgtest.Immediate)
	<-met
	// The run has reached the standby when its sessions are there.
	projecttest.Await(t, standby.URL("postgres"), "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix%'", "t")
	standby.Promote(t)
	pgtest.Exec(t, standby.URL("postgres"), "CREATE TABLE promoted (id int)")
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, standby.URL("postgres"), "SELECT string_agg(revision, ' ' ORDER BY revision) FROM runs"); got != mixedRuns+" d" {
		t.Errorf("runs: %s", got)
	}
}

// The standby is promoted while a revision runs: the run continues there.
func TestRunSurvivesFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	url := primary.URL("postgres")
	proxy := pgtest.NewProxy(t, url)
	port := hostOf(t, url)[strings.LastIndex(hostOf(t, url), ":")+1:] // there the revision does not end
	p := mixed(t).Add("d", "c", "SELECT pg_sleep(CASE WHEN inet_server_port() = "+port+" THEN 600 ELSE 0 END);\nINSERT INTO runs VALUES ('d');", "")
	m := p.Migrator(migrator.Config{Wait: pgtest.Patience})
	done := make(chan error, 1)
	cfg := projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	projecttest.Await(t, standby.URL("postgres"), "SELECT count(*) FROM ambix_revision", "3")
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

func TestStandbyIsRefused(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, standby.URL("postgres")))
	var e *migrator.ConnectError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "it is a standby") {
		t.Errorf("%v", err)
	}
}

package apply_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// gate makes a revision sleep until somebody writes a row into a table.
const gate = "SELECT pg_sleep(CASE WHEN (SELECT count(*) FROM gate) = 0 THEN 60 ELSE 0 END);\nCREATE TABLE through (id int);"

// A restart of the server behind a pooler, which accepts connections meanwhile, is not taken
// for an administrator who ends the session. The run continues, or ends with exit code 6.
func TestRestartBehindPoolerIsNotBlamedOnTheRevision(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	pooler := server.PgBouncer(t, map[string]string{"server_login_retry": "1"})
	for _, back := range []bool{true, false} { // not in parallel: a restart ends all sessions
		url := server.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE gate (id int)")
		m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "").Add("b", "a", gate, "").Migrator(migrator.Config{Wait: map[bool]time.Duration{true: time.Minute}[back]})
		done := make(chan error, 1)
		cfg := projecttest.Config(t, pooler.Through(url))
		go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
		projecttest.Await(t, url, projecttest.Sleeping, "1")
		if back {
			pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
			server.Restart(t, pgtest.Fast)
			if err := <-done; err != nil {
				t.Errorf("%v", err)
			}
			if got := pgtest.Value(t, url, eventsInOrder); got != "up a, up b" {
				t.Errorf("events: %s", got)
			}
			continue
		}
		server.Stop(t, pgtest.Fast)
		err := <-done
		server.Start(t)
		var kinded interface {
			error
			Kind() migrator.Kind
		}
		if !errors.As(err, &kinded) || kinded.Kind() != migrator.KindUnknownOutcome || strings.Contains(err.Error(), ".sql") {
			t.Errorf("%v: %+v", err, kinded)
		}
		// The loss and the failure to connect again are two things.
		if text := err.Error(); strings.Contains(text, "connection lost: connection refused") || !strings.Contains(text, "during the upgrade of b (add b); reconnecting failed: ") {
			t.Errorf("%s", text)
		}
	}
}

// A restart is told from the end of one session on a direct connection too, also if the
// server is back before it is missed.
func TestTerminatedSessionIsToldFromRestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	proxy := pgtest.NewProxy(t, url)
	pgtest.Exec(t, url, "CREATE TABLE gate (id int)")
	var connections atomic.Int32
	back := make(chan struct{})
	m := projecttest.New(t).Add("a", "", gate, "").Migrator(migrator.Config{BeforeConnect: func(context.Context, *pgconn.Config) error {
		if connections.Add(1) > 1 {
			<-back
		}
		return nil
	}})
	done := make(chan error, 1)
	cfg := projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
	server.Restart(t, pgtest.Fast)
	close(back)
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
}

// The row and the error agree on what a body did that ended its own session.
func TestBodyThatTerminatesItself(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).Add("a", "", "LISTEN x;\nSELECT pg_terminate_backend(pg_backend_pid());\nSELECT 2;", "", projecttest.NonTransactional).Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Cause != migrator.CauseTerminated || e.Kind() != migrator.KindDatabase || e.StatementsDone != 1 {
		t.Errorf("%v: %+v", err, e)
	}
	if got := pgtest.Value(t, url, "SELECT state || ' ' || statements_done FROM ambix_revision"); got != "applying 1" {
		t.Errorf("the row: %s", got)
	}
}

// A stamp whose session an administrator ends names no file.
func TestTerminatedStampNamesNoFile(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	if _, err := m.EnsureLedger(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON ambix_revision FOR EACH ROW EXECUTE FUNCTION slow()`)
	done := make(chan error, 1)
	go func() { _, err := m.Stamp(ctx, cfg, "heads"); done <- err }()
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
	err := <-done
	var e *migrator.LedgerError
	if !errors.As(err, &e) || strings.Contains(err.Error(), ".sql") {
		t.Errorf("%v", err)
	}
}

// A run without steps only reads, and so it succeeds where nothing can be written.
func TestNothingToDoNeedsNoWrites(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	if _, err := m.Move(ctx, cfg, migrator.Up, "b2"); err != nil {
		t.Fatal(err)
	}
	readOnly := projecttest.Config(t, url)
	readOnly.RuntimeParams["default_transaction_read_only"] = "on"
	var e *migrator.ConnectError
	if _, err := m.Up(ctx, readOnly); !errors.As(err, &e) || e.Problem != migrator.ConnectReadOnly {
		t.Errorf("with a pending revision: %v", err)
	}
	if r, err := m.Move(ctx, readOnly, migrator.Up, "b2"); err != nil || len(r.Steps) != 0 {
		t.Errorf("nothing to do: %v, %+v", err, r)
	}
	if created, err := m.EnsureLedger(ctx, readOnly); err != nil || created {
		t.Errorf("ensure-version: %t, %v", created, err)
	}
}

package apply_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A step that waits for a lock reports the session that holds it.
func TestBlockersAreReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	holder := projecttest.Config(t, url)
	holder.RuntimeParams["application_name"] = "idle console"
	release := projecttest.Hold(t, holder, "BEGIN; SELECT * FROM account")
	var blocked []migrator.StepBlocked
	m := projecttest.New(t).Add("a", "", "ALTER TABLE account ADD name text;", "").Migrator(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
		if b, ok := e.(migrator.StepBlocked); ok {
			blocked = append(blocked, b)
			release()
		}
	}})
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	if _, err := m.Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if len(blocked) != 1 || len(blocked[0].Blockers) != 1 {
		t.Fatalf("%+v", blocked)
	}
	b := blocked[0].Blockers[0]
	if b.Application != "idle console" || b.State != "idle in transaction" || b.Query != "BEGIN; SELECT * FROM account" || b.Running <= 0 {
		t.Errorf("%+v", b)
	}
}

// The progress of an index build is reported, but not at every poll.
func TestIndexProgressIsReported(t *testing.T) {
	t.Parallel()
	for _, header := range []string{projecttest.NonTransactional, "transaction: on"} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE account (id int)")
		up := "CREATE INDEX CONCURRENTLY account_id ON account (id);"
		phase, index := "waiting for writers before build", "account_id"
		release := func() {}
		if header == projecttest.NonTransactional {
			release = projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; INSERT INTO account VALUES (1)")
		} else {
			// A build that waits only for its own expression.
			pgtest.Exec(t, url, "CREATE TABLE gate (id int); INSERT INTO account VALUES (1); CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN $1; END $$")
			release = projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(1)")
			up = "SET LOCAL lock_timeout = 0;\nCREATE INDEX account_id ON account (slow(id));"
			phase, index = "building index: scanning table", "" // not visible before its transaction commits
		}
		var reported []migrator.IndexProgress
		m := projecttest.New(t).Add("a", "", up, "", header).Migrator(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
			if p, ok := e.(migrator.IndexProgress); ok {
				reported = append(reported, p)
				release()
			}
		}})
		ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
		defer cancel()
		if _, err := m.Up(ctx, projecttest.Config(t, url)); err != nil {
			t.Fatal(err)
		}
		if len(reported) != 1 || reported[0].Step.Revision != "a" || reported[0].Phase != phase || reported[0].Index != index || reported[0].Table != "account" || reported[0].Running <= 0 {
			t.Errorf("%s: %+v", header, reported)
		}
		if header == projecttest.NonTransactional && len(reported) > 0 && reported[0].Total != 1 {
			t.Errorf("it has %d lockers of %d", reported[0].Done, reported[0].Total)
		}
	}
}

// While a batch runs, the revision that is running is named, and those before it are
// reported when they commit, not at the end of the batch.
func TestBatchIsReportedWhileItRuns(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(1)")
	var order []string
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE a (id int);", "").
		Add("b", "a", "SELECT pg_advisory_xact_lock(1);", "").
		Add("c", "b", "CREATE TABLE c (id int);", "").
		Migrator(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
			switch e := e.(type) {
			case migrator.StepStarted:
				order = append(order, "start "+e.Step.Revision)
			case migrator.StepFinished:
				if e.Step.Duration <= 0 {
					t.Errorf("%s has no duration", e.Step.Revision)
				}
				order = append(order, "finish "+e.Step.Revision)
			case migrator.StepProgress:
				if e.Step.Revision == "b" && e.Index == 2 && e.Len == 3 && e.Of == 1 {
					release()
				}
			}
		}})
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	report, err := m.Up(ctx, projecttest.Config(t, url))
	if err != nil || projecttest.Steps(report) != "up a, up b, up c" {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := strings.Join(order, ", "); got != "start a, finish a, start b, finish b, start c, finish c" {
		t.Errorf("events: %s", got)
	}
}

// Runs of one program in one database, with ledgers of their own and revisions of the same
// name, are not mistaken for each other.
func TestOnlyTheOwnSessionIsMonitored(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE x (id int)")
	release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; LOCK TABLE x")
	blocked, free := make(chan struct{}), make(chan error, 1)
	run := func(ledger, body string, onBlocked func()) error {
		m := projecttest.New(t).Add("a", "", body, "").Migrator(migrator.Config{Ledger: ledger, LockTimeout: -1, OnEvent: func(e migrator.Event) {
			if _, ok := e.(migrator.StepBlocked); ok {
				onBlocked()
			}
		}})
		_, err := m.Up(context.Background(), projecttest.Config(t, url))
		return err
	}
	var once sync.Once
	waiting := make(chan error, 1)
	go func() { waiting <- run("one.ambix", "LOCK TABLE x;", func() { once.Do(func() { close(blocked) }) }) }()
	go func() {
		free <- run("two.ambix", "SELECT pg_sleep(60);", func() { t.Error("the run that waits for nothing is reported as blocked") })
	}()
	<-blocked
	projecttest.Await(t, url, projecttest.Sleeping, "1")
	time.Sleep(3 * time.Second) // its monitor looks in the meantime
	release()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	pgtest.Exec(t, url, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
	<-free
}

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// The context ends at any message: what was sent ends on the server, the session holds no
// lock, and the next run finishes.
func TestCanceledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	big := "INSERT INTO big VALUES ('" + strings.Repeat("x", 400<<10) + "');\n"
	p := projecttest.New(t).
		Add("a", "", "CREATE TABLE big (t text);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "").
		Add("b", "a", big+big+big+"INSERT INTO runs VALUES ('b');", "").
		Add("c", "b", "COPY big FROM stdin;\n"+strings.Repeat("some row or other\n", 20000)+"\\.\nINSERT INTO runs VALUES ('c');", "").
		Add("d", "c", "CREATE INDEX CONCURRENTLY big_t ON big (left(t, 10));\nINSERT INTO runs VALUES ('d');\nVACUUM big;", "", projecttest.NonTransactional)
	for _, c := range []struct {
		match string
		skip  int
	}{
		{"SELECT format", 0},
		{"pg_description", 0},
		{"pg_backend_pid()", 0},
		{"ambix up a", 0},
		{"ambix up b", 0},
		{"INSERT INTO big", 1},
		{"INSERT INTO big", 2},
		{"COPY big", 0},
		{"some row or other", 5},
		{"pg_try_advisory_lock", 0},
		{"CREATE INDEX", 0},
		{"sent:", 0},
		{"INSERT INTO runs VALUES ('d')", 0},
		{"VACUUM", 0},
		{"COMMIT", 3},
		{"COMMIT", 5},
	} {
		t.Run(fmt.Sprintf("%s %d", c.match, c.skip), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			met := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: c.match, Skip: c.skip, Action: pgtest.Watch})
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			go func() {
				select {
				case <-met:
				case <-ctx.Done():
				}
				cancel()
			}()
			r, err := p.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, proxy.URL(url)))
			var interrupted *migrator.InterruptedError
			if err != nil && !errors.As(err, &interrupted) {
				t.Fatalf("%v", err)
			}
			projecttest.AwaitNoAdvisoryLocks(t, url)
			before := len(r.Steps)
			r, err = p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
			if err != nil || before+len(r.Steps) != 4 {
				t.Fatalf("%d steps, then %+v, %v", before, r, err)
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) || ' ' || (SELECT count(*) FROM big) FROM runs"); got != "a b c d 20003" {
				t.Errorf("runs, rows: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY event) FROM ambix_event WHERE action = 'up'"); got != "a b c d" {
				t.Errorf("events: %s", got)
			}
		})
	}
}

// A cancel request that arrives before the statement has begun has no effect. Another one
// follows.
func TestEarlyCancelRequestIsRepeated(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	held := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "pg_sleep", Before: true, Action: pgtest.Stall})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	m, cfg := projecttest.New(t).Add("a", "", "SELECT pg_sleep(60);", "").Migrator(migrator.Config{}), projecttest.Config(t, proxy.URL(url))
	go func() { _, err := m.Up(ctx, cfg); done <- err }()
	<-held
	cancel()
	for proxy.Stats().Cancels == 0 {
		time.Sleep(time.Millisecond)
	}
	proxy.Clear()
	err := <-done
	var interrupted *migrator.InterruptedError
	if !errors.As(err, &interrupted) || interrupted.Revision != "a" {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a" {
		t.Errorf("events: %s", got)
	}
}

// The context ends between two tries: it is recorded once, and no lock is held.
func TestCancelBetweenTriesIsReportedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, want string
		config       migrator.Config
	}{
		{"transaction: on", "upgrade a (add a) was canceled and rolled back", migrator.Config{}},
		{"transaction: on", "upgrade a (add a) was canceled and rolled back", migrator.Config{SingleTransaction: true}},
		{projecttest.NonTransactional, "upgrade a (add a) was canceled after 1 statement", migrator.Config{}},
	} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE account (id int)")
		projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT * FROM account")
		ctx, cancel := context.WithCancel(context.Background())
		c.config.LockTimeout, c.config.OnEvent = 10*time.Millisecond, func(e migrator.Event) {
			if _, ok := e.(migrator.StepRetrying); ok {
				cancel()
			}
		}
		_, err := projecttest.New(t).Add("a", "", "SELECT 1;\nALTER TABLE account ADD name text;", "", c.header).Migrator(c.config).Up(ctx, projecttest.Config(t, url))
		var interrupted *migrator.InterruptedError
		if !errors.As(err, &interrupted) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.header, err)
		}
		if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a" {
			t.Errorf("%s: events %s", c.header, got)
		}
		projecttest.AwaitNoAdvisoryLocks(t, url)
	}
}

// A procedure that ended is marked, even if the context has ended in the meantime.
func TestFinishedStatementIsMarkedAfterCancel(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE once (n int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO once VALUES (1); COMMIT; RAISE WARNING 'nearly done'; END $$")
	proxy := pgtest.NewProxy(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	p := projecttest.New(t).Add("a", "", "CALL work();\nINSERT INTO once VALUES (2);", "", projecttest.NonTransactional)
	m := p.Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if n, ok := e.(migrator.Notice); ok && n.Text == "nearly done" && n.Line == 7 {
			proxy.Inject(pgtest.Fault{Action: pgtest.Cut, Times: -1}) // no cancel request gets through
			cancel()
		}
	}})
	_, err := m.Up(ctx, projecttest.Config(t, proxy.URL(url)))
	var interrupted *migrator.InterruptedError
	if !errors.As(err, &interrupted) || interrupted.StatementsDone != 1 {
		t.Fatalf("%v", err)
	}
	if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2" {
		t.Errorf("rows: %s", got)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a, up a" {
		t.Errorf("events: %s", got)
	}
}

package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
)

const sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"

// holdLock takes the runners' lock in a session of somebody else.
func holdLock(t testing.TB, url, application string) (release func()) {
	t.Helper()
	cfg := config(t, url)
	cfg.RuntimeParams["application_name"] = application
	return hold(t, cfg, "BEGIN; "+ledger.Name{}.TryLock())
}

// counted counts how often each revision was begun.
func counted() (starts map[string]int, onEvent func(migrator.Event)) {
	starts = map[string]int{}
	return starts, func(e migrator.Event) {
		if s, ok := e.(migrator.Started); ok {
			starts[s.Step.Revision]++
		}
	}
}

// Who ends the session of a revision that does harm does not see it come back.
func TestAdministratorEndsTheSession(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"transaction: on", off} {
		url := pgtest.Database(t)
		starts, onEvent := counted()
		set := newProject(t).add("a", "", "SELECT pg_sleep(60);", "", header).set(migrator.Config{OnEvent: onEvent})
		done := make(chan error, 1)
		cfg := config(t, url)
		go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
		await(t, url, sleeping, "1")
		pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")
		err := <-done
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "57P01" || !strings.HasPrefix(e.Text, "somebody ended its session: ") {
			t.Errorf("%s: %v", header, err)
		}
		if starts["a"] != 1 {
			t.Errorf("%s: it was begun %d times", header, starts["a"])
		}
		if got := pgtest.Value(t, url, eventsInOrder); got != "failed a" {
			t.Errorf("%s: events %s", header, got)
		}
		if got := locks(t, url); got != "0" {
			t.Errorf("%s: %s locks are left", header, got)
		}
	}
}

// A statement that ends the connection every time is not tried for ever: it may be what
// makes the server crash.
func TestLostEveryTime(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	starts, onEvent := counted()
	proxy := pgtest.NewProxy(t, url)
	proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "out of memory", Action: pgtest.Cut, Times: -1})
	set := newProject(t).add("a", "", "CREATE TABLE x (id int);", "").add("b", "a", "SELECT 'out of memory', pg_sleep(1), 1 / (SELECT 0);", "").set(migrator.Config{OnEvent: onEvent})
	r, err := set.Up(context.Background(), config(t, proxy.URL(url)))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || !strings.HasPrefix(e.Text, "the connection was lost twice while it ran") {
		t.Fatalf("%v", err)
	}
	// At first it shared a message with a, which may have run or not.
	if starts["b"] > 3 || steps(r) != "up a" {
		t.Errorf("b was begun %d times: %+v", starts["b"], r)
	}
}

// The server crashes in the middle and comes back: the run goes on by itself.
func TestRunSurvivesACrash(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	url := server.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE gate (id int)")
	const slow = "\nSELECT pg_sleep(CASE WHEN (SELECT count(*) FROM gate) = %d THEN 60 ELSE 0 END);\nINSERT INTO runs VALUES ('%s');"
	set := mixed(t).
		add("d", "c", fmt.Sprintf("CREATE TABLE d (id int);"+slow, 0, "d"), "").
		add("e", "d", fmt.Sprintf("CREATE TABLE e (id int);"+slow, 1, "e"), "", off).
		set(migrator.Config{Wait: time.Minute})
	done := make(chan error, 1)
	cfg := config(t, url)
	go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
	for range 2 {
		await(t, url, sleeping, "1")
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

// A waiter that loses its connection goes on waiting.
func TestWaiterSurvivesALoss(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := holdLock(t, url, "another program")
	proxy := pgtest.NewProxy(t, url)
	lost := false
	var once sync.Once
	set := shop(t).set(migrator.Config{OnEvent: func(e migrator.Event) {
		switch e := e.(type) {
		case migrator.Waiting:
			once.Do(func() { proxy.All(pgtest.Cut) })
			if lost {
				release()
			}
			if e.Holder.Application != "another program" || e.Holder.User != "postgres" || e.Holder.PID == "" {
				t.Errorf("the holder: %+v", e.Holder)
			}
		case migrator.Lost:
			lost = true
		}
	}})
	r, err := set.Up(context.Background(), config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 3 || !lost {
		t.Errorf("%+v, %v, lost %v", r, err, lost)
	}
}

// A waiter gives up at its time, says for whom it waited, and has run nothing.
func TestWaiterGivesUp(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	holdLock(t, url, "another program")
	for _, wait := range []time.Duration{-1, 200 * time.Millisecond} {
		for _, header := range []string{"transaction: on", off} {
			r, err := newProject(t).add("a", "", "CREATE TABLE x (id int);", "", header).set(migrator.Config{WaitRunner: wait}).Up(context.Background(), config(t, url))
			var busy *apply.BusyError
			if !errors.As(err, &busy) || !strings.Contains(err.Error(), `another runner: "another program", role postgres`) || len(r.Steps) != 0 {
				t.Errorf("%v: %v", wait, err)
			}
			if wait > 0 && busy != nil && busy.Waited < wait {
				t.Errorf("gave up after %v", busy.Waited)
			}
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'x' OR relname LIKE 'ambix%'"); got != "0" {
		t.Errorf("%s tables are there", got)
	}
}

// The time for other runners begins when one is met, not when the run begins.
func TestWaitingBeginsWithTheWait(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var release func()
	waited := 0
	set := newProject(t).
		// What has COPY does not share a message with the next one.
		add("a", "", "CREATE TABLE x (id int);\nCOPY x FROM stdin;\n\\.\nSELECT pg_sleep(2.1);", "").
		add("b", "a", "CREATE TABLE y (id int);", "").
		set(migrator.Config{WaitRunner: 2 * time.Second, OnEvent: func(e migrator.Event) {
			switch e := e.(type) {
			case migrator.Finished:
				if e.Step.Revision == "a" {
					release = holdLock(t, url, "somebody who slipped in")
				}
			case migrator.Waiting:
				waited++
				release()
			}
		}})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil || waited != 1 {
		t.Errorf("waited %d times, %v", waited, err)
	}
}

// The caller gives up at any point: what was sent ends on the server, nothing is left in
// the session, and the next run finishes.
func TestCancelAtAnyMessage(t *testing.T) {
	t.Parallel()
	big := "INSERT INTO big VALUES ('" + strings.Repeat("x", 400<<10) + "');\n"
	p := newProject(t).
		add("a", "", "CREATE TABLE big (t text);\nCREATE TABLE runs (revision text);\nINSERT INTO runs VALUES ('a');", "").
		add("b", "a", big+big+big+"INSERT INTO runs VALUES ('b');", "").
		add("c", "b", "COPY big FROM stdin;\n"+strings.Repeat("some row or other\n", 20000)+"\\.\nINSERT INTO runs VALUES ('c');", "").
		add("d", "c", "CREATE INDEX CONCURRENTLY big_t ON big (left(t, 10));\nINSERT INTO runs VALUES ('d');\nVACUUM big;", "", off)
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
			r, err := p.set(migrator.Config{}).Up(ctx, config(t, proxy.URL(url)))
			var interrupted *apply.InterruptedError
			if err != nil && !errors.As(err, &interrupted) {
				t.Fatalf("%v", err)
			}
			if got := locks(t, url); got != "0" {
				t.Errorf("%s locks are left", got)
			}
			before := len(r.Steps)
			r, err = p.set(migrator.Config{}).Up(context.Background(), config(t, url))
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

// A request to cancel that arrives before the server has begun is lost. Another one
// follows.
func TestCancelThatComesTooEarly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	held := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "pg_sleep", Before: true, Action: pgtest.Stall})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	set, cfg := newProject(t).add("a", "", "SELECT pg_sleep(60);", "").set(migrator.Config{}), config(t, proxy.URL(url))
	go func() { _, err := set.Up(ctx, cfg); done <- err }()
	<-held
	cancel()
	for proxy.Stats().Cancels == 0 {
		time.Sleep(time.Millisecond)
	}
	proxy.Clear()
	err := <-done
	var interrupted *apply.InterruptedError
	if !errors.As(err, &interrupted) || interrupted.Revision != "a" {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a" {
		t.Errorf("events: %s", got)
	}
}

// The caller gives up between two tries: that is told once, and nothing is left.
func TestCancelBetweenTwoTries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, want string
		config       migrator.Config
	}{
		{"transaction: on", "upgrade a (add a) was cancelled and rolled back", migrator.Config{}},
		{"transaction: on", "upgrade a (add a) was cancelled and rolled back", migrator.Config{SingleTransaction: true}},
		{off, "upgrade a (add a) was cancelled; what it had finished stays (1 statement)", migrator.Config{}},
	} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE account (id int)")
		hold(t, config(t, url), "BEGIN; SELECT * FROM account")
		ctx, cancel := context.WithCancel(context.Background())
		c.config.LockTimeout, c.config.OnEvent = 10*time.Millisecond, func(e migrator.Event) {
			if _, ok := e.(migrator.Retrying); ok {
				cancel()
			}
		}
		_, err := newProject(t).add("a", "", "SELECT 1;\nALTER TABLE account ADD name text;", "", c.header).set(c.config).Up(ctx, config(t, url))
		var interrupted *apply.InterruptedError
		if !errors.As(err, &interrupted) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.header, err)
		}
		if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a" {
			t.Errorf("%s: events %s", c.header, got)
		}
		if got := locks(t, url); got != "0" {
			t.Errorf("%s: %s locks are left", c.header, got)
		}
	}
}

// COPY with a server that talks back, fails, or is gone.
func TestCopyMeetsTrouble(t *testing.T) {
	t.Parallel()
	const table = "CREATE TABLE x (id int, name text);\nCREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'row % of many, and a long line to fill what lies between us: %', NEW.id, repeat('x', 200); RETURN NEW; END $$;\n" +
		"CREATE TRIGGER talk BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION talk();\n"
	rows := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%d\trow number %d %s\n", i, i, strings.Repeat("y", 100))
		}
		return b.String()
	}
	t.Run("notices", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		notices := 0
		set := newProject(t).add("a", "", table+"COPY x FROM stdin;\n"+rows(10000)+"\\.\n", "").set(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok {
				notices++
				if n.Line != 9 {
					t.Errorf("line %d", n.Line)
				}
			}
		}})
		if _, err := set.Up(context.Background(), config(t, url)); err != nil || notices != 10000 {
			t.Errorf("%d notices, %v", notices, err)
		}
	})
	t.Run("an error and notices", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		set := newProject(t).add("a", "", table+"COPY x FROM stdin;\n"+rows(2000)+"not a number\tx\n"+rows(20000)+"\\.\n", "").set(migrator.Config{})
		_, err := set.Up(context.Background(), config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "22P02" || e.Line != 2010 || e.Source != "not a number\tx" {
			t.Errorf("%v", err)
		}
	})
	t.Run("data that nobody wants", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		set := newProject(t).add("a", "", "CREATE TABLE y (id int);\nCOPY nowhere FROM stdin;\n"+rows(10)+"\\.\n", "").set(migrator.Config{})
		_, err := set.Up(context.Background(), config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "42P01" || e.Line != 7 {
			t.Errorf("%v", err)
		}
	})
	for _, action := range []pgtest.Action{pgtest.Cut, pgtest.Reset, pgtest.HalfClose} {
		t.Run(fmt.Sprintf("cut %d", action), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			proxy := pgtest.NewProxy(t, url)
			proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "row number 9000", Action: action})
			set := newProject(t).add("a", "", "CREATE TABLE x (id int, name text);\nCOPY x FROM stdin;\n"+rows(20000)+"\\.\n", "").set(migrator.Config{})
			r, err := set.Up(context.Background(), config(t, proxy.URL(url)))
			if err != nil || steps(r) != "up a" {
				t.Fatalf("%+v, %v", r, err)
			}
			if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "20000" {
				t.Errorf("%s rows", got)
			}
		})
	}
	t.Run("terminated", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 1000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); END IF; RETURN NEW; END $$")
		set := newProject(t).add("a", "", "CREATE TABLE x (id int, name text); CREATE TRIGGER leave BEFORE INSERT ON x FOR EACH ROW EXECUTE FUNCTION leave();\nCOPY x FROM stdin;\n"+rows(60000)+"\\.\n", "").set(migrator.Config{})
		_, err := set.Up(context.Background(), config(t, url))
		var gone *pg.LostError
		if !errors.As(err, &gone) || pg.ServerError(err) == nil || pg.ServerError(err).Code != "57P01" {
			t.Errorf("the server's last word is lost: %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		ctx, cancel := context.WithCancel(context.Background())
		set := newProject(t).add("a", "", table+"COPY x FROM stdin;\n"+rows(60000)+"\\.\n", "").set(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok && strings.HasPrefix(n.Text, "row 100 ") {
				cancel()
			}
		}})
		_, err := set.Up(ctx, config(t, url))
		var interrupted *apply.InterruptedError
		if !errors.As(err, &interrupted) || interrupted.Revision != "a" {
			t.Errorf("%v", err)
		}
	})
}

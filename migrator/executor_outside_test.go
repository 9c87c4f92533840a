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
	"example.com/ambix/migrator/internal/pgtest"
)

const eventsInOrder = "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"

// Outside a transaction a body may change its role for the statements that follow. The
// ledger is written as ourselves, and the role is back for the next statement.
func TestRoleInsideOutside(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	weak := config(t, pgtest.Role(t, admin)).User
	pgtest.Exec(t, admin, fmt.Sprintf("CREATE SCHEMA theirs AUTHORIZATION %s", weak))
	p, parent := newProject(t), ""
	for i, change := range []string{"SET ROLE %s", "SET SESSION AUTHORIZATION %s", "SET SESSION AUTHORIZATION %[1]s; SET ROLE %[1]s", "SELECT set_config('role', '%s', false)"} {
		table := fmt.Sprintf("x%d", i)
		p.add("a"+table, parent, fmt.Sprintf(change+`;
CREATE TABLE theirs.%[2]s (id int);
CREATE INDEX CONCURRENTLY %[2]s_id ON theirs.%[2]s (id);
VACUUM theirs.%[2]s;
INSERT INTO theirs.%[2]s VALUES (1);
DO $$ BEGIN IF current_user <> '%[1]s' THEN RAISE 'now it is %%', current_user; END IF; END $$;`, weak, table), "", off).
			add("b"+table, "a"+table, "DO $$ BEGIN IF current_user <> session_user OR current_user = '"+weak+"' THEN RAISE 'now it is %', current_user; END IF; END $$;", "")
		parent = "b" + table
		if _, err := p.set(migrator.Config{}).Up(context.Background(), config(t, admin)); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
		if got := pgtest.Value(t, admin, "SELECT tableowner FROM pg_tables WHERE tablename = '"+table+"'"); got != weak {
			t.Errorf("%s: owner %s", change, got)
		}
		if got := pgtest.Value(t, admin, "SELECT applied_by <> '"+weak+"' AND state = 'applied' FROM ambix_revision WHERE revision = 'a"+table+"'"); got != "t" {
			t.Errorf("%s: the row was written as the body's role", change)
		}
	}
}

// When a run resumes it makes the settings of the finished statements again, and nothing
// else that those did.
func TestResumeRepeatsSettingsOnly(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	up := `CREATE TABLE once (n int);
CREATE SCHEMA s;
SET search_path TO s, public;
SELECT pg_catalog.set_config('work_mem', '5MB', false);
WITH i AS (INSERT INTO once VALUES (1)) SELECT set_config('my.setting', 'x', false);
SELECT set_config('my.other', nextval('once_seq')::text, false);
SELECT 1 / (SELECT count(*) FROM gate);
INSERT INTO once VALUES (CASE WHEN current_setting('search_path') = 's, public' AND current_setting('work_mem') = '5MB' THEN 2 END);`
	pgtest.Exec(t, url, "CREATE TABLE gate (id int); CREATE SEQUENCE once_seq")
	set := newProject(t).add("a", "", up, "", off).set(migrator.Config{})
	ctx, cfg := context.Background(), config(t, url)
	for range 2 {
		_, err := set.Up(ctx, cfg)
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.Done != 6 || e.SQLState != "22012" {
			t.Fatalf("%v", err)
		}
	}
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
	if _, err := set.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) || ', ' || (SELECT last_value FROM once_seq) FROM once"); got != "1 2, 1" {
		t.Errorf("rows, sequence: %s", got)
	}
}

// A plan that was made before another runner went on with a revision, and died, is made
// again: nothing runs twice.
func TestResumeWithAStalePlan(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE gate (n int); CREATE TABLE once (n int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO once VALUES (3); COMMIT; END $$")
	const gate = "SELECT 1 / (SELECT count(*) FROM gate WHERE n = %d);\n"
	set := newProject(t).add("a", "", "INSERT INTO once VALUES (1);\n"+fmt.Sprintf(gate, 1)+"INSERT INTO once VALUES (2);\nCALL work();\n"+fmt.Sprintf(gate, 2)+"INSERT INTO once VALUES (4);", "", off).set(migrator.Config{})
	ctx := context.Background()
	if _, err := set.Up(ctx, config(t, url)); err == nil {
		t.Fatal("the gate is open")
	}
	proxy := pgtest.NewProxy(t, url)
	stalled := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "pg_try_advisory_lock", Before: true, Action: pgtest.Stall})
	done := make(chan error, 1)
	slow := config(t, proxy.URL(url))
	go func() { _, err := set.Up(ctx, slow); done <- err }()
	<-stalled
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
	var e *migrator.RevisionError
	if _, err := set.Up(ctx, config(t, url)); !errors.As(err, &e) || e.Done != 4 {
		t.Fatalf("the other runner: %v", err)
	}
	pgtest.Exec(t, url, "INSERT INTO gate VALUES (2)")
	proxy.Clear()
	if err := <-done; err != nil {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2 3 4" {
		t.Errorf("rows: %s", got)
	}
}

// A procedure whose end was seen is marked, also when the caller has given up meanwhile.
func TestCancelledTooLate(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE once (n int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO once VALUES (1); COMMIT; RAISE WARNING 'nearly done'; END $$")
	proxy := pgtest.NewProxy(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	p := newProject(t).add("a", "", "CALL work();\nINSERT INTO once VALUES (2);", "", off)
	set := p.set(migrator.Config{OnEvent: func(e migrator.Event) {
		if n, ok := e.(migrator.Notice); ok && n.Text == "nearly done" && n.Line == 7 {
			proxy.Inject(pgtest.Fault{Action: pgtest.Cut, Times: -1}) // no request to cancel gets through
			cancel()
		}
	}})
	_, err := set.Up(ctx, config(t, proxy.URL(url)))
	var interrupted *apply.InterruptedError
	if !errors.As(err, &interrupted) || interrupted.Done != 1 {
		t.Fatalf("%v", err)
	}
	if _, err := p.set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2" {
		t.Errorf("rows: %s", got)
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != "interrupted a, up a" {
		t.Errorf("events: %s", got)
	}
}

// What takes a strong lock waits for it as briefly outside a transaction as inside, and
// is tried again.
func TestStrongLocksOutside(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{"VACUUM FULL x;", "CALL work();", "ALTER TABLE x ADD name text;"} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; LOCK x; END $$")
			release := hold(t, config(t, url), "BEGIN; SELECT * FROM x")
			tries := 0
			set := newProject(t).add("a", "", statement, "", off).set(migrator.Config{LockTimeout: 20 * time.Millisecond, OnEvent: func(e migrator.Event) {
				if _, ok := e.(migrator.Retrying); ok {
					tries++
					release()
				}
			}})
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, err := set.Up(ctx, config(t, url))
			var failed *migrator.RevisionError
			switch {
			case statement == "CALL work();": // it may have done a part: nobody tries again by himself
				if !errors.As(err, &failed) || failed.SQLState != "55P03" || !strings.Contains(failed.Hint, "repair a --applied") {
					t.Errorf("%v", err)
				}
				var undecided *apply.UndecidedError
				if _, err := set.Up(ctx, config(t, url)); !errors.As(err, &undecided) {
					t.Errorf("again: %v", err)
				}
			case err != nil || tries == 0:
				t.Errorf("%d tries, %v", tries, err)
			}
		})
	}
}

// A concurrent build waits for old transactions longer than for a table's lock; with a
// bound in the header it gives up, removes what it left, and is tried again.
func TestConcurrentBuildWaits(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "lock_timeout: 50ms"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE x (id int)")
			release := hold(t, config(t, url), "BEGIN; INSERT INTO x VALUES (1)")
			var mu sync.Mutex
			var repaired []string
			headers := []string{off}
			if header != "" {
				headers = append(headers, header)
			}
			set := newProject(t).add("a", "", "CREATE INDEX CONCURRENTLY x_id ON x (id);", "", headers...).set(migrator.Config{LockTimeout: time.Millisecond, OnEvent: func(e migrator.Event) {
				mu.Lock()
				defer mu.Unlock()
				switch e := e.(type) {
				case migrator.Retrying:
					release()
				case migrator.Repaired:
					repaired = append(repaired, e.Statement)
				}
			}})
			done := make(chan error, 1)
			cfg := config(t, url)
			go func() { _, err := set.Up(context.Background(), cfg); done <- err }()
			if header == "" {
				await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > '100ms'", "1")
				release()
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(repaired, ";"); header != "" && !strings.HasPrefix(got, "DROP INDEX CONCURRENTLY public.x_id") || header == "" && got != "" {
				t.Errorf("repaired: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT bool_and(indisvalid) || ' ' || count(*) FROM pg_index WHERE indrelid = 'x'::regclass"); got != "true 1" {
				t.Errorf("valid, how many: %s", got)
			}
		})
	}
}

// What other concurrent statements leave when they get no lock is found and finished.
func TestHalfDoneConcurrentStatements(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, statement, repair, check string
		since                          int
	}{
		{"reindex", "REINDEX INDEX CONCURRENTLY x_id;", "DROP INDEX CONCURRENTLY public.x_id_ccnew", "SELECT string_agg(indexrelid::regclass::text || ' ' || indisvalid, ', ') = 'x_id true' FROM pg_index WHERE indrelid = 'x'::regclass", 13},
		{"reindex table", "REINDEX TABLE CONCURRENTLY x;", "DROP INDEX CONCURRENTLY public.x_id_ccnew", "SELECT count(*) = 1 FROM pg_index WHERE indrelid = 'x'::regclass", 13},
		{"drop", "DROP INDEX CONCURRENTLY x_id;", "", "SELECT to_regclass('x_id') IS NULL", 13},
		{"detach", "ALTER TABLE p DETACH PARTITION x CONCURRENTLY;", "ALTER TABLE p DETACH PARTITION x FINALIZE", "SELECT count(*) = 0 FROM pg_inherits WHERE inhrelid = 'x'::regclass", 14},
	} {
		if pgtest.Shared(t).Major < c.since {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE x PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE INDEX x_id ON x (id)")
			release := hold(t, config(t, url), "BEGIN; INSERT INTO p VALUES (1)")
			repaired := ""
			set := newProject(t).add("a", "", c.statement, "", off, "lock_timeout: 50ms").set(migrator.Config{OnEvent: func(e migrator.Event) {
				switch e := e.(type) {
				case migrator.Retrying:
					release()
				case migrator.Repaired:
					repaired = e.Statement
				}
			}})
			if _, err := set.Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			if repaired != c.repair {
				t.Errorf("repaired %q, want %q", repaired, c.repair)
			}
			if got := pgtest.Value(t, url, c.check); got != "t" {
				t.Errorf("%s gives %s", c.check, got)
			}
		})
	}
}

// Each sort of statement that runs alone, and whose end was not seen: decided by the
// catalog, repeated, or asked about.
func TestStatementsInDoubt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		statement string
		sent      bool // the statement reached the server
		undecided bool
	}{
		{"CREATE INDEX CONCURRENTLY x_id ON x (id)", true, false},
		{"CREATE INDEX CONCURRENTLY x_id ON x (id)", false, false},
		{"CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"X id\" ON x (id)", true, false},
		{"CREATE INDEX CONCURRENTLY ON x (id)", true, true},
		{"DROP INDEX CONCURRENTLY old", true, false},
		{"DROP INDEX CONCURRENTLY old", false, false},
		{"REINDEX TABLE CONCURRENTLY x", true, false},
		{"VACUUM x", true, false},
		{"ALTER SYSTEM RESET work_mem", true, false},
		{"CREATE DATABASE %s", true, false},
		{"CREATE DATABASE %s", false, false},
	} {
		t.Run(fmt.Sprintf("%s %v", c.statement, c.sent), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			other := strings.Replace(config(t, url).Database, "t_", "u_", 1)
			statement := strings.ReplaceAll(c.statement, "%s", other)
			if statement != c.statement {
				t.Cleanup(func() { pgtest.Exec(t, url, "DROP DATABASE IF EXISTS "+other) })
			}
			pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE INDEX old ON x (id)")
			set := newProject(t).add("a", "", "CREATE TABLE once (n int);\n"+statement+";\nINSERT INTO once VALUES (1);", "", off).set(migrator.Config{})
			proxy := pgtest.NewProxy(t, url)
			proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: statement + ";\n\x00", Before: !c.sent, Action: pgtest.HalfClose})
			_, err := set.Up(context.Background(), config(t, proxy.URL(url)))
			var undecided *apply.UndecidedError
			if c.undecided {
				if !errors.As(err, &undecided) || undecided.Line != 8 {
					t.Fatalf("%v", err)
				}
				if _, err := set.Repair(context.Background(), config(t, url), "a", migrator.DecideApplied); err != nil {
					t.Fatal(err)
				}
				_, err = set.Up(context.Background(), config(t, url))
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := pgtest.Value(t, url, "SELECT (SELECT count(*) FROM once) || ' ' || bool_and(indisvalid) FROM pg_index WHERE indrelid = 'x'::regclass"); got != "1 true" && got != "NULL" {
				t.Errorf("rows, valid: %s", got)
			}
			if got := pgtest.Value(t, url, eventsInOrder); got != "up a" && got != "repair a, up a" {
				t.Errorf("events: %s", got)
			}
		})
	}
}

// A down script runs, is interrupted and resumed as an up script does, also one that only
// the ledger has.
func TestOutsideDown(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{false, true} {
		url := pgtest.Database(t)
		ctx, cfg := context.Background(), config(t, url)
		p := newProject(t).add("a", "", "CREATE TABLE x (id int); CREATE TABLE gate (id int); CREATE TABLE once (n int);", "DROP TABLE x, gate, once;")
		base := p.set(migrator.Config{})
		p.add("b", "a", "CREATE INDEX CONCURRENTLY x_id ON x (id);", "", off)
		p.files["b.down.sql"].Data = []byte("-- revision: b\n-- transaction: off\n\nINSERT INTO once VALUES (1);\nDROP INDEX CONCURRENTLY x_id;\nSELECT 1 / (SELECT count(*) FROM gate);\nINSERT INTO once VALUES (2);\n")
		set := p.set(migrator.Config{})
		if _, err := set.Up(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		if stored {
			set = base
		}
		_, err := set.To(ctx, cfg, "a")
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.Done != 2 || stored != strings.HasPrefix(e.File, "ledger:") {
			t.Fatalf("%v", err)
		}
		if got := pgtest.Value(t, url, "SELECT state || ' ' || statements_done FROM ambix_revision WHERE revision = 'b'"); got != "reverting 2" {
			t.Errorf("the row: %s", got)
		}
		pgtest.Exec(t, url, "INSERT INTO gate VALUES (1)")
		if r, err := set.To(ctx, cfg, "a"); err != nil || steps(r) != "down b" {
			t.Fatalf("%+v, %v", r, err)
		}
		if got := pgtest.Value(t, url, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM once"); got != "1 2" {
			t.Errorf("rows: %s", got)
		}
	}
}

func TestBodyGivesTheLockAway(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	_, err := newProject(t).add("a", "", "CREATE TABLE x (id int);\nSELECT pg_advisory_unlock_all();\nINSERT INTO x VALUES (1);", "", off).set(migrator.Config{}).Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Done != 1 || !strings.Contains(e.Text, "gave the runner's lock away") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "0" {
		t.Error("it went on without the lock")
	}
}

// What a revision leaves in the session does not reach the next one, outside too.
func TestHygieneOutside(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := newProject(t).
		add("a", "", "CREATE TABLE account (id int);", "").
		add("b", "a", "CREATE TEMP TABLE account (other int);\nSET search_path TO '';\nSET statement_timeout = '1h';\nSET client_encoding = 'LATIN1';\nSET standard_conforming_strings = off;\nPREPARE p AS SELECT 1;\nLISTEN x;\nSELECT pg_advisory_lock(42);\nSET synchronous_commit = off;", "", off).
		add("c", "b", "ALTER TABLE account ADD name text; INSERT INTO account VALUES (1, 'é\\n');\nPREPARE p AS SELECT 1;\nDO $$ BEGIN IF current_setting('statement_timeout') <> '0' OR (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42) > 0 THEN RAISE 'left over'; END IF; END $$;", "").
		set(migrator.Config{})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT length(name) FROM public.account"); got != "3" {
		t.Errorf("length: %s", got)
	}
}

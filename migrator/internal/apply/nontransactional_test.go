package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestNonTransactionalRevisionIsApplied(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (id int, name text);\nCREATE TYPE mood AS ENUM ('sad');", "DROP TABLE x; DROP TYPE mood;").
		Add("b", "a", `SET lock_timeout = '1s';
ALTER TYPE mood ADD VALUE 'ok';
INSERT INTO x SELECT g, 'n' FROM generate_series(1, 1000) g;
COPY x FROM stdin;
2000	from copy
\.
CREATE INDEX CONCURRENTLY x_id ON x (id);
VACUUM x;
CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO x VALUES (3000); COMMIT; INSERT INTO x VALUES (3001); COMMIT; END $$;
CALL twice();
`, "DROP INDEX x_id;\nDROP PROCEDURE twice();\nDELETE FROM x;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	r, err := m.Up(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if projecttest.Steps(r) != "up a, up b" || r.Steps[1].Transactional {
		t.Errorf("%+v", r)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "1003" {
		t.Errorf("%s rows", got)
	}
	if got := pgtest.Value(t, url, "SELECT state || ' ' || statements_done || ' ' || (checksum LIKE 'v1:%') FROM ambix_revision WHERE revision = 'b'"); got != "applied 8 true" {
		t.Errorf("the row: %s", got)
	}
	st, err := m.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Applied) != 2 {
		t.Errorf("status: %+v, %v", st, err)
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}

// A non-transactional body may change its role for the statements that follow. The ledger is
// written as the runner's role, and the body's role is back for the next statement.
func TestLedgerIsNotWrittenAsRoleOfBody(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	weak := projecttest.Config(t, pgtest.Role(t, admin)).User
	pgtest.Exec(t, admin, fmt.Sprintf("CREATE SCHEMA other AUTHORIZATION %s", weak))
	p, parent := projecttest.New(t), ""
	for i, change := range []string{"SET ROLE %s", "SET SESSION AUTHORIZATION %s", "SET SESSION AUTHORIZATION %[1]s; SET ROLE %[1]s", "SELECT set_config('role', '%s', false)"} {
		table := fmt.Sprintf("x%d", i)
		p.Add("a"+table, parent, fmt.Sprintf(change+`;
CREATE TABLE other.%[2]s (id int);
CREATE INDEX CONCURRENTLY %[2]s_id ON other.%[2]s (id);
VACUUM other.%[2]s;
INSERT INTO other.%[2]s VALUES (1);
DO $$ BEGIN IF current_user <> '%[1]s' THEN RAISE 'the role is %%', current_user; END IF; END $$;`, weak, table), "", projecttest.NonTransactional).
			Add("b"+table, "a"+table, "DO $$ BEGIN IF current_user <> session_user OR current_user = '"+weak+"' THEN RAISE 'the role is %', current_user; END IF; END $$;", "")
		parent = "b" + table
		if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, admin)); err != nil {
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

// Statements that take strong locks have the same lock timeout as in a transaction, and are
// tried again.
func TestNonTransactionalLockTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{"VACUUM FULL x;", "CALL work();", "ALTER TABLE x ADD name text;"} {
		t.Run(statement, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; LOCK x; END $$")
			release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT * FROM x")
			tries := 0
			m := projecttest.New(t).Add("a", "", statement, "", projecttest.NonTransactional).Migrator(migrator.Config{LockTimeout: 20 * time.Millisecond, OnEvent: func(e migrator.Event) {
				if _, ok := e.(migrator.StepRetrying); ok {
					tries++
					release()
				}
			}})
			ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
			defer cancel()
			_, err := m.Up(ctx, projecttest.Config(t, url))
			var failed *migrator.RevisionError
			switch {
			case statement == "CALL work();": // it may have committed a part, so it is not tried again
				if !errors.As(err, &failed) || failed.SQLState != "55P03" || !failed.Undecided {
					t.Errorf("%v", err)
				}
				var undecided *migrator.RefusedError
				if _, err := m.Up(ctx, projecttest.Config(t, url)); !errors.As(err, &undecided) {
					t.Errorf("again: %v", err)
				}
			case err != nil || tries == 0:
				t.Errorf("%d tries, %v", tries, err)
			}
		})
	}
}

// A concurrent build waits for old transactions longer than other statements wait for a
// lock. With a lock_timeout in the header it times out, is repaired, and is tried again.
func TestConcurrentBuildHasLongLockTimeout(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "lock_timeout: 50ms"} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			pgtest.Exec(t, url, "CREATE TABLE x (id int)")
			release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; INSERT INTO x VALUES (1)")
			var mu sync.Mutex
			var repaired []string
			headers := []string{projecttest.NonTransactional}
			if header != "" {
				headers = append(headers, header)
			}
			m := projecttest.New(t).Add("a", "", "CREATE INDEX CONCURRENTLY x_id ON x (id);", "", headers...).Migrator(migrator.Config{LockTimeout: time.Millisecond, OnEvent: func(e migrator.Event) {
				mu.Lock()
				defer mu.Unlock()
				switch e := e.(type) {
				case migrator.StepRetrying:
					release()
				case migrator.Repaired:
					repaired = append(repaired, e.Statement)
				}
			}})
			done := make(chan error, 1)
			cfg := projecttest.Config(t, url)
			go func() { _, err := m.Up(context.Background(), cfg); done <- err }()
			if header == "" {
				projecttest.Await(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > '100ms'", "1")
				release()
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(repaired, ";"); header != "" && !strings.HasPrefix(got, "DROP INDEX CONCURRENTLY IF EXISTS public.x_id") || header == "" && got != "" {
				t.Errorf("repaired: %s", got)
			}
			if got := pgtest.Value(t, url, "SELECT bool_and(indisvalid) || ' ' || count(*) FROM pg_index WHERE indrelid = 'x'::regclass"); got != "true 1" {
				t.Errorf("valid, how many: %s", got)
			}
		})
	}
}

func TestReleasedLockStopsRevision(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	_, err := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);\nSELECT pg_advisory_unlock_all();\nINSERT INTO x VALUES (1);", "", projecttest.NonTransactional).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.StatementsDone != 1 || !strings.Contains(e.Reason, "released the runner's lock") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM x"); got != "0" {
		t.Error("it continued without the lock")
	}
}

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// What other concurrent statements leave after a lock timeout is repaired.
func TestHalfDoneConcurrentStatementIsFinished(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, statement, repair, check string
		since                          int
	}{
		{"reindex", "REINDEX INDEX CONCURRENTLY x_id;", "DROP INDEX CONCURRENTLY IF EXISTS public.x_id_ccnew", "SELECT string_agg(indexrelid::regclass::text || ' ' || indisvalid, ', ') = 'x_id true' FROM pg_index WHERE indrelid = 'x'::regclass", 13},
		{"reindex table", "REINDEX TABLE CONCURRENTLY x;", "DROP INDEX CONCURRENTLY IF EXISTS public.x_id_ccnew", "SELECT count(*) = 1 FROM pg_index WHERE indrelid = 'x'::regclass", 13},
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
			release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; INSERT INTO p VALUES (1)")
			repaired := ""
			m := projecttest.New(t).Add("a", "", c.statement, "", projecttest.NonTransactional, "lock_timeout: 50ms").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
				switch e := e.(type) {
				case migrator.StepRetrying:
					release()
				case migrator.Repaired:
					repaired = e.Statement
				}
			}})
			if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			if repaired != c.repair {
				t.Errorf("repaired %q, want %q", repaired, c.repair)
			}
			if got := pgtest.Value(t, url, c.check); got != "t" {
				t.Errorf("%s returned %s", c.check, got)
			}
		})
	}
}

// The outcome of a statement whose end was not seen is found in the system catalog, or the
// statement is repeated, or a person has to decide.
func TestOutcomeOfLostStatementIsResolved(t *testing.T) {
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
			other := strings.Replace(projecttest.Config(t, url).Database, "t_", "u_", 1)
			statement := strings.ReplaceAll(c.statement, "%s", other)
			if statement != c.statement {
				t.Cleanup(func() { pgtest.Exec(t, url, "DROP DATABASE IF EXISTS "+other) })
			}
			pgtest.Exec(t, url, "CREATE TABLE x (id int); CREATE INDEX old ON x (id)")
			m := projecttest.New(t).Add("a", "", "CREATE TABLE once (n int);\n"+statement+";\nINSERT INTO once VALUES (1);", "", projecttest.NonTransactional).Migrator(migrator.Config{})
			proxy := pgtest.NewProxy(t, url)
			proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: statement + ";\n\x00", Before: !c.sent, Action: pgtest.HalfClose})
			_, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
			var undecided *migrator.RefusedError
			if c.undecided {
				if !errors.As(err, &undecided) || undecided.Line != 8 {
					t.Fatalf("%v", err)
				}
				if _, err := m.Repair(context.Background(), projecttest.Config(t, url), "a", migrator.DecideApplied); err != nil {
					t.Fatal(err)
				}
				_, err = m.Up(context.Background(), projecttest.Config(t, url))
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

// A prepared transaction that still exists is ended again; of one that is gone, a person
// has to say what became of it.
func TestOutcomeOfPreparedTransactionIsResolved(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "10"}})
	for _, verb := range []string{"COMMIT", "ROLLBACK"} {
		for _, sent := range []bool{false, true} {
			t.Run(fmt.Sprint(verb, " ", sent), func(t *testing.T) {
				t.Parallel()
				url := server.Database(t)
				gid := projecttest.Config(t, url).Database + "'s"
				end := verb + " PREPARED '" + strings.ReplaceAll(gid, "'", "''") + "'"
				pgtest.Exec(t, url, "CREATE TABLE x (id int)")
				pgtest.Exec(t, url, "BEGIN; INSERT INTO x VALUES (1); PREPARE TRANSACTION '"+strings.ReplaceAll(gid, "'", "''")+"'")
				t.Cleanup(func() {
					if pgtest.Value(t, url, "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()") != "0" {
						pgtest.Exec(t, url, end)
					}
				})
				m := projecttest.New(t).Add("a", "", end+";\nSELECT 1;", "", projecttest.NonTransactional).Migrator(migrator.Config{})
				proxy := pgtest.NewProxy(t, url)
				proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: end + ";\n\x00", Before: !sent, Action: pgtest.HalfClose})
				_, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
				var undecided *migrator.RefusedError
				if got := errors.As(err, &undecided); got != sent || !sent && err != nil {
					t.Errorf("undecided %t: %v", got, err)
				}
				if got, want := pgtest.Value(t, url, "SELECT count(*) FROM x"), map[string]string{"COMMIT": "1", "ROLLBACK": "0"}[verb]; got != want {
					t.Errorf("%s rows, want %s", got, want)
				}
			})
		}
	}
}

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

func TestBodyCannotDropLedger(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE kept (id int);", "").
		Add("b", "a", "DROP SCHEMA public CASCADE; CREATE SCHEMA public;", "").
		Migrator(migrator.Config{})
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "b" || !strings.Contains(e.Reason, "removed the ledger") {
		t.Fatalf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ') FROM ambix_revision"); got != "a" {
		t.Errorf("applied: %s", got)
	}
}

// A revision that removes, hides or changes the ledger is never committed.
func TestBodyCannotChangeLedger(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"DROP TABLE ambix_revision;", "DROP TABLE ambix_event;", "DROP TABLE ambix_revision, ambix_event, ambix_meta;", "DROP SCHEMA public CASCADE;", "DROP SCHEMA public CASCADE; CREATE SCHEMA public;",
		"ALTER TABLE ambix_revision RENAME TO other;", "ALTER SCHEMA public RENAME TO other;", "DELETE FROM ambix_revision;", "TRUNCATE ambix_revision;", "UPDATE ambix_revision SET revision = 'c';",
		"ALTER TABLE ambix_revision DROP COLUMN state;", "DROP TABLE ambix_event; CREATE TABLE ambix_event (id int);",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
				url := pgtest.Database(t)
				m := projecttest.New(t).Add("a", "", "CREATE TABLE kept (id int);", "").Add("b", "a", "CREATE TABLE gone (id int);\n"+body, "", header).Migrator(migrator.Config{})
				_, err := m.Up(context.Background(), projecttest.Config(t, url))
				var e *migrator.RevisionError
				if !errors.As(err, &e) || e.Revision != "b" {
					t.Fatalf("%s: %v", header, err)
				}
				if got := pgtest.Value(t, url, "SELECT string_agg(revision || ' ' || state, ', ' ORDER BY revision) FROM public.ambix_revision"); header == "transaction: on" && got != "a applied" || header == projecttest.NonTransactional && got != "a applied, b applying" {
					t.Errorf("%s: %s", header, got)
				}
				if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM public.ambix_event"); got != "up a, failed b" {
					t.Errorf("%s: events %s", header, got)
				}
			}
		})
	}
}

// Statements that end or change the transaction are refused when the file is read, with their
// position. Those that only the server recognizes are refused by the server.
func TestTransactionControlIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ statement, want string }{
		{"COMMIT;", "COMMIT is not allowed"},
		{"ROLLBACK;", "ROLLBACK is not allowed"},
		{"BEGIN;", "BEGIN is not allowed"},
		{"END;", "END is not allowed"},
		{"ABORT;", "ABORT is not allowed"},
		{"START TRANSACTION;", "START TRANSACTION is not allowed"},
		{"COMMIT AND CHAIN;", "COMMIT AND CHAIN is not allowed"},
		{"PREPARE TRANSACTION 'x';", "PREPARE TRANSACTION is not allowed"},
		{"COMMIT PREPARED 'x';", "cannot run inside a transaction block"},
		{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", "SET TRANSACTION is not allowed"},
		{"SET LOCAL TRANSACTION READ ONLY;", "is not allowed"},
		{"DISCARD ALL;", "DISCARD ALL is not allowed"},
		{"CREATE INDEX CONCURRENTLY i ON x (id);", `"-- transaction: off"`},
		{"VACUUM;", `"-- transaction: off"`},
		{"\\connect x\n", `psql meta-command \connect`},
	} {
		p := projecttest.New(t).Add("a", "", "SELECT 1;\n  "+c.statement, "")
		_, err := migrator.New(p.Files, migrator.Config{})
		var problems *migrator.FilesError
		if !errors.As(err, &problems) || len(problems.Problems) != 1 || problems.Problems[0].Line != 7 || problems.Problems[0].Column < 3 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.statement, err)
		}
	}
	for _, body := range []string{"CALL work();", "DO $$ BEGIN COMMIT; END $$;", "DO $$ BEGIN ROLLBACK; END $$;"} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$")
		_, err := projecttest.New(t).Add("a", "", "CREATE TABLE gone (id int);\n"+body, "").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "2D000" || e.Line != 7 || e.Statement != strings.TrimSuffix(body, ";") || !strings.Contains(e.Hint, "`transaction: off`") {
			t.Errorf("%s: %v, %+v", body, err, e)
		}
		if got := pgtest.Value(t, url, "SELECT to_regclass('gone') IS NULL"); got != "t" {
			t.Errorf("%s: not rolled back", body)
		}
	}
}

// A body may fail with any SQLSTATE that our own statements use: the error is the body's, with
// its position.
func TestBodyErrorIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ up, want string }{
		{"SELECT 'busy'::int;", `r.up.sql:6:8: upgrade r (add r): invalid input syntax for type integer: "busy" (22P02)`},
		{"SELECT ('ambix:busy/' || pg_backend_pid())::int;", `r.up.sql:6:1: upgrade r (add r): invalid input syntax for type integer: "ambix:busy/`},
		{"SELECT 1;\nSELECT * FROM nowhere;", `r.up.sql:7:15: upgrade r (add r): relation "nowhere" does not exist (42P01)`},
		{"INSERT INTO x VALUES (1), (1);", `r.up.sql:6:1: upgrade r (add r): duplicate key value violates unique constraint "x_pkey" (23505)`},
		{"CREATE TABLE x (id int);", `r.up.sql:6:1: upgrade r (add r): relation "x" already exists (42P07)`},
		{"DO $$ BEGIN RAISE SQLSTATE '22P02' USING MESSAGE = 'mine'; END $$;", `r.up.sql:6:1: upgrade r (add r): mine (22P02)`},
		{"DO $$ BEGIN RAISE SQLSTATE '57014' USING MESSAGE = 'mine'; END $$;", `r.up.sql:6:1: upgrade r (add r): mine (57014)`},
		{"SET transaction_isolation = 'serializable';", `r.up.sql:6:1: upgrade r (add r): SET TRANSACTION ISOLATION LEVEL must be called before any query (25001)`},
		{"SET transaction_read_only = on;", `r.up.sql: upgrade r (add r): the revision made its transaction read-only and cannot be recorded: cannot execute `},
	} {
		for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
			if header == projecttest.NonTransactional && strings.Contains(c.up, "transaction_") {
				continue
			}
			t.Run(header+" "+c.up, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				want := strings.ReplaceAll(strings.ReplaceAll(c.want, ":6:", ":7:"), "7:15", "8:15")
				m := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int PRIMARY KEY);", "").Add("r", "a", c.up, "", header).Migrator(migrator.Config{})
				_, err := m.Up(context.Background(), projecttest.Config(t, url))
				var e *migrator.RevisionError
				if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), want) {
					t.Fatalf("have %v\nwant %s", err, want)
				}
				if strings.Contains(c.up, "isolation") && e.Hint != "" {
					t.Errorf("hint: %s", e.Hint)
				}
				if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM ambix_event"); got != "up a, failed r" {
					t.Errorf("events: %s", got)
				}
			})
		}
	}
}

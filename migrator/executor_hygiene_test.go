package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// leftovers are things that a body can leave in its session, and a query that finds them
// there.
var leftovers = []struct{ name, body, found string }{
	{"search_path", "CREATE SCHEMA IF NOT EXISTS elsewhere; SET search_path TO elsewhere", "current_setting('search_path') LIKE '%elsewhere%'"},
	{"empty search_path", "SELECT pg_catalog.set_config('search_path', '', false)", "current_setting('search_path') = ''"},
	{"role", "SET ROLE pg_monitor", "current_user = 'pg_monitor'"},
	{"session authorization", "SET SESSION AUTHORIZATION pg_monitor", "session_user = 'pg_monitor'"},
	{"statement_timeout", "SET statement_timeout = '1h'", "current_setting('statement_timeout') = '1h'"},
	{"lock_timeout", "SET lock_timeout = '1h'", "current_setting('lock_timeout') = '1h'"},
	{"idle timeout", "SET idle_in_transaction_session_timeout = '1h'", "current_setting('idle_in_transaction_session_timeout') = '1h'"},
	{"string syntax", "SET standard_conforming_strings = off", "current_setting('standard_conforming_strings') = 'off'"},
	{"encoding", "SET client_encoding = 'LATIN1'", "current_setting('client_encoding') = 'LATIN1'"},
	{"row_security", "SET row_security = off", "current_setting('row_security') = 'off'"},
	{"replication role", "SET session_replication_role = replica", "current_setting('session_replication_role') = 'replica'"},
	{"messages", "SET client_min_messages = error", "current_setting('client_min_messages') = 'error'"},
	{"time zone", "SET TIME ZONE 'Asia/Tokyo'", "current_setting('TimeZone') = 'Asia/Tokyo'"},
	{"read only", "SET default_transaction_read_only = on", "current_setting('default_transaction_read_only') = 'on'"},
	{"isolation", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "current_setting('default_transaction_isolation') = 'serializable'"},
	{"asynchronous commits", "SET synchronous_commit = off", "current_setting('synchronous_commit') = 'off'"},
	{"temporary table", "CREATE TEMP TABLE account (other int)", "to_regclass('pg_temp.account') IS NOT NULL"},
	{"temporary function", "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "to_regproc('pg_temp.f') IS NOT NULL"},
	{"prepared statement", "PREPARE p AS SELECT 1", "EXISTS (SELECT FROM pg_prepared_statements)"},
	{"cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "EXISTS (SELECT FROM pg_cursors WHERE name = 'c')"},
	{"channel", "LISTEN x", "EXISTS (SELECT FROM pg_listening_channels())"},
	{"advisory lock", "SELECT pg_advisory_lock(42)", "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 42)"},
	{"setting of its own", "SET my.setting = 'x'", "current_setting('my.setting', true) = 'x'"},
	{"disabled setting", "SET enable_seqscan = off; SET work_mem = '64kB'", "current_setting('enable_seqscan') = 'off' OR current_setting('work_mem') = '64kB'"},
}

// Nothing that a revision leaves in the session reaches the next one or the ledger:
// when both share a message, when each has its own, outside a transaction, directly and
// through a pooler.
func TestNothingReachesTheNextRevision(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, way := range []struct {
		name, copy, header string
		pooled             bool
	}{
		{"shared", "", "transaction: on", false},
		{"alone", "COPY account FROM stdin;\n\\.\n", "transaction: on", false},
		{"outside", "", off, false},
		{"shared, pooled", "", "transaction: on", true},
		{"alone, pooled", "COPY account FROM stdin;\n\\.\n", "transaction: on", true},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			direct := server.Database(t)
			url := direct
			if way.pooled {
				url = server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct)
			}
			p, parent := newProject(t).add("first", "", "CREATE TABLE account (id int);", ""), "first"
			for i, c := range leftovers {
				leaves, probes := fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)
				p.add(leaves, parent, way.copy+c.body+";\n", "", way.header)
				p.add(probes, leaves, fmt.Sprintf("DO $$ BEGIN IF %s THEN RAISE 'left over: %s'; END IF; END $$;\nCREATE TABLE t%d (id int);\nALTER TABLE account ADD c%d text;\n%s", c.found, c.name, i, i, way.copy), "")
				parent = probes
			}
			if _, err := p.set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			if got := pgtest.Value(t, direct, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't%'"); got != fmt.Sprint(len(leftovers)) {
				t.Errorf("%s tables are in public", got)
			}
			if got := pgtest.Value(t, direct, "SELECT bool_and(applied_by = 'postgres') FROM ambix_revision"); got != "t" {
				t.Error("a row was written as somebody else")
			}
			for _, c := range leftovers {
				if got := pgtest.Value(t, url, "SELECT "+c.found); got != "f" && got != "NULL" {
					t.Errorf("%s: a stranger in the pool finds it", c.name)
				}
			}
		})
	}
}

// After a failure nothing of the body stays in a session that goes back to a pool.
func TestNothingStaysAfterAFailure(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	pooled := server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct)
	for _, c := range leftovers {
		for _, copy := range []string{"", "COPY nowhere FROM stdin;\n1\n\\.\n"} {
			set := newProject(t).add("a", "", c.body+";\n"+copy+"SELECT 1 / (SELECT 0);", "").set(migrator.Config{})
			_, err := set.Up(context.Background(), config(t, pooled))
			var e *migrator.RevisionError
			if !errors.As(err, &e) {
				t.Errorf("%s: %v", c.name, err)
			}
			if got := pgtest.Value(t, pooled, "SELECT "+c.found); got != "f" && got != "NULL" {
				t.Errorf("%s: a stranger finds it", c.name)
			}
		}
	}
	if got := locks(t, direct); got != "0" {
		t.Errorf("%s locks are left", got)
	}
}

// Deferred constraints and triggers run with the body's settings, before ours come back,
// and are blamed on the revision.
func TestDeferredTriggersRunBeforeTheReset(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	const base = `CREATE SCHEMA s;
SET search_path TO s;
SET my.who = 'body';
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE log (who text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (current_setting('my.who')); RAISE WARNING 'noted'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER note AFTER INSERT ON p DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO p VALUES (1);`
	warnings := 0
	set := newProject(t).add("a", "", base, "DROP SCHEMA s CASCADE;").set(migrator.Config{OnEvent: func(e migrator.Event) {
		if n, ok := e.(migrator.Notice); ok && n.Text == "noted" && n.Severity == "WARNING" {
			warnings++
		}
	}})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT who FROM s.log"); got != "body" || warnings != 1 {
		t.Errorf("who: %s, %d warnings", got, warnings)
	}
	bad := newProject(t).add("b", "", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (7);", "").set(migrator.Config{Ledger: "s.ambix"})
	pgtest.Exec(t, url, "DROP TABLE ambix_meta, ambix_revision, ambix_event")
	_, err := bad.Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.SQLState != "23503" || !strings.Contains(e.Excerpt(), "DETAIL: Key (id)=(7) is not present") {
		t.Errorf("%v", err)
	}
}

// A revision that takes the ledger along, or hides it, is never committed.
func TestLedgerIsTakenAlong(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"DROP TABLE ambix_revision;", "DROP TABLE ambix_event;", "DROP TABLE ambix_revision, ambix_event, ambix_meta;", "DROP SCHEMA public CASCADE;", "DROP SCHEMA public CASCADE; CREATE SCHEMA public;",
		"ALTER TABLE ambix_revision RENAME TO other;", "ALTER SCHEMA public RENAME TO other;", "DELETE FROM ambix_revision;", "TRUNCATE ambix_revision;", "UPDATE ambix_revision SET revision = 'c' WHERE revision = 'b';",
		"ALTER TABLE ambix_revision DROP COLUMN state;", "DROP TABLE ambix_event; CREATE TABLE ambix_event (id int);",
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			for _, header := range []string{"transaction: on", off} {
				url := pgtest.Database(t)
				set := newProject(t).add("a", "", "CREATE TABLE kept (id int);", "").add("b", "a", "CREATE TABLE gone (id int);\n"+body, "", header).set(migrator.Config{})
				_, err := set.Up(context.Background(), config(t, url))
				var e *migrator.RevisionError
				if !errors.As(err, &e) || e.Revision != "b" {
					t.Fatalf("%s: %v", header, err)
				}
				if got := pgtest.Value(t, url, "SELECT string_agg(revision || ' ' || state, ', ' ORDER BY revision) FROM public.ambix_revision"); header == "transaction: on" && got != "a applied" || header == off && got != "a applied, b applying" {
					t.Errorf("%s: %s", header, got)
				}
				if got := pgtest.Value(t, url, "SELECT string_agg(action || ' ' || revision, ', ' ORDER BY event) FROM public.ambix_event"); got != "up a, failed b" {
					t.Errorf("%s: events %s", header, got)
				}
			}
		})
	}
}

// Statements that would end the transaction, or change it, are refused in the file, with
// their place. What only the server can see is refused by the server, and named.
func TestTransactionControlInABody(t *testing.T) {
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
		{"COMMIT PREPARED 'x';", "COMMIT PREPARED is not allowed"},
		{"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", "SET TRANSACTION is not allowed"},
		{"SET LOCAL TRANSACTION READ ONLY;", "is not allowed"},
		{"DISCARD ALL;", "DISCARD ALL is not allowed"},
		{"CREATE INDEX CONCURRENTLY i ON x (id);", `"-- transaction: off"`},
		{"VACUUM;", `"-- transaction: off"`},
		{"\\connect x\n", `psql meta-command \connect`},
	} {
		p := newProject(t).add("a", "", "SELECT 1;\n  "+c.statement, "")
		_, err := migrator.New(p.files, migrator.Config{})
		var problems migrator.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Line != 7 || problems[0].Column < 3 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.statement, err)
		}
	}
	for _, body := range []string{"CALL work();", "DO $$ BEGIN COMMIT; END $$;", "DO $$ BEGIN ROLLBACK; END $$;"} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$")
		_, err := newProject(t).add("a", "", "CREATE TABLE gone (id int);\n"+body, "").set(migrator.Config{}).Up(context.Background(), config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || e.SQLState != "2D000" || e.Line != 7 || e.Statement != strings.TrimSuffix(body, ";") || !strings.Contains(e.Hint, "`-- transaction: off`") {
			t.Errorf("%s: %v, %+v", body, err, e)
		}
		if got := pgtest.Value(t, url, "SELECT to_regclass('gone') IS NULL"); got != "t" {
			t.Errorf("%s: something was kept", body)
		}
	}
}

// A body that sets lock_timeout itself, as every pg_dump does, is warned about, once.
func TestBodyWithALockTimeoutOfItsOwn(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var warnings []string
	set := newProject(t).
		add("a", "", "SELECT 'lock_timeout';", "").
		add("b", "a", "SELECT 1;\nSET lock_timeout = 0;\nSET lock_timeout = 0;", "").
		add("c", "b", "SELECT set_config('lock_timeout', '0', false);", "", off).
		set(migrator.Config{OnEvent: func(e migrator.Event) {
			if n, ok := e.(migrator.Notice); ok {
				warnings = append(warnings, fmt.Sprintf("%s %s:%d %s", n.Severity, n.Step.Revision, n.Line, n.Text))
			}
		}})
	if _, err := set.Up(context.Background(), config(t, url)); err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 2 || !strings.HasPrefix(warnings[0], "WARNING b:7 the body sets lock_timeout itself") || !strings.HasPrefix(warnings[1], "WARNING c:7 ") {
		t.Errorf("%q", warnings)
	}
}

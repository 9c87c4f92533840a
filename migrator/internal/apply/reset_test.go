package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// leftovers are things that a body can leave in its session, with conditions that find them.
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
	{"prepared statement", "PREPARE p AS SELECT 1", "EXISTS (SELECT FROM pg_prepared_statements WHERE name NOT LIKE 'ambix_%')"},
	{"cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "EXISTS (SELECT FROM pg_cursors WHERE name = 'c')"},
	{"channel", "LISTEN x", "EXISTS (SELECT FROM pg_listening_channels())"},
	{"advisory lock", "SELECT pg_advisory_lock(42)", "EXISTS (SELECT FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid = 42 AND locktype = 'advisory')"},
	{"custom setting", "SET my.setting = 'x'", "current_setting('my.setting', true) = 'x'"},
	{"planner settings", "SET enable_seqscan = off; SET work_mem = '64kB'", "current_setting('enable_seqscan') = 'off' OR current_setting('work_mem') = '64kB'"},
}

func TestSessionStateIsReset(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).
		Add("a", "", `CREATE SCHEMA other; SET search_path TO other; CREATE TEMP TABLE account (id int); PREPARE p AS SELECT 1;
LISTEN x; SELECT pg_advisory_lock(42); SET statement_timeout = 12345; SET lock_timeout = 1; SET client_min_messages = error; SET row_security = off;
DECLARE c CURSOR WITH HOLD FOR SELECT 1; SET default_transaction_read_only = on;
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1); INSERT INTO parent VALUES (1);
SELECT set_config('search_path', '', false);`, "DROP SCHEMA other CASCADE;").
		Add("b", "a", `CREATE TABLE account (id int); PREPARE p AS SELECT 1; SELECT pg_sleep(0.05);
DO $$ BEGIN IF current_setting('search_path') = '' OR current_setting('statement_timeout') <> '0' OR current_setting('lock_timeout') <> '5s' OR (SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid = 42 AND locktype = 'advisory') > 0 OR (SELECT count(*) FROM pg_cursors) > 0 THEN RAISE 'not reset'; END IF; END $$;`, "DROP TABLE account;").
		Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT 'public.account'::regclass::oid > 0"); got != "t" {
		t.Error("the table is in another schema")
	}
}

// Nothing that a revision leaves in the session reaches the next one or the ledger: in a
// batch, in separate messages, in a non-transactional revision, and through a pooler.
func TestSessionStateDoesNotReachNextRevision(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, c := range []struct {
		name, copy, header string
		pooled             bool
	}{
		{"batch", "", "transaction: on", false},
		{"separate", "COPY account FROM stdin;\n\\.\n", "transaction: on", false},
		{"non-transactional", "", projecttest.NonTransactional, false},
		{"batch, pooled", "", "transaction: on", true},
		{"separate, pooled", "COPY account FROM stdin;\n\\.\n", "transaction: on", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			direct := server.Database(t)
			url := direct
			if c.pooled {
				url = server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct)
			}
			p, parent := projecttest.New(t).Add("first", "", "CREATE TABLE account (id int);", ""), "first"
			for i, l := range leftovers {
				leaves, probes := fmt.Sprintf("a%02d", i), fmt.Sprintf("b%02d", i)
				p.Add(leaves, parent, c.copy+l.body+";\n", "", c.header)
				p.Add(probes, leaves, fmt.Sprintf("DO $$ BEGIN IF %s THEN RAISE 'not reset: %s'; END IF; END $$;\nCREATE TABLE t%d (id int);\nALTER TABLE account ADD c%d text;\n%s", l.found, l.name, i, i, c.copy), "")
				parent = probes
			}
			if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			if got := pgtest.Value(t, direct, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 't%'"); got != fmt.Sprint(len(leftovers)) {
				t.Errorf("%s tables are in public", got)
			}
			if got := pgtest.Value(t, direct, "SELECT bool_and(applied_by = 'postgres') FROM ambix_revision"); got != "t" {
				t.Error("a row was written as another role")
			}
			for _, l := range leftovers {
				if got := pgtest.Value(t, url, "SELECT "+l.found); got != "f" && got != "NULL" {
					t.Errorf("%s: another client of the pool finds it", l.name)
				}
			}
		})
	}
}

// After a failure, nothing of the body is left in a session that returns to a pool.
func TestSessionStateIsResetAfterFailure(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	pooled := server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct)
	for _, c := range leftovers {
		for _, copy := range []string{"", "COPY nowhere FROM stdin;\n1\n\\.\n"} {
			m := projecttest.New(t).Add("a", "", c.body+";\n"+copy+"SELECT 1 / (SELECT 0);", "").Migrator(migrator.Config{})
			_, err := m.Up(context.Background(), projecttest.Config(t, pooled))
			var e *migrator.RevisionError
			if !errors.As(err, &e) {
				t.Errorf("%s: %v", c.name, err)
			}
			if got := pgtest.Value(t, pooled, "SELECT "+c.found); got != "f" && got != "NULL" {
				t.Errorf("%s: another client finds it", c.name)
			}
		}
	}
	projecttest.AwaitNoAdvisoryLocks(t, direct)
}

// What a non-transactional revision leaves in the session does not reach the next one.
func TestSessionStateIsResetWithoutTransaction(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE account (id int);", "").
		Add("b", "a", "CREATE TEMP TABLE account (other int);\nSET search_path TO '';\nSET statement_timeout = '1h';\nSET client_encoding = 'LATIN1';\nSET standard_conforming_strings = off;\nPREPARE p AS SELECT 1;\nLISTEN x;\nSELECT pg_advisory_lock(42);\nSET synchronous_commit = off;", "", projecttest.NonTransactional).
		Add("c", "b", "ALTER TABLE account ADD name text; INSERT INTO account VALUES (1, 'é\\n');\nPREPARE p AS SELECT 1;\nDO $$ BEGIN IF current_setting('statement_timeout') <> '0' OR (SELECT count(*) FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objid = 42 AND locktype = 'advisory') > 0 THEN RAISE 'not reset'; END IF; END $$;", "").
		Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT length(name) FROM public.account"); got != "3" {
		t.Errorf("length: %s", got)
	}
}

// Deferred constraints and triggers run with the body's settings, and their failure is that of
// the revision.
func TestDeferredTriggersRunBeforeReset(t *testing.T) {
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
	m := projecttest.New(t).Add("a", "", base, "DROP SCHEMA s CASCADE;").Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if n, ok := e.(migrator.Notice); ok && n.Text == "noted" && n.Severity == "WARNING" {
			warnings++
		}
	}})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT who FROM s.log"); got != "body" || warnings != 1 {
		t.Errorf("who: %s, %d warnings", got, warnings)
	}
	bad := projecttest.New(t).Add("b", "", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (7);", "").Migrator(migrator.Config{Ledger: "s.ambix"})
	pgtest.Exec(t, url, "DROP TABLE ambix_meta, ambix_revision, ambix_event")
	_, err := bad.Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.SQLState != "23503" || !strings.Contains(e.Excerpt(), "DETAIL: Key (id)=(7) is not present") {
		t.Errorf("%v", err)
	}
}

// The settings of a run do not depend on the defaults of its role.
func TestRoleDefaultsAreOverridden(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	url := pgtest.Role(t, admin, "CREATEDB")
	cfg := projecttest.Config(t, url)
	settings := []string{
		"standard_conforming_strings = off", "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on", "statement_timeout = '500ms'",
		"lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '100ms'", "synchronous_commit = off", "client_encoding = 'LATIN1'", "DateStyle = 'SQL, DMY'",
		"IntervalStyle = 'sql_standard'", "bytea_output = 'escape'", "row_security = off", "check_function_bodies = off", "lc_messages = 'C'", "extra_float_digits = 0", "client_min_messages = 'error'",
	}
	server := pgtest.Shared(t)
	if server.Major >= 14 {
		settings = append(settings, "idle_session_timeout = '1s'")
	}
	if server.Major >= 17 {
		settings = append(settings, "transaction_timeout = '500ms'")
	}
	pgtest.Exec(t, admin, "GRANT ALL ON SCHEMA public TO "+cfg.User)
	for _, s := range settings {
		pgtest.Exec(t, admin, "ALTER ROLE "+cfg.User+" SET "+s)
	}
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE x (t text);\nSELECT pg_sleep(0.7);\nINSERT INTO x VALUES ('a\\nb'), ('é'), (current_setting('transaction_isolation'));", "DROP TABLE x;").
		Add("b", "a", "INSERT INTO x VALUES ('c\\');\nSELECT pg_sleep(0.7);\nCREATE INDEX CONCURRENTLY x_t ON x (t);\nINSERT INTO x VALUES (current_setting('transaction_isolation'));", "DROP INDEX x_t;", projecttest.NonTransactional).
		Add("c", "b", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nCREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$;\n"+
			"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON p DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();\nINSERT INTO p VALUES (1);", "DROP TABLE q, p; DROP FUNCTION slow();").
		Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn, Scratch: migrator.Scratch{Server: cfg}})
	r, err := m.Up(context.Background(), cfg)
	if err != nil || projecttest.Steps(r) != "up a, up b, up c" {
		t.Fatalf("%v, %+v", err, r)
	}
	if got := pgtest.Value(t, admin, "SELECT string_agg(t || ' ' || length(t), ', ' ORDER BY t COLLATE \"C\") FROM x"); got != `a\nb 4, c\ 2, read committed 14, read committed 14, é 1` {
		t.Errorf("rows: %s", got)
	}
	// Reads wait for a lock longer than the role's statements may last.
	locker, err := pgconn.Connect(t.Context(), admin)
	if err != nil {
		t.Fatal(err)
	}
	defer locker.Close(context.Background())
	for range 2 {
		if _, err := locker.Exec(t.Context(), "BEGIN; LOCK TABLE ambix_event, ambix_revision").ReadAll(); err != nil {
			t.Fatal(err)
		}
		released := make(chan error)
		go func() {
			_, err := locker.Exec(context.Background(), "SELECT pg_sleep(0.7); COMMIT").ReadAll()
			released <- err
		}()
		if _, err := m.Status(context.Background(), cfg); err != nil {
			t.Errorf("status: %v", err)
		}
		if err := <-released; err != nil {
			t.Error(err)
		}
		if d, err := m.Drift(context.Background(), cfg); err != nil || d.State != migrator.SchemaUnchanged {
			t.Errorf("drift: %+v, %v", d, err)
		}
		if _, err := m.Sizes(context.Background(), cfg); err != nil {
			t.Errorf("sizes: %v", err)
		}
		if _, err := m.Log(context.Background(), cfg, 5); err != nil {
			t.Errorf("log: %v", err)
		}
	}
	if r, err := m.Rehearse(context.Background(), migrator.RehearseOptions{UpOnly: true}); err != nil {
		t.Errorf("rehearse: %v", err)
	} else if len(r.Steps) != 3 || len(r.NotRehearsed) > 0 {
		t.Errorf("%d steps, %+v", len(r.Steps), r.Findings)
	}
	if r, err := m.Down(context.Background(), cfg, "base"); err != nil || projecttest.Steps(r) != "down c, down b, down a" {
		t.Errorf("%v, %+v", err, r)
	}
}

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// failing makes a statement fail: a trigger on a table that raises a SQLSTATE.
func failing(table, state string) string {
	return fmt.Sprintf(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'made to fail' USING ERRCODE = '%s', DETAIL = 'the detail', HINT = 'the hint'; END $$;
CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION fail();`, state, table)
}

func raising(state string) string {
	return "DO $$ BEGIN RAISE 'made to fail' USING ERRCODE = '" + state + "'; END $$;"
}

// deferring raises a SQLSTATE at the end of the transaction.
func deferring(state string) string {
	return fmt.Sprintf(`CREATE TABLE late (id int);
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'made to fail' USING ERRCODE = '%s'; END $$;
CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail();
INSERT INTO late VALUES (1);`, state)
}

const keepingNothing = `CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION nothing();`

const pendingTriggers = `CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);
INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);
ALTER TABLE c ADD COLUMN name text;`

const partitioned = "CREATE TABLE part (id int) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (9); CREATE INDEX ON part (id);"

// The kind of an error, and what it advises, follow from the part that failed and the
// SQLSTATE: the rows are those of apply's rules.
func TestBlame(t *testing.T) {
	t.Parallel()
	const ledger = migrator.KindLedger
	const database = migrator.KindDatabase
	const file = migrator.KindRevision
	causes := map[migrator.Cause]bool{}
	tests := []struct {
		name   string
		before string // done to a database with revision a
		body   string // of revision b, "SELECT 1;" if it is ""
		off    bool
		member string // of which role the one that migrates is a member
		stamp  bool   // instead of up
		since  int    // the first version of the server that reports it; 0: all
		kind   migrator.Kind
		cause  migrator.Cause
		want   string // a part of the message
		lacks  string // what the message does not say
	}{
		// Our statements.
		{name: "guard, disk full", before: failing("ambix_meta", "53100"), kind: ledger, want: "made to fail (53100); DETAIL: the detail; HINT: the hint"},
		{name: "guard, canceled", before: failing("ambix_meta", "57014"), kind: ledger, want: "another session canceled a statement of this program"},
		{name: "guard, privilege", before: failing("ambix_meta", "42501"), kind: ledger, want: "(42501)"},
		{name: "guard, lock", before: failing("ambix_meta", "55P03"), kind: migrator.KindLockTimeout, cause: migrator.CauseLedgerLocked, want: "ledger public.ambix: made to fail"},
		{name: "guard, any", before: failing("ambix_meta", "P0001"), kind: ledger, want: "(P0001)"},
		{name: "row, out of memory", before: failing("ambix_revision", "53200"), kind: ledger, want: "(53200)"},
		{name: "row, crash", before: failing("ambix_revision", "57P02"), kind: ledger, want: "(57P02)"},
		{name: "event, connections", before: failing("ambix_event", "53300"), kind: ledger, want: "(53300)"},
		{name: "event, another server", before: failing("ambix_event", "08006"), kind: ledger, want: "(08006)"},
		{name: "event, file system", before: failing("ambix_event", "58030"), kind: ledger, want: "(58030)"},
		{name: "event, corrupted", before: failing("ambix_event", "XX001"), kind: ledger, want: "(XX001)"},
		{name: "event, encoding", before: failing("ambix_event", "22021"), kind: ledger, want: "(22021)"},
		{name: "event, canceled", before: failing("ambix_event", "57014"), kind: ledger, want: "another session canceled a statement of this program"},
		{name: "event, any", before: failing("ambix_event", "P0001"), kind: ledger, want: "(P0001)"},
		{name: "event of a non-transactional revision", before: failing("ambix_event", "53100"), off: true, kind: ledger, want: "(53100)"},
		{name: "stamp, disk full", before: failing("ambix_event", "53100"), stamp: true, kind: ledger, want: "(53100)"},
		{name: "stamp, canceled", before: failing("ambix_revision", "57014"), stamp: true, kind: ledger, want: "(57014)"},
		{name: "stamp, lock", before: failing("ambix_revision", "40P01"), stamp: true, kind: ledger, want: "another session holds a lock"},
		// The ledger is not as it should be.
		{name: "sequence behind", before: "SELECT setval(pg_get_serial_sequence('ambix_event', 'event'), 1, false)", kind: ledger, want: "SELECT setval(pg_get_serial_sequence('\"public\".\"ambix_event\"', 'event')"},
		{name: "sequence behind, stamp", before: "SELECT setval(pg_get_serial_sequence('ambix_event', 'event'), 1, false)", stamp: true, kind: ledger, want: "SELECT setval("},
		{name: "new column", before: "ALTER TABLE ambix_event ADD more int NOT NULL DEFAULT 1; ALTER TABLE ambix_event ALTER more DROP DEFAULT", kind: ledger, want: "(23502); DETAIL: "},
		{name: "no column", before: "ALTER TABLE ambix_event DROP run", kind: ledger, want: "not as this program creates them"},
		{name: "no column, off", before: "ALTER TABLE ambix_event DROP run", off: true, kind: ledger, want: "not as this program creates them"},
		{name: "no event is kept", before: fmt.Sprintf(keepingNothing, "ambix_event"), kind: ledger, want: `the trigger "nothing" on "public"."ambix_event"`},
		{name: "no row is kept", before: fmt.Sprintf(keepingNothing, "ambix_revision"), kind: ledger, want: `the trigger "nothing" on "public"."ambix_revision"`},
		{name: "a rule keeps the event", before: "CREATE RULE nothing AS ON INSERT TO ambix_event DO INSTEAD NOTHING", kind: ledger, want: `the trigger "nothing" on "public"."ambix_event"`},
		{name: "a rule keeps the row", before: "CREATE RULE nothing AS ON INSERT TO ambix_revision DO INSTEAD NOTHING", kind: ledger, want: `the trigger "nothing" on "public"."ambix_revision"`},
		{name: "new column of the row", before: "ALTER TABLE ambix_revision ADD more int NOT NULL DEFAULT 1; ALTER TABLE ambix_revision ALTER more DROP DEFAULT", kind: ledger, want: "(23502); DETAIL: "},
		{name: "no generation is kept", before: fmt.Sprintf(keepingNothing, "ambix_meta"), kind: ledger, want: `the trigger "nothing" on "public"."ambix_meta"`},
		// What the body did to the ledger.
		{name: "revoked", body: "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM CURRENT_USER;", kind: file, cause: migrator.CauseLedgerRevoked, want: "upgrade b"},
		{name: "revoked, off", body: "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM CURRENT_USER;", off: true, kind: file, cause: migrator.CauseLedgerRevoked, want: "upgrade b"},
		{name: "column dropped by the body", body: "ALTER TABLE ambix_event DROP run;", kind: file, cause: migrator.CauseLedgerChanged, want: "upgrade b"},
		{name: "row written by the body", body: "INSERT INTO ambix_revision SELECT (jsonb_populate_record(r, '{\"revision\": \"b\"}')).* FROM ambix_revision r;", kind: file, cause: migrator.CauseLedgerChanged, want: "upgrade b"},
		{name: "column of the row dropped by the body", body: "ALTER TABLE ambix_revision DROP digest;", kind: file, cause: migrator.CauseLedgerChanged, want: "upgrade b"},
		{name: "row before removed by the body", body: "DELETE FROM ambix_revision;", kind: file, cause: migrator.CauseLedgerRemoved, want: "changed the ledger"},
		{name: "generation changed by the body", body: "UPDATE ambix_meta SET generation = 9;", kind: file, cause: migrator.CauseLedgerRemoved, want: "changed the ledger"},
		{name: "generation removed by the body", body: "DELETE FROM ambix_meta;", kind: file, cause: migrator.CauseLedgerRemoved, want: "changed the ledger"},
		{name: "event suppressed by the body", body: fmt.Sprintf(keepingNothing, "ambix_event"), kind: file, cause: migrator.CauseLedgerRemoved, want: "changed the ledger"},
		{name: "row suppressed by the body", body: fmt.Sprintf(keepingNothing, "ambix_revision"), kind: file, cause: migrator.CauseLedgerRemoved, want: "changed the ledger"},
		{name: "table dropped by the body", body: "DROP TABLE ambix_event;", kind: file, cause: migrator.CauseLedgerRemoved, want: "upgrade b"},
		{name: "lock released by the body", body: "SELECT pg_advisory_unlock_all();", off: true, kind: file, cause: migrator.CauseLockReleased, want: "upgrade b"},
		{name: "read-only body", body: "SELECT set_config('transaction_read_only', 'on', true);", kind: file, cause: migrator.CauseMadeReadOnly, want: "upgrade b"},
		// The body.
		{name: "body, disk full", body: raising("53100"), kind: database, cause: migrator.CauseServerCondition, want: "b.up.sql"},
		{name: "body, another server", body: raising("08006"), kind: database, cause: migrator.CauseServerCondition, want: "b.up.sql"},
		{name: "body, foreign data wrapper", body: raising("HV00N"), kind: database, cause: migrator.CauseServerCondition, want: "b.up.sql"},
		{name: "body, shutdown", body: raising("57P01"), off: true, kind: database, cause: migrator.CauseServerCondition, want: "b.up.sql"},
		{name: "body, missing extension", body: "CREATE EXTENSION nonsense;", kind: file, cause: migrator.CauseMissingExtension, want: "install it there, for PostgreSQL 1"},
		{name: "body, missing library", body: "LOAD '$libdir/plugins/nonsense';", kind: file, cause: migrator.CauseMissingExtension, want: "install it there"},
		{name: "body, version of an extension", body: "CREATE EXTENSION hstore VERSION '99';", kind: file, cause: migrator.CauseMissingExtension, want: "another version of it is installed"},
		{name: "body, privilege for an extension", body: "CREATE EXTENSION pageinspect;", kind: file, cause: migrator.CauseMissingPrivilege, want: "a superuser can create the extension"},
		{name: "body, privilege for schema public", since: 150000, before: "REVOKE ALL ON SCHEMA public FROM CURRENT_USER", body: "CREATE TABLE t ();", kind: file, cause: migrator.CauseMissingPrivilege, want: "GRANT CREATE ON SCHEMA public TO"},
		{name: "body, privilege in a block", since: 150000, before: "REVOKE ALL ON SCHEMA public FROM CURRENT_USER", body: "DO $$ BEGIN CREATE TABLE t (); END $$;", kind: file, cause: migrator.CauseMissingPrivilege, want: "GRANT CREATE ON SCHEMA public TO"},
		{name: "body, owner of schema public", body: "ALTER SCHEMA public RENAME TO s;", kind: file, cause: migrator.CauseMissingPrivilege, want: "it ran as role", lacks: "GRANT CREATE"},
		{name: "body, missing role", body: "GRANT SELECT ON ambix_meta TO nobody_x;", kind: file, cause: migrator.CauseMissingRole, want: "roles belong to the server"},
		{name: "body, missing database", body: "ALTER DATABASE nowhere_x SET work_mem = '8MB';", kind: file, want: "current_database()"},
		{name: "body, setting of the server", body: "DO $$ BEGIN RAISE 'x must be loaded via shared_preload_libraries' USING ERRCODE = '55000'; END $$;", kind: file, cause: migrator.CauseServerSetting, want: "needs a restart"},
		{name: "body, prepared before", body: "CREATE TABLE t (a int);\nPREPARE p AS SELECT * FROM t;\nEXECUTE p;\nALTER TABLE t ADD b int;\nEXECUTE p;", kind: file, want: "DEALLOCATE it"},
		{
			name: "body, too many locks", body: "DO $$ BEGIN RAISE 'out of shared memory' USING ERRCODE = '53200', HINT = 'You might need to increase max_locks_per_transaction.'; END $$;",
			kind: database, cause: migrator.CauseServerCondition, want: "divide the revision",
		},
		{name: "body, file of the server", member: "pg_read_server_files", body: "CREATE TABLE t (a int);\nCOPY t FROM '/nowhere/x';", kind: file, want: "COPY … FROM stdin"},
		{name: "body, canceled", body: raising("57014"), kind: database, cause: migrator.CauseCanceled, want: "b.up.sql"},
		{name: "body, timeout", body: "SET statement_timeout = '20ms';\nSELECT pg_sleep(9);", kind: file, cause: migrator.CauseStatementTimeout, want: "b.up.sql:8"},
		{name: "body, lock", body: raising("55P03"), kind: migrator.KindLockTimeout, cause: migrator.CauseLockTimeout, want: "b.up.sql"},
		{name: "body, any", body: raising("P0001"), kind: file, want: "b.up.sql"},
		{name: "body, privilege", body: raising("42501"), kind: file, cause: migrator.CauseMissingPrivilege, want: "b.up.sql"},
		{name: "body, new value", before: "CREATE TYPE e AS ENUM ()", body: "ALTER TYPE e ADD VALUE 'x';\nSELECT 'x'::e;", kind: file, cause: migrator.CauseNewEnumValue, want: "b.up.sql"},
		{name: "body, setting", body: "SET no_such_setting = 1;", kind: file, cause: migrator.CauseUnknownSetting, want: "b.up.sql"},
		{name: "body, pending triggers", body: pendingTriggers, kind: file, cause: migrator.CausePendingTriggers, want: "SET CONSTRAINTS ALL IMMEDIATE"},
		{name: "body, partitioned", since: 140000, before: partitioned, body: "REINDEX TABLE part;", kind: file, cause: migrator.CauseNeedsNonTransactional, want: "`transaction: off`"},
		{name: "body, in a function", body: "DO $$ BEGIN EXECUTE 'VACUUM'; END $$;", kind: file, cause: migrator.CauseNeedsTopLevel, want: "move it to the body"},
		{name: "body, commit", body: "DO $$ BEGIN COMMIT; END $$;", kind: file, cause: migrator.CauseNeedsNonTransactional, want: "`transaction: off`"},
		{name: "deferred", body: deferring("P0001"), kind: file, cause: migrator.CauseDeferred, want: "upgrade b"},
		{name: "deferred, disk full", body: deferring("53100"), kind: database, cause: migrator.CauseServerCondition, want: "upgrade b"},
		{name: "deferred, canceled", body: deferring("57014"), kind: database, cause: migrator.CauseCanceled, want: "upgrade b"},
	}
	for _, test := range tests {
		if test.cause != "" {
			causes[test.cause] = true
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, url := context.Background(), pgtest.Database(t)
			if pgtest.Value(t, url, fmt.Sprintf("SELECT current_setting('server_version_num')::int < %d", test.since)) == "t" {
				t.Skipf("for PostgreSQL %d and newer", test.since/10000)
			}
			body, header := test.body, "transaction: on"
			if body == "" {
				body = "SELECT 1;"
			}
			if test.off {
				header = projecttest.NonTransactional
			}
			p := projecttest.New(t).Add("a", "", "SELECT 1;", "").Add("b", "a", body, "", header)
			// A role of its own: a superuser has all privileges.
			role := pgtest.Role(t, url)
			cfg := projecttest.Config(t, role)
			pgtest.Exec(t, url, "GRANT ALL ON SCHEMA public TO "+cfg.User)
			m := p.Migrator(migrator.Config{RetryFor: -1})
			if _, err := m.Move(ctx, cfg, migrator.Up, "a"); err != nil {
				t.Fatal(err)
			}
			if test.member != "" {
				pgtest.Exec(t, url, "GRANT "+test.member+" TO "+cfg.User)
			}
			if strings.HasPrefix(test.before, "REVOKE") {
				pgtest.Exec(t, url, strings.ReplaceAll(test.before, "CURRENT_USER", cfg.User))
			} else if test.before != "" {
				pgtest.Exec(t, role, test.before)
			}
			verb := migrator.Up
			if test.stamp {
				verb = migrator.Stamp
			}
			_, err := m.Move(ctx, cfg, verb, "b")
			var kinded interface {
				error
				Kind() migrator.Kind
			}
			if !errors.As(err, &kinded) || kinded.Kind() != test.kind {
				t.Fatalf("%v: %+v", err, kinded)
			}
			text := err.Error()
			var failed *migrator.RevisionError
			if errors.As(err, &failed) {
				text += "\n" + failed.Excerpt()
				if failed.Cause != test.cause {
					t.Errorf("cause %q, want %q", failed.Cause, test.cause)
				}
				// The revision is recorded, unless it is the ledger that fails.
				if got := pgtest.Value(t, url, eventsInOrder); test.kind == file && !strings.HasSuffix(got, "failed b") {
					t.Errorf("events: %s", got)
				}
			} else if test.cause != "" || strings.Contains(text, ".sql") {
				t.Errorf("a file is named, or there is no cause: %s", text)
			}
			if !strings.Contains(text, test.want) || test.lacks != "" && strings.Contains(text, test.lacks) {
				t.Errorf("%s\nwant %s, not %q", text, test.want, test.lacks)
			}
		})
	}
	elsewhere := []migrator.Cause{migrator.CauseTerminated, migrator.CauseConnectionLost, migrator.CauseFileUnreadable, migrator.CauseEncoding, migrator.CauseParallelOperation}
	for _, cause := range elsewhere {
		causes[cause] = true
	}
	source, err := os.ReadFile("../../errors_run.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^\tCause\w+ +Cause = "([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	for _, c := range found {
		if !causes[migrator.Cause(c[1])] {
			t.Errorf("no test for cause %q", c[1])
		}
	}
	if len(found) < 20 {
		t.Errorf("found %d causes", len(found))
	}
}

// What an event trigger says about the tables of the ledger reaches the reader.
func TestLedgerErrorHasDetailAndHint(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, `CREATE FUNCTION frozen() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'DDL is frozen' USING HINT = 'open a change ticket', DETAIL = 'until Monday'; END $$;
CREATE EVENT TRIGGER frozen ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION frozen();`)
	_, err := projecttest.Shop(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
	var e *migrator.LedgerError
	if want := "ledger public.ambix: DDL is frozen (P0001); DETAIL: until Monday; HINT: open a change ticket"; !errors.As(err, &e) || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

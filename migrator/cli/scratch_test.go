package cli_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// What only a superuser may make is said with a way out.
func TestScratchRoleThatIsNoSuperuser(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	role := pgtest.Role(t, db, "CREATEDB")
	for _, c := range []struct{ sql, want string }{
		{"CREATE EXTENSION pageinspect", `permission denied to create extension "pageinspect"`},
		{"CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()", `permission denied to create event trigger "e"`},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'library', 'f'", `permission denied for language c`},
	} {
		const out = ` \(42501\); it is run in a scratch database: name a role that may do it, such as a superuser of a server for development, with --scratch-url or MIGRATE_SCRATCH_URL$`
		start(t, "app", db, []string{c.sql}, "schema", "--scratch-url", role).want(1, c.want+out, `^it failed in a scratch database, which was dropped with all that was made in it$`)
	}
	if n := pgtest.Value(t, db, "SELECT count(*) FROM pg_database WHERE pg_get_userbyid(datdba) = '"+projecttest.Config(t, role).User+"'"); n != "0" {
		t.Errorf("%s databases were left behind", n)
	}
}

// A second signal does not wait for the scratch database to be dropped, and says which one may be left behind.
func TestSecondSignalNamesTheScratchDatabase(t *testing.T) {
	t.Parallel()
	db := pgtest.Database(t)
	p := start(t, "app", db, []string{"SELECT pg_sleep(300)"}, "schema")
	database := scratchDatabaseOf(t, db, p)
	release := projecttest.Hold(t, projecttest.Config(t, db), "BEGIN; COMMENT ON DATABASE "+database+" IS 'ambix scratch database of a test'")
	interrupt := func() {
		if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	projecttest.Await(t, db, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP DATABASE%"+database+"%' AND wait_event_type = 'Lock'", "1")
	interrupt()
	p.want(130, `^warning: the scratch database `+database+` may be left behind; a later run drops it after a day, or you now: DROP DATABASE IF EXISTS `+database+` WITH \(FORCE\)$`)
	release()
	pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)")
}

// scratchDatabaseOf returns the database in which a program is sleeping.
func scratchDatabaseOf(t *testing.T, db string, p *process) string {
	t.Helper()
	var rows [][]string
	pgtest.Eventually(t, "the script runs", func() bool {
		rows = pgtest.Query(t, db, "SELECT datname FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name ~ '/"+strconv.Itoa(p.cmd.Process.Pid)+"\\M'")
		return len(rows) == 1
	})
	if !strings.HasPrefix(rows[0][0], "ambix_scratch_") {
		t.Fatalf("the script runs in %q", rows[0][0])
	}
	return rows[0][0]
}

// A signal in the middle of a script ends it on the server, and the scratch database is dropped. Nobody drops that of a
// process that was killed, until it is a day old.
func TestScratchDatabaseIsDroppedAfterASignal(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT, "SIGKILL": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Database(t)
			p := start(t, "app", db, []string{"CREATE TABLE t (a int); SELECT pg_sleep(300)"}, "schema")
			database := scratchDatabaseOf(t, db, p)
			if err := p.cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			exists := "SELECT count(*) FROM pg_database WHERE datname = '" + database + "'"
			if signal == syscall.SIGKILL {
				p.end()
				if pgtest.Value(t, db, exists) != "1" {
					t.Fatal("who dropped it?")
				}
				admin := pgtest.Shared(t).URL("postgres")
				pgtest.Exec(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+database+"'")
				pgtest.Exec(t, admin, "COMMENT ON DATABASE "+database+" IS 'ambix scratch database of app on web-1/1, created 2001-01-01T00:00:00Z'")
				pgtest.Eventually(t, "the leftover is dropped", func() bool { // its session may take a moment to end
					start(t, "app", db, nil, "schema", "--from", "base").want(0)
					return pgtest.Value(t, db, exists) == "0"
				})
				return
			}
			p.want(128 + int(signal))
			if pgtest.Value(t, db, exists) != "0" {
				t.Errorf("%s was left behind", database)
			}
		})
	}
}

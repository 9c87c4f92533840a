package cli_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
)

// poisonedDatabase creates a database, a role and a schema with bad names.
func poisonedDatabase(t *testing.T) (databaseURL string) {
	t.Helper()
	admin := pgtest.Database(t)
	own := admin[strings.LastIndex(admin, "_")+1:]
	own, _, _ = strings.Cut(own, "?")
	database, role := bad("sourceDB")+own, bad("sourceRole")+own
	pgtest.Exec(t, admin, "CREATE ROLE "+quoted(role, `"`)+" SUPERUSER LOGIN PASSWORD '"+pgtest.Verifier("secret-of-role")+"'")
	t.Cleanup(func() { pgtest.Exec(t, admin, "DROP ROLE "+quoted(role, `"`)) })
	pgtest.Exec(t, admin, "CREATE DATABASE "+quoted(database, `"`)+" OWNER "+quoted(role, `"`))
	t.Cleanup(func() { pgtest.Exec(t, admin, "DROP DATABASE "+quoted(database, `"`)+" WITH (FORCE)") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path, u.User = "/"+database, url.UserPassword(role, "secret-of-role")
	return u.String()
}

const raise = "DO $$ BEGIN RAISE %s USING MESSAGE = E'%s', DETAIL = E'%s', HINT = E'%s'; END $$;"

func raising(level string) string {
	lower := strings.ToLower(level)
	return fmt.Sprintf(raise, level, bad("source-"+lower), bad("sourceDetail-"+lower), bad("sourceHint-"+lower))
}

// In a database with bad names, rows and events, nothing reaches a terminal as it is.
func TestPoisonedDatabaseReachesNoTerminal(t *testing.T) {
	t.Parallel()
	db := poisonedDatabase(t)
	name := bad("sourceSchema") + "." + bad("sourcePrefix")
	p := newPoisonRun(t, "DATABASE_URL="+db, "MIGRATE_LEDGER="+name)
	p.do("status")
	p.revision("a1", "", "CREATE TABLE a (id int);\n"+raising("NOTICE")+"\n"+raising("WARNING"), "DROP TABLE a;", "-- branch_labels: store")
	p.revision("b2", "a1", "SELECT 1;", "SELECT 1;")
	p.revision("c3", "b2", "SELECT 1;", "SELECT 1;")
	p.doIn(p.env, []string{"up", "--verbose", "b2"})
	p.doIn(p.env, []string{"redo", "--verbose", "--log-format=json"})
	p.do("down", "--sql", "--from=b2")
	table := func(suffix string) string {
		return quoted(bad("sourceSchema"), `"`) + "." + quoted(bad("sourcePrefix")+suffix, `"`)
	}
	pgtest.Exec(t, db, fmt.Sprintf(`
		INSERT INTO %[1]s SELECT 'zz', %[3]s, '{b2}', '{}', '{}', 'applied', 1, checksum, digest, applied_at, duration, %[4]s, %[5]s, %[6]s, down_options, 'SELECT 1;' FROM %[1]s WHERE revision = 'b2';
		UPDATE %[1]s SET message = %[3]s, applied_by = %[4]s, applied_from = %[5]s, binary_version = %[6]s, digest = 'x';
		INSERT INTO %[2]s (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
			SELECT at, 'failed', 'a1', %[3]s, 'up', duration, %[4]s, %[5]s, %[6]s, %[7]s, %[8]s FROM %[2]s LIMIT 1`,
		table("_revision"), table("_event"), quoted(bad("sourceRowMessage"), "'"), quoted(bad("sourceBy"), "'"), quoted(bad("sourceFrom"), "'"), quoted(bad("sourceBinary"), "'"),
		quoted("sourceRun", "'"), quoted(bad("sourceEventDetail")+"\n"+bad("sourceEventDetail"), "'")))
	p.everyCommand()
	mallory := bad("sourceMallory") + db[len(db)-24:len(db)-16]
	pgtest.Exec(t, db, "CREATE ROLE "+quoted(mallory, `"`)+"; ALTER TABLE "+table("_event")+" OWNER TO "+quoted(mallory, `"`))
	t.Cleanup(func() { pgtest.Exec(t, db, "DROP OWNED BY "+quoted(mallory, `"`)+"; DROP ROLE "+quoted(mallory, `"`)) })
	for _, args := range [][]string{{"check"}, {"down"}, {"redo"}} {
		p.do(args...)
	}
	pgtest.Exec(t, db, "UPDATE "+table("_revision")+" SET state = "+quoted(bad("sourceState"), "'"))
	p.everyCommand()
	p.saw("sourceMallory", "sourceState")
	p.saw("sourceFolder", "sourceEditor", "sourceVersion", "sourceFile", "sourceSubject", "sourceMessage", "sourceDB", "sourceRole", "sourceSchema", "sourcePrefix",
		"source-notice", "sourceDetail-notice", "sourceHint-notice", "source-warning", "sourceDetail-warning", "sourceHint-warning",
		"sourceRowMessage", "sourceBy", "sourceFrom", "sourceBinary", "sourceRun", "sourceEventDetail", "sourceInit", "sourceTarget", "sourceNewMessage", "sourceOutside")
	t.Logf("%d runs", p.runs)
}

func TestPoisonedArgumentsReachNoTerminal(t *testing.T) {
	t.Parallel()
	p := newPoisonRun(t, "DATABASE_URL="+pgtest.Database(t))
	p.revision("a1", "", "SELECT 1;", "SELECT 1;")
	p.everyBadArgument()
	for _, name := range []string{
		"DB_NAME", "DB_USER", "DB_HOST", "DB_PORT", "DB_PASS_FILE", "DB_SSLMODE", "DB_SSLROOTCERT", "PGSERVICE", "PGOPTIONS", "PGSSLMODE", "PGAPPNAME", "MIGRATE_JSONN" + hidden,
	} {
		env := "127.0.0.1"
		if name == "DB_HOST" {
			env = badBytes("source-" + name)
		}
		p.env = append(p.env[:4:4], "DB_HOST="+env, "DB_PORT=1", "DB_NAME=x", "DB_USER=x")
		p.variable(name, badBytes("source-"+name))
	}
	p.saw("source-DB_NAME", "source-DB_USER", "source-DB_HOST", "source-DB_PORT", "MIGRATE_JSONN") // values of the others are not repeated
	p.env = p.env[:4:4]
	for _, value := range []string{
		"postgres://" + bad("sourceURLUser") + "@127.0.0.1:1/" + bad("sourceURLName"), "postgres://u@" + bad("sourceURLHost") + ":1/d", "host=127.0.0.1 port=1 user='" + bad("sourceURLUser") + "' dbname='" + bad("sourceURLName") + "'",
		"postgres://u@127.0.0.1:1/d?" + url.QueryEscape(bad("sourceURLKey")) + "=1", "postgres://u@127.0.0.1:1/d?sslmode=" + url.QueryEscape(bad("sourceURLMode")), badBytes("sourceURL"),
		"postgres://" + url.QueryEscape(bad("sourceURLUser")) + "@127.0.0.1:1/" + url.PathEscape(bad("sourceURLName")),
	} {
		p.variable("DATABASE_URL", value)
	}
	p.saw("sourceFlag", "sourceVariable", "sourceArgument", "sourceUnknownFlag", "sourceCommand", "sourceURLUser", "sourceURLName")
	t.Logf("%d runs", p.runs)
}

func TestPoisonedFilesReachNoTerminal(t *testing.T) {
	t.Parallel()
	p := newPoisonRun(t, "DATABASE_URL="+pgtest.Database(t))
	p.revision(bad("sourceID"), bad("sourceParent"), "SELECT '", "", "-- branch_labels: "+bad("sourceLabel"), "-- "+bad("sourceKey")+": 1", "-- transaction: "+bad("sourceTransaction"), "-- depends_on: "+badBytes("sourceDepends"))
	p.write(bad("sourceName")+".up.sql", "-- revision: "+bad("sourceID")+"\nCOMMIT; \\"+bad("sourceCommand"))
	p.write("x"+bad("sourceName")+".sql", "")
	p.everyCommand()
	p.saw("sourceID", "sourceName", "sourceParent", "sourceLabel", "sourceKey", "sourceTransaction")
	p.write(badBytes("sourceBytes")+".up.sql", "") // is not opened, and ends the reading
	p.everyCommand()
	p.saw("sourceBytes")
}

// A revision that fails repeats what the server said, and lines of its file.
func TestPoisonedFailureReachesNoTerminal(t *testing.T) {
	t.Parallel()
	for name, up := range map[string]string{
		"exception":  "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN " + strings.NewReplacer("DO $$ BEGIN ", "", " END $$;", "").Replace(raising("EXCEPTION")) + " END $f$;\nSELECT f(); -- " + bad("sourceLine"),
		"syntax":     "SELEC 1; -- " + bad("sourceLine"),
		"constraint": "CREATE TABLE " + quoted(bad("sourceTable"), `"`) + " (" + quoted(bad("sourceColumn"), `"`) + " text UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO " + quoted(bad("sourceTable"), `"`) + " VALUES (" + quoted(bad("sourceValue"), "'") + "), (" + quoted(bad("sourceValue"), "'") + ");",
		"copy":       "CREATE TABLE c (" + quoted(bad("sourceColumn"), `"`) + " int);\nCOPY c FROM stdin;\n1\n" + bad("sourceRow") + "\n\\.\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.Database(t)
			p := newPoisonRun(t, "DATABASE_URL="+db)
			p.revision("a1", "", up, "")
			p.do("up")
			p.program("migrate", "up")
			p.do("log")
			p.do("up", "--single-transaction")
			for _, mark := range regexp.MustCompile(`source-?[A-Za-z-]+`).FindAllString(up, -1) {
				if mark != "sourceColumn" {
					p.saw(mark)
				}
			}
		})
	}
}

// What is in the way of a run is named: its application, its statement, its role.
func TestPoisonedBlockersReachNoTerminal(t *testing.T) {
	t.Parallel()
	db := poisonedDatabase(t)
	p := newPoisonRun(t, "DATABASE_URL="+db, "MIGRATE_LOCK_TIMEOUT=1500ms", "MIGRATE_RETRY_FOR=0s", "MIGRATE_WAIT_RUNNER=100ms")
	p.revision("a1", "", "CREATE TABLE a (id int);", "DROP TABLE a;")
	p.doIn(p.env, []string{"up"})
	hold := func(sql string) (release func()) {
		cfg, err := pgconn.ParseConfig(db)
		if err != nil {
			t.Fatal(err)
		}
		cfg.RuntimeParams["application_name"] = bad("sourceApplication")
		conn, err := pgconn.ConnectConfig(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(context.Background(), "BEGIN; "+sql+" /* "+bad("sourceQuery")+" */").ReadAll(); err != nil {
			t.Fatal(err)
		}
		return func() { _ = conn.Close(context.Background()) }
	}
	release := hold("LOCK TABLE a")
	p.revision("b2", "a1", "ALTER TABLE a ADD x int;", "SELECT 1;")
	p.do("up")
	release()
	defer hold(fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", ledger.Tables{}.LockKey()))()
	for _, args := range [][]string{{"up"}, {"down"}, {"redo"}, {"stamp", "head"}, {"to", "b2"}, {"ensure-version"}, {"repair", "a1", "--accept"}, {"status"}, {"up", "--dry-run"}} {
		p.do(args...)
	}
	p.saw("sourceApplication", "sourceRole", "sourceQuery")
}

package sqltext

import (
	"fmt"
	"strings"
	"testing"
)

// describeOutside lists what was found, and the word at its position if that is not the command.
func describeOutside(src string, found []Outside) string {
	var all []string
	for _, o := range found {
		one := o.Command
		switch o.Effect {
		case OtherDatabase:
			one += " " + o.Database
		case Membership:
			one += fmt.Sprint(" ", o.Roles, o.Members)
			if o.Options {
				one += " options"
			}
		}
		if at, _, _ := strings.Cut(src[o.Start:], " "); strings.HasPrefix(at, "'") {
			one += " at " + at
		}
		all = append(all, one)
	}
	return strings.Join(all, "; ")
}

func TestOutsideIsWhatAStatementReaches(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"ALTER SYSTEM SET work_mem = '8MB'":                        "ALTER SYSTEM",
		"alter tablespace x rename to y":                           "ALTER TABLESPACE",
		"CREATE DATABASE store":                                    "CREATE DATABASE",
		"CREATE TABLESPACE x LOCATION '/y'":                        "CREATE TABLESPACE",
		"DROP TABLESPACE x":                                        "DROP TABLESPACE",
		"GRANT CREATE ON TABLESPACE x TO a":                        "GRANT ON TABLESPACE",
		"REVOKE SET ON PARAMETER work_mem FROM a":                  "REVOKE ON PARAMETER",
		"COMMENT ON TABLESPACE x IS 'y'":                           "COMMENT ON TABLESPACE",
		"DROP DATABASE Store":                                      "DROP DATABASE store",
		`drop /* all */ database if exists "Sto""re"`:              `DROP DATABASE Sto"re`,
		`DROP DATABASE U&"st\006fre" WITH (FORCE)`:                 "DROP DATABASE store",
		"ALTER DATABASE store SET timezone = 'UTC'":                "ALTER DATABASE store",
		"ALTER ROLE app IN DATABASE store SET search_path TO app":  "ALTER ROLE IN DATABASE store",
		"ALTER ROLE ALL IN DATABASE store RESET ALL":               "ALTER ROLE IN DATABASE store",
		"GRANT CONNECT, TEMPORARY ON DATABASE store, other TO app": "GRANT ON DATABASE store; GRANT ON DATABASE other",
		"REVOKE ALL PRIVILEGES ON DATABASE store FROM PUBLIC":      "REVOKE ON DATABASE store",
		"COMMENT ON DATABASE store IS ''":                          "COMMENT ON DATABASE store",
		"SECURITY LABEL FOR p ON DATABASE store IS ''":             "SECURITY LABEL ON DATABASE store",
		"DROP DATABASE":                                            "",
		"DROP TABLE database":                                      "",

		"COPY t FROM PROGRAM 'true'":               "COPY PROGRAM",
		"COPY s.t (a, b) TO '/tmp/x' (FORMAT csv)": "COPY TO a file",
		"COPY (SELECT 'x' FROM t) TO '/tmp/x'":     "COPY TO a file",
		"COPY t FROM '/tmp/x'":                     "",
		"COPY t TO STDOUT":                         "",

		"SELECT pg_reload_conf()":                                                    "pg_reload_conf",
		"SELECT pg_catalog.pg_terminate_backend (1)":                                 "pg_terminate_backend",
		"WITH x AS (SELECT lo_export(1, '/x')) SELECT 1":                             "lo_export",
		"SELECT pg_drop_replication_slot('x')":                                       "pg_drop_replication_slot",
		"CREATE TABLE t AS SELECT * FROM dblink('dbname=store', 'x') AS y(a int)":    "dblink",
		"CREATE VIEW v AS SELECT * FROM dblink('dbname=store', 'x') AS y(a int)":     "",
		"SELECT dblink_exec('dbname=' || current_database(), 'VACUUM')":              "",
		"SELECT dblink FROM t":                                                       "",
		"INSERT INTO help VALUES ('ALTER SYSTEM; pg_reload_conf()')":                 "",
		"COMMENT ON FUNCTION f() IS 'calls pg_reload_conf()'":                        "",
		"CREATE FUNCTION f() RETURNS bool LANGUAGE sql AS 'SELECT pg_reload_conf()'": "",

		"DO $$ BEGIN PERFORM pg_reload_conf(); END $$":                                                                            "pg_reload_conf",
		"DO 'BEGIN PERFORM pg_rotate_logfile(); END'":                                                                             "pg_rotate_logfile at 'BEGIN",
		"DO $$ BEGIN ALTER DATABASE store RESET ALL; END $$":                                                                      "ALTER DATABASE store",
		"DO $$ BEGIN EXECUTE 'GRANT CONNECT ON DATABASE store TO app'; END $$":                                                    "GRANT ON DATABASE store at 'GRANT",
		"DO $$ BEGIN EXECUTE $x$COPY t TO '/tmp/x'$x$; END $$":                                                                    "COPY TO a file",
		"DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$":                      "",
		"DO $$ BEGIN EXECUTE 'ALTER ROLE app IN DATABASE ' || quote_ident(current_database()) || ' RESET ALL'; END $$":            "",
		"DO $$ BEGIN RAISE NOTICE 'ALTER SYSTEM'; CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT pg_promote()'; END $$": "",

		`GRANT a, "B" TO c, CURRENT_USER WITH ADMIN OPTION`:                                      "GRANT [a B] [c current_user] options",
		"REVOKE ADMIN OPTION FOR a FROM b":                                                       "REVOKE [a] [b] options",
		"GRANT SELECT (x, y), UPDATE ON TABLE t TO a":                                            "",
		"GRANT SELECT ON ALL TABLES IN SCHEMA s TO a":                                            "",
		"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a":                                   "",
		"DO $$ BEGIN ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO a; GRANT a TO b; END $$": "GRANT [a] [b]",
		"CREATE ROLE a IN ROLE b":                                                                "",
	} {
		statements, _ := Split(sql)
		if got := describeOutside(sql, OutsideOf(sql, statements[0])); got != want {
			t.Errorf("%s:\n%q, want %q", sql, got, want)
		}
	}
}

func FuzzOutsideOf(f *testing.F) {
	for _, sql := range []string{
		"DO $$ 'ALTER SYSTEM' $$", "DO 'x", "DO $x$ $y$ $y$ $x$", "COPY (", "GRANT", "REVOKE ADMIN OPTION FOR", "SECURITY LABEL FOR", `DO E'\''`, "DO '$$'", "DO U&'x' UESCAPE '!'",
	} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		statements, _ := Split(sql)
		for _, st := range statements {
			for _, o := range OutsideOf(sql, st) {
				if o.Command == "" || o.Start < st.Start || o.Start >= st.End {
					t.Errorf("%q: %+v", sql, o)
				}
			}
		}
	})
}

func TestOwnedAndAlteredRolesAreTheNamedOnes(t *testing.T) {
	t.Parallel()
	const sql = `REASSIGN OWNED BY a, b TO c; DROP OWNED BY d; ALTER ROLE e SET x = 1; ALTER ROLE f IN DATABASE y SET x = 1;
COMMENT ON ROLE g IS ''; SECURITY LABEL FOR p ON ROLE h IS ''; CREATE INDEX ON role (x);
DO $$ BEGIN EXECUTE format('ALTER ROLE i IN DATABASE %I RESET ALL', 'x'); END $$`
	if got := strings.Join(OwnedRoles(sql), " "); got != "a b d" {
		t.Error(got)
	}
	if got := strings.Join(AlteredRoles(sql), " "); got != "e g h" {
		t.Error(got)
	}
}

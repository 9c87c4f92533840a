package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pgtest"
)

// A body may fail with any of the codes that our own statements use: it is the body's
// failure all the same, at its place.
func TestBodyFailsWithACodeOfOurs(t *testing.T) {
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
		for _, header := range []string{"transaction: on", off} {
			if header == off && strings.Contains(c.up, "transaction_") {
				continue
			}
			t.Run(header+" "+c.up, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				want := strings.ReplaceAll(strings.ReplaceAll(c.want, ":6:", ":7:"), "7:15", "8:15")
				set := newProject(t).add("a", "", "CREATE TABLE x (id int PRIMARY KEY);", "").add("r", "a", c.up, "", header).set(migrator.Config{})
				_, err := set.Up(context.Background(), config(t, url))
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

// What is left of another ledger, or somebody else's table of that name, is named: it
// does not look like another runner at work.
func TestForeignTablesInTheLedgersPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"CREATE TABLE ambix_event (id int)", `the ledger public.ambix: relation "ambix_event" already exists (42P07); it is not the ledger's, or what is left of one: drop it, or choose another place with --ledger SCHEMA.PREFIX`},
		{"CREATE TYPE ambix_revision AS ENUM ()", `the ledger public.ambix: type "ambix_revision" already exists`},
		{"CREATE TABLE ambix_meta (id int)", `the ledger public.ambix: column "format" does not exist (42703)`},
		{"CREATE VIEW ambix_meta AS SELECT 1 AS format, 0::bigint AS generation", `the ledger public.ambix: relation "public.ambix_revision" does not exist (42P01)`},
	} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, c.sql)
		_, err := shop(t).set(migrator.Config{}).Up(context.Background(), config(t, url))
		var e *apply.LedgerError
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\nhave %v\nwant %s", c.sql, err, c.want)
		}
	}
}

// A ledger that lost a table is not the revision's fault.
func TestLedgerWithoutATable(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).set(migrator.Config{})
	if _, err := set.Up(context.Background(), config(t, url), "a1"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "DROP TABLE ambix_event")
	_, err := set.Up(context.Background(), config(t, url))
	if want := `the ledger public.ambix: the table "public"."ambix_event" is gone; restore it from a backup`; err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
}

// A role that lacks a right on the ledger's tables is told exactly what to grant.
func TestRightsOnTheLedger(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	set := shop(t).set(migrator.Config{})
	ctx := context.Background()
	if _, err := set.Up(ctx, config(t, url), "a1"); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, pgtest.Role(t, url))
	for range 5 {
		_, err := set.Up(ctx, cfg)
		var e *apply.LedgerError
		if !errors.As(err, &e) {
			if err == nil || !strings.Contains(err.Error(), "must be owner of table account") {
				t.Errorf("with all rights: %v", err)
			}
			return
		}
		_, grant, found := strings.Cut(err.Error(), "the owner can run: ")
		if !found {
			t.Fatalf("no statement to run: %v", err)
		}
		pgtest.Exec(t, url, grant)
	}
	t.Error("it never had enough")
}

func TestHeaderThatNoLongerSaysOff(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	up := "CREATE TABLE x (id int);\nSELECT nix;"
	ctx, cfg := context.Background(), config(t, url)
	if _, err := newProject(t).add("a", "", up, "", off).set(migrator.Config{}).Up(ctx, cfg); err == nil {
		t.Fatal("it cannot work")
	}
	_, err := newProject(t).add("a", "", "CREATE TABLE x (id int);\nSELECT 1;", "").set(migrator.Config{}).Up(ctx, cfg)
	var e *apply.EditedError
	if !errors.As(err, &e) || !e.Header || !strings.Contains(err.Error(), "no longer says `transaction: off`") {
		t.Fatalf("%v", err)
	}
	if _, err := newProject(t).add("a", "", "CREATE TABLE x (id int);\nSELECT 1;", "", off).set(migrator.Config{}).Up(ctx, cfg); err != nil {
		t.Errorf("with the line put back: %v", err)
	}
}

// Whatever encoding the database has, letters arrive and places are right.
func TestEncodings(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for _, encoding := range []string{"UTF8", "LATIN1", "SQL_ASCII"} {
		for _, through := range []string{"direct", "pooler"} {
			t.Run(encoding+" "+through, func(t *testing.T) {
				t.Parallel()
				direct := server.Database(t, "ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C'")
				url := direct
				if through == "pooler" {
					url = server.PgBouncer(t, map[string]string{"default_pool_size": "2"}).Through(direct)
				}
				ctx, cfg := context.Background(), config(t, url)
				p := newProject(t).add("a", "", "CREATE TABLE é (ä text);\nRESET ALL;\nINSERT INTO é VALUES ('é');", "DROP TABLE é; -- é").
					add("b", "a", "INSERT INTO é VALUES ('ü');", "")
				if _, err := p.set(migrator.Config{}).Up(ctx, cfg); err != nil {
					t.Fatal(err)
				}
				status, err := p.set(migrator.Config{}).Status(ctx, cfg)
				if err != nil || status.Count(migrator.Applied) != 2 || status.Count(migrator.Edited) != 0 {
					t.Errorf("status: %+v, %v", status, err)
				}
				length := map[string]string{"UTF8": "1 1", "LATIN1": "1 1", "SQL_ASCII": "2 2"}[encoding]
				if got := pgtest.Value(t, direct+"&client_encoding=UTF8", "SELECT string_agg(length(ä)::text, ' ') FROM é"); got != length {
					t.Errorf("lengths %s, want %s", got, length)
				}
				for _, c := range []struct{ up, want string }{
					{"SELECT 'ééé', nix;", `c.up.sql:6:15: upgrade c (add c): column "nix" does not exist (42703)`},
					{"SELECT 1;\nSELECT 'ééé' FROM FROM x;", `c.up.sql:7:19: upgrade c (add c): syntax error at or near "FROM" (42601)`},
					{"SET client_encoding = 'LATIN1';\nSELECT 'ééé', nix;", `c.up.sql:7:15: upgrade c (add c): column "nix" does not exist (42703)`},
				} {
					_, err := p.add("c", "b", c.up, "").set(migrator.Config{}).Up(ctx, cfg)
					if err == nil || err.Error() != c.want {
						t.Errorf("%s\nhave %v\nwant %s", c.up, err, c.want)
					}
				}
				_, err = p.add("c", "b", "SELECT 1;\nSELECT 'é — é';", "").set(migrator.Config{}).Up(ctx, cfg)
				if encoding == "LATIN1" {
					want := `c.up.sql:7:11: upgrade c (add c): character with byte sequence 0xe2 0x80 0x94 in encoding "UTF8" has no equivalent in encoding "LATIN1" (22P05)`
					if err == nil || err.Error() != want {
						t.Errorf("have %v\nwant %s", err, want)
					}
				} else if err != nil {
					t.Error(err)
				}
			})
		}
	}
	// The character may be in what only the ledger keeps.
	url := server.Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	_, err := newProject(t).add("a", "", "SELECT 1;", "SELECT '—';").set(migrator.Config{}).Up(context.Background(), config(t, url))
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Line != 0 || !strings.Contains(e.Hint, "its down script holds a character") {
		t.Errorf("%v, %+v", err, e)
	}
}

// A role may have any defaults: ours hold.
func TestRoleWithDefaultsOfItsOwn(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	url := pgtest.Role(t, admin)
	cfg := config(t, url)
	settings := []string{
		"standard_conforming_strings = off", "default_transaction_isolation = 'serializable'", "default_transaction_deferrable = on", "statement_timeout = '150ms'",
		"lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '100ms'", "synchronous_commit = off", "client_encoding = 'LATIN1'", "DateStyle = 'SQL, DMY'",
		"IntervalStyle = 'sql_standard'", "bytea_output = 'escape'", "row_security = off", "check_function_bodies = off", "lc_messages = 'C'", "extra_float_digits = 0", "client_min_messages = 'error'",
	}
	server := pgtest.Shared(t)
	if server.Major >= 14 {
		settings = append(settings, "idle_session_timeout = '1s'")
	}
	if server.Major >= 17 {
		settings = append(settings, "transaction_timeout = '150ms'")
	}
	pgtest.Exec(t, admin, "GRANT ALL ON SCHEMA public TO "+cfg.User)
	for _, s := range settings {
		pgtest.Exec(t, admin, "ALTER ROLE "+cfg.User+" SET "+s)
	}
	set := newProject(t).
		add("a", "", "CREATE TABLE x (t text);\nSELECT pg_sleep(0.4);\nINSERT INTO x VALUES ('a\\nb'), ('é'), (current_setting('transaction_isolation'));", "DROP TABLE x;").
		add("b", "a", "INSERT INTO x VALUES ('c\\');\nSELECT pg_sleep(0.4);\nCREATE INDEX CONCURRENTLY x_t ON x (t);\nINSERT INTO x VALUES (current_setting('transaction_isolation'));", "DROP INDEX x_t;", off).
		add("c", "b", "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE q (id int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nCREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;\n"+
			"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON p DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();\nINSERT INTO p VALUES (1);", "DROP TABLE q, p; DROP FUNCTION slow();").
		set(migrator.Config{})
	r, err := set.Up(context.Background(), cfg)
	if err != nil || steps(r) != "up a, up b, up c" {
		t.Fatalf("%v, %+v", err, r)
	}
	if got := pgtest.Value(t, admin, "SELECT string_agg(t || ' ' || length(t), ', ' ORDER BY t COLLATE \"C\") FROM x"); got != `a\nb 4, c\ 2, read committed 14, read committed 14, é 1` {
		t.Errorf("rows: %s", got)
	}
	if _, err := set.Status(context.Background(), cfg); err != nil {
		t.Errorf("status: %v", err)
	}
	if r, err := set.Down(context.Background(), cfg, "base"); err != nil || steps(r) != "down c, down b, down a" {
		t.Errorf("%v, %+v", err, r)
	}
}

// Read-only by default is an administrator's word: it is told, not overridden.
func TestReadOnlyRole(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	cfg := config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, fmt.Sprintf("GRANT ALL ON SCHEMA public TO %s; ALTER ROLE %[1]s SET default_transaction_read_only = on", cfg.User))
	_, err := shop(t).set(migrator.Config{}).Up(context.Background(), cfg)
	var e *migrator.ConnectError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "read") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, admin, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ambix%' OR relname = 'account'"); got != "0" {
		t.Error("something was created")
	}
}

// Functions, operators, types and tables named like those we use, in front of the real
// ones: nothing of ours meets them.
func TestHostileSearchPath(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	pgtest.Exec(t, admin, `CREATE SCHEMA evil;
CREATE FUNCTION evil.bad() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.no(anyelement, anyelement) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.no(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.no(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.no(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.no(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.cat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = anyelement, RIGHTARG = anyelement);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR evil.~ (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR evil.<> (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.+ (FUNCTION = evil.no, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.|| (FUNCTION = evil.cat, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION evil.count(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'met'; END $$;
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE IS NULL);
CREATE DOMAIN evil.int4 AS pg_catalog.int4 CHECK (VALUE IS NULL);
CREATE DOMAIN evil.name AS pg_catalog.name CHECK (VALUE IS NULL);
CREATE TABLE evil.pg_class (relname int); CREATE TABLE evil.pg_locks (pid int); CREATE TABLE evil.pg_index (indexrelid int); CREATE TABLE evil.ambix_revision (id int); CREATE TABLE evil.ambix_meta (id int); CREATE TABLE evil.ambix_event (id int);
GRANT ALL ON SCHEMA evil, public TO PUBLIC`)
	cfg := config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, "ALTER ROLE "+cfg.User+" SET search_path = evil, pg_catalog, public")
	ctx := context.Background()
	set := newProject(t).
		add("a", "", "CREATE TABLE public.x (id pg_catalog.int4); INSERT INTO public.x VALUES (1), (1);", "DROP TABLE public.x;").
		add("b", "a", "SET search_path = evil, pg_catalog, public;\nCREATE INDEX CONCURRENTLY x_id ON public.x (id);\nREINDEX TABLE CONCURRENTLY public.x;\nDROP INDEX CONCURRENTLY public.x_id;", "", off).
		add("c", "b", "CREATE UNIQUE INDEX CONCURRENTLY x_unique ON public.x (id);", "", off).
		set(migrator.Config{})
	_, err := set.Up(ctx, cfg)
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "c" || e.SQLState != "23505" || !strings.Contains(e.Hint, "invalid index: public.x_unique") {
		t.Fatalf("%v, %+v", err, e)
	}
	pgtest.Exec(t, admin, "TRUNCATE public.x")
	if _, err := set.Up(ctx, cfg); err != nil {
		t.Error(err)
	}
	if st, err := set.Status(ctx, cfg); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if _, err := set.DryRun(ctx, cfg, migrator.Down); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if _, err := set.Log(ctx, cfg, 0); err != nil {
		t.Errorf("log: %v", err)
	}
	if _, err := set.Down(ctx, cfg, "base"); err != nil {
		t.Errorf("down: %v", err)
	}
}

// An empty search_path is a role's right too.
func TestEmptySearchPath(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	cfg := config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, fmt.Sprintf("GRANT ALL ON SCHEMA public TO %s; ALTER ROLE %[1]s SET search_path = ''", cfg.User))
	set := newProject(t).
		add("a", "", "CREATE TABLE public.x (id int);", "DROP TABLE public.x;").
		add("b", "a", "CREATE INDEX CONCURRENTLY x_id ON public.x (id);", "DROP INDEX public.x_id;", off).
		set(migrator.Config{})
	if _, err := set.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := set.Down(context.Background(), cfg, "base"); err != nil {
		t.Error(err)
	}
}

// The smallest bound is a bound, and no retry means one try.
func TestShortestTimes(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE account (id int)")
	hold(t, config(t, url), "BEGIN; SELECT * FROM account")
	set := newProject(t).add("a", "", "ALTER TABLE account ADD name text;", "").set(migrator.Config{LockTimeout: time.Microsecond, RetryFor: -1})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := set.Up(ctx, config(t, url))
	var given *apply.LockTimeoutError
	if !errors.As(err, &given) || given.Tries != 1 || !strings.HasSuffix(err.Error(), "; tried once, nothing was kept, safe to run again") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, url, "SELECT action || ' ' || revision FROM ambix_event"); got != "failed a" {
		t.Errorf("event: %s", got)
	}
	past, cancelPast := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancelPast()
	if _, err := set.Up(past, config(t, url)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that is over: %v", err)
	}
}

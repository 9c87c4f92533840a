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

// A role that lacks privileges on the ledger gets the statements that grant them.
func TestReportedGrantsSuffice(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	ctx := context.Background()
	if _, err := m.Up(ctx, projecttest.Config(t, url), "a1"); err != nil {
		t.Fatal(err)
	}
	cfg := projecttest.Config(t, pgtest.Role(t, url))
	for range 5 {
		_, err := m.Up(ctx, cfg)
		var e *migrator.LedgerError
		if !errors.As(err, &e) {
			if err == nil || !strings.Contains(err.Error(), "must be owner of table account") {
				t.Errorf("with all privileges: %v", err)
			}
			return
		}
		_, grant, found := strings.Cut(err.Error(), "its owner can run: ")
		if !found {
			t.Fatalf("no statement: %v", err)
		}
		pgtest.Exec(t, url, grant)
	}
	t.Error("the grants never sufficed")
}

// default_transaction_read_only is respected.
func TestReadOnlyRoleIsRefused(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	cfg := projecttest.Config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, fmt.Sprintf("GRANT ALL ON SCHEMA public TO %s; ALTER ROLE %[1]s SET default_transaction_read_only = on", cfg.User))
	_, err := projecttest.Shop(t).Migrator(migrator.Config{}).Up(context.Background(), cfg)
	var e *migrator.ConnectError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "read") {
		t.Errorf("%v", err)
	}
	if got := pgtest.Value(t, admin, "SELECT count(*) FROM pg_class WHERE relname LIKE 'ambix%' OR relname = 'account'"); got != "0" {
		t.Error("something was created")
	}
}

// The remainder of another ledger, or another table of that name, is reported. It is not
// mistaken for another runner.
func TestForeignTableIsNotTakenForLedger(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"CREATE TABLE ambix_event (id int)", `ledger public.ambix: the tables "public"."ambix_meta" and "public"."ambix_revision" do not exist; restore them from a backup; if ambix_event is not part of a ledger, rename it, or use a ledger with another name`},
		{"CREATE TYPE ambix_revision AS ENUM ()", `ledger public.ambix: type "ambix_revision" already exists`},
		{"CREATE TABLE ambix_meta (id int)", `ledger public.ambix: column "format" does not exist (42703)`},
		{"CREATE VIEW ambix_meta AS SELECT 1 AS format, 0::bigint AS generation", `ledger public.ambix: one of its tables is a view or another kind of relation`},
	} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, c.sql)
		_, err := projecttest.Shop(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.LedgerError
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\nhave %v\nwant %s", c.sql, err, c.want)
		}
	}
}

// A missing table of the ledger is not a failure of the revision.
func TestMissingLedgerTableIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url), "a1"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "DROP TABLE ambix_event")
	_, err := m.Up(context.Background(), projecttest.Config(t, url))
	if want := `ledger public.ambix: the table "public"."ambix_event" does not exist; restore it from a backup`; err == nil || err.Error() != want {
		t.Errorf("have %v\nwant %s", err, want)
	}
}

// Functions, operators, types and tables with the names of those that our statements use
// precede the real ones in the search_path: none of ours uses them.
func TestHostileSearchPathIsHarmless(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	pgtest.Exec(t, admin, `CREATE SCHEMA evil;
CREATE FUNCTION evil.bad() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.no(anyelement, anyelement) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.no(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.no(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.no(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.no(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.cat(text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = anyelement, RIGHTARG = anyelement);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.no, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR evil.~ (FUNCTION = evil.no, LEFTARG = name, RIGHTARG = text);
CREATE OPERATOR evil.<> (FUNCTION = evil.no, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.+ (FUNCTION = evil.no, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.|| (FUNCTION = evil.cat, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION evil.count(anyelement) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'hijacked'; END $$;
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (VALUE IS NULL);
CREATE DOMAIN evil.int4 AS pg_catalog.int4 CHECK (VALUE IS NULL);
CREATE DOMAIN evil.name AS pg_catalog.name CHECK (VALUE IS NULL);
CREATE TABLE evil.pg_class (relname int); CREATE TABLE evil.pg_locks (pid int); CREATE TABLE evil.pg_index (indexrelid int); CREATE TABLE evil.ambix_revision (id int); CREATE TABLE evil.ambix_meta (id int); CREATE TABLE evil.ambix_event (id int);
GRANT ALL ON SCHEMA evil, public TO PUBLIC`)
	cfg := projecttest.Config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, "ALTER ROLE "+cfg.User+" SET search_path = evil, pg_catalog, public")
	ctx := context.Background()
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE public.x (id pg_catalog.int4); INSERT INTO public.x VALUES (1), (1);", "DROP TABLE public.x;").
		Add("b", "a", "SET search_path = evil, pg_catalog, public;\nCREATE INDEX CONCURRENTLY x_id ON public.x (id);\nREINDEX TABLE CONCURRENTLY public.x;\nDROP INDEX CONCURRENTLY public.x_id;", "", projecttest.NonTransactional).
		Add("c", "b", "CREATE UNIQUE INDEX CONCURRENTLY x_unique ON public.x (id);", "", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	_, err := m.Up(ctx, cfg)
	var e *migrator.RevisionError
	if !errors.As(err, &e) || e.Revision != "c" || e.SQLState != "23505" || !strings.Contains(e.Hint, "invalid index: public.x_unique") {
		t.Fatalf("%v, %+v", err, e)
	}
	pgtest.Exec(t, admin, "TRUNCATE public.x")
	if _, err := m.Up(ctx, cfg); err != nil {
		t.Error(err)
	}
	if st, err := m.Status(ctx, cfg); err != nil || st.Count(migrator.Applied) != 3 {
		t.Errorf("status: %+v, %v", st, err)
	}
	if err := projecttest.DryRun(ctx, m, cfg, migrator.Down); err != nil {
		t.Errorf("dry run: %v", err)
	}
	if _, err := m.Log(ctx, cfg, 0); err != nil {
		t.Errorf("log: %v", err)
	}
	if _, err := m.Down(ctx, cfg, "base"); err != nil {
		t.Errorf("down: %v", err)
	}
}

func TestEmptySearchPathIsHarmless(t *testing.T) {
	t.Parallel()
	admin := pgtest.Database(t)
	cfg := projecttest.Config(t, pgtest.Role(t, admin))
	pgtest.Exec(t, admin, fmt.Sprintf("GRANT ALL ON SCHEMA public TO %s; ALTER ROLE %[1]s SET search_path = ''", cfg.User))
	m := projecttest.New(t).
		Add("a", "", "CREATE TABLE public.x (id int);", "DROP TABLE public.x;").
		Add("b", "a", "CREATE INDEX CONCURRENTLY x_id ON public.x (id);", "DROP INDEX public.x_id;", projecttest.NonTransactional).
		Migrator(migrator.Config{})
	if _, err := m.Up(context.Background(), cfg); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Down(context.Background(), cfg, "base"); err != nil {
		t.Error(err)
	}
}

package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// asSuperuser runs statements that change the catalogs themselves.
func asSuperuser(t *testing.T, databaseURL, sql string) {
	t.Helper()
	pgtest.Exec(t, databaseURL, "SET allow_system_table_mods = on; "+sql)
}

func TestRowsOfUnknownKindsAreErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, setup, change, want string }{
		{"relation", "CREATE TABLE odd (a int)", "UPDATE pg_class SET relkind = 'g' WHERE relname = 'odd'", "public.odd (pg_class "},
		{"routine", "CREATE FUNCTION odd() RETURNS int LANGUAGE sql AS 'SELECT 1'", "UPDATE pg_proc SET prokind = 'x' WHERE proname = 'odd'", "public.odd (pg_proc "},
		{"type", "CREATE TYPE odd AS ENUM ()", "UPDATE pg_type SET typtype = 'x' WHERE typname = 'odd'", "public.odd (pg_type "},
		{"constraint", "CREATE TABLE t (a int CONSTRAINT odd CHECK (a > 0))", "UPDATE pg_constraint SET contype = 'z' WHERE conname = 'odd'", "odd (pg_constraint "},
		{"default privileges", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "UPDATE pg_default_acl SET defaclobjtype = 'q'", "row (pg_default_acl "},
		{"catalog", "SELECT", "INSERT INTO pg_depend VALUES ('pg_tablespace'::regclass, 99999, 0, 'pg_namespace'::regclass, 2200, 0, 'n')", "pg_tablespace 99999"},
		{"policy of nothing", "CREATE TABLE t (a int); CREATE POLICY odd ON t", "UPDATE pg_class SET relkind = 'g' WHERE relname = 't'", "odd (pg_policy "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			databaseURL := pgtest.Database(t)
			pgtest.Exec(t, databaseURL, test.setup)
			asSuperuser(t, databaseURL, test.change)
			_, err := schematest.MustAsk(t, databaseURL).Read()
			unknown, ok := errors.AsType[*catalog.UnknownError](err)
			if !ok || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if !strings.Contains(unknown.Error(), "that this version does not know") {
				t.Error(unknown)
			}
		})
	}
}

func TestRefusedObjectsAreNamed(t *testing.T) {
	t.Parallel()
	const detach = "CREATE TABLE p (k int) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)"
	for _, test := range []struct {
		name, setup, change, want string
		since                     int
	}{
		{
			"invalid index", "CREATE TABLE t (a int); CREATE INDEX t_a ON t (a)", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass",
			"index public.t_a is invalid (a failed CREATE INDEX CONCURRENTLY): drop or rebuild it first", 0,
		},
		{
			"subscription", "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x password=secret' PUBLICATION p WITH (connect = false)", "",
			"subscription sub is not written as SQL: its connection string may hold a password; write it by hand", 0,
		},
		{
			"partition being detached", detach, "UPDATE pg_inherits SET inhdetachpending = true",
			"table public.p1 is a partition that is being detached concurrently: finish the DETACH first", 14,
		},
		{
			"function in pg_catalog", "SELECT", "CREATE FUNCTION pg_catalog.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
			"function pg_catalog.mine() is in a schema of the system: move it to another schema", 0,
		},
		{
			"view in information_schema", "CREATE VIEW information_schema.mine AS SELECT 1 AS x", "",
			"view information_schema.mine is in a schema of the system: move it to another schema", 0,
		},
		{
			"operator in a system family", "CREATE FUNCTION lt(int, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true'; CREATE OPERATOR <<< (LEFTARG = int, RIGHTARG = text, FUNCTION = lt); ALTER OPERATOR FAMILY integer_ops USING btree ADD OPERATOR 1 <<< (int, text)", "",
			"operator 1 (integer, text) public.<<<(integer,text) is in an operator family of the system: create another family", 0,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if server := pgtest.Shared(t); server.Major < test.since {
				t.Skipf("for PostgreSQL %d and newer", test.since)
			}
			databaseURL := pgtest.Database(t)
			pgtest.Exec(t, databaseURL, test.setup)
			if test.change != "" {
				asSuperuser(t, databaseURL, test.change)
			}
			if strings.HasPrefix(test.setup, "CREATE SUBSCRIPTION") {
				t.Cleanup(func() {
					pgtest.Exec(t, databaseURL, "ALTER SUBSCRIPTION sub DISABLE; ALTER SUBSCRIPTION sub SET (slot_name = NONE)")
					pgtest.Exec(t, databaseURL, "DROP SUBSCRIPTION sub")
				})
			}
			for _, u := range []string{databaseURL, pgtest.Role(t, databaseURL)} {
				s := schematest.ReadDatabase(t, u)
				if !slices.ContainsFunc(s.Refused, func(r schema.Refusal) bool { return r.String() == test.want }) {
					t.Errorf("refused: %v", s.Refused)
				}
				if strings.Contains(outline(s), "secret") {
					t.Error("a password was read")
				}
			}
		})
	}
}

func TestPasswordsOfUserMappingsAreNotRead(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'secret')")
	a := schematest.MustAsk(t, databaseURL)
	for _, rows := range a.Results {
		for _, row := range rows {
			if strings.Contains(strings.Join(row, " "), "secret") {
				t.Errorf("%q", row)
			}
		}
	}
	s, err := a.Read()
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Object(schema.Key{Kind: schema.UserMapping, Name: "FOR PUBLIC SERVER s"}); o == nil || o.Detail("options") == "" {
		t.Error("the mapping is an object that knows of its options")
	}
}

func TestExtensionMembersAreCounted(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE EXTENSION hstore; CREATE TABLE t (h hstore); CREATE INDEX t_h ON t USING gist (h)")
	s := schematest.ReadDatabase(t, databaseURL)
	if s.Members < 50 || len(s.Refused) > 0 {
		t.Errorf("%d members, refused %v", s.Members, s.Refused)
	}
	for _, o := range s.Objects {
		if strings.Contains(o.Key.Name, "hstore") && o.Key.Kind != schema.Extension {
			t.Errorf("%s is an object", o.Key)
		}
	}
	extension := s.Object(schema.Key{Kind: schema.Extension, Name: "hstore"})
	column := s.Object(schema.Key{Kind: schema.Column, Name: "public.t.h"})
	if !slices.Contains(column.Needs, schema.Need{On: extension, Kind: 'n'}) {
		t.Errorf("what needs a member needs the extension: %v", column.Needs)
	}
	if !slices.Contains(s.Dependents(extension), column) {
		t.Error("and the extension knows what needs it")
	}
}

func TestReadGivesUpOnLocksOfOtherDDL(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
	before := schematest.ReadDatabase(t, databaseURL)
	other := schematest.Connect(t, databaseURL)
	exec := func(sql string) {
		t.Helper()
		if err := other.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	exec("BEGIN; CREATE TABLE u (b int); ALTER TABLE t OWNER TO CURRENT_USER")
	a := schematest.Connect(t, databaseURL)
	_, err := schematest.Ask(t.Context(), a)
	failed, ok := errors.AsType[*pg.StatementError](err)
	if !ok || failed.Err.Code != pg.LockNotAvailable {
		t.Fatalf("got %v, want lock_not_available", err)
	}
	exec("ROLLBACK")

	exec("BEGIN; CREATE TABLE u (b int)")
	if d := before.Compare(schematest.ReadDatabase(t, databaseURL)); len(d) > 0 {
		t.Errorf("an open transaction shows:\n%s", schematest.Describe(d))
	}
	exec("COMMIT")
	if d := before.Compare(schematest.ReadDatabase(t, databaseURL)); len(d) != 1 {
		t.Errorf("after the commit:\n%s", schematest.Describe(d))
	}
}

func TestConcurrentlyDroppedObjectsAreErrors(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, schematest.Own("texts.sql").Read(t))
	a := schematest.MustAsk(t, databaseURL)
	for _, definition := range []string{"CREATE INDEX t_plain", "CREATE STATISTICS", "CREATE TRIGGER tr", "CREATE RULE r", " SELECT t.id", "FOREIGN KEY"} {
		broken := schematest.Answer{Version: a.Version}
		for _, rows := range a.Results {
			rows = slices.Clone(rows)
			for i, row := range rows {
				rows[i] = slices.Clone(row)
				for j, value := range row {
					if strings.HasPrefix(value, definition) {
						rows[i][j] = "" // what the server's functions return for an object that is gone
					}
				}
			}
			broken.Results = append(broken.Results, rows)
		}
		_, err := broken.Read()
		if _, ok := errors.AsType[*catalog.ChangingError](err); !ok {
			t.Errorf("%s: %v", definition, err)
		}
	}
}

func TestRowsOfAnotherMessageAreErrors(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int)")
	a := schematest.MustAsk(t, databaseURL)
	a.Version = 130000
	if pgtest.Shared(t).Major == 13 {
		a.Version = 180000
	}
	_, err := a.Read()
	if _, ok := errors.AsType[*catalog.ResultError](err); !ok {
		t.Error(err)
	}
}

// Members of any kind have to be accounted for.
func TestMembersOfEveryExtensionAreLeftOut(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	conn := schematest.Connect(t, databaseURL)
	created := 0
	for _, row := range pgtest.Query(t, databaseURL, "SELECT name FROM pg_available_extensions ORDER BY name") {
		// Some need a library or a setting that is missing here.
		if conn.Exec(t.Context(), `CREATE EXTENSION IF NOT EXISTS "`+row[0]+`" CASCADE`) == nil {
			created++
		}
	}
	s := schematest.ReadDatabase(t, databaseURL)
	for _, o := range s.Objects {
		if o.Key.Kind != schema.Extension {
			t.Errorf("%s is an object", o.Key)
		}
	}
	if len(s.Objects) == 0 || len(s.Objects) > created || len(s.Refused) > 0 {
		t.Errorf("%d extensions were created; %d objects, refused %v", created, len(s.Objects), s.Refused)
	}
}

// Newer minor releases keep a number among the options of each column, which is another one in each database.
func TestVersionsOfColumnsAreLeftOut(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	pgtest.Exec(t, url, "CREATE TABLE a (id int, b int, c int); ALTER TABLE a ALTER b SET (n_distinct = 5, n_distinct_inherited = 6)")
	want := schematest.ReadDatabase(t, url)
	asSuperuser(t, url, `UPDATE pg_catalog.pg_attribute SET attoptions = '{pg_attver=1234}' WHERE attrelid = 'a'::regclass AND attname = 'id';
UPDATE pg_catalog.pg_attribute SET attoptions = '{n_distinct=5,pg_attver=-5,n_distinct_inherited=6}' WHERE attrelid = 'a'::regclass AND attname = 'b'`)
	got := schematest.ReadDatabase(t, url)
	if differences := want.Compare(got); len(differences) > 0 {
		t.Errorf("%+v", differences)
	}
	o := got.Object(schema.Key{Kind: schema.Column, Name: "public.a.b"})
	if options := o.Fact("options"); options != `["n_distinct=5","n_distinct_inherited=6"]` {
		t.Errorf("options %s", options)
	}
}

package ddl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

var everything = ddl.Options{Owners: true, Privileges: true}

// create writes a schema and makes it in a new database.
func create(t testing.TB, s *schema.Schema, o ddl.Options) (*schema.Schema, []ddl.Statement) {
	t.Helper()
	return createIn(t, pgtest.Database(t), s, o)
}

func createIn(t testing.TB, databaseURL string, s *schema.Schema, o ddl.Options) (*schema.Schema, []ddl.Statement) {
	t.Helper()
	statements, err := ddl.Create(s, o)
	if err != nil {
		t.Fatal(err)
	}
	conn := schematest.Connect(t, databaseURL)
	for _, statement := range statements {
		if err := conn.Exec(t.Context(), statement.SQL); err != nil {
			t.Errorf("%v\n%s", err, statement.SQL)
		}
	}
	return schematest.Read(t, conn), statements
}

func TestCreateReproducesTheSchema(t *testing.T) {
	t.Parallel()
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			s := schematest.ReadDatabase(t, file.Load(t))
			made, statements := create(t, s, everything)
			if d := s.Compare(made); len(d) > 0 || s.FullFingerprint() != made.FullFingerprint() {
				t.Errorf("the schema is another one:\n%s", schematest.Describe(d))
			}
			again, err := ddl.Create(made, everything)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(ddl.Script(statements), ddl.Script(again)); diff != "" {
				t.Errorf("the second script is another one:\n%s", diff)
			}
		})
	}
}

// Without owners and privileges, a role that may create a schema can make what the superuser had.
func TestOrdinaryRoleMakesTheStructure(t *testing.T) {
	t.Parallel()
	s := schematest.ReadDatabase(t, schematest.Own("texts.sql").Load(t))
	statements, err := ddl.Create(s, ddl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	databaseURL := pgtest.Database(t)
	roleURL := pgtest.Role(t, databaseURL)
	pgtest.Exec(t, databaseURL, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	pgtest.Exec(t, roleURL, ddl.Script(statements))
	made := schematest.ReadDatabase(t, databaseURL)
	if d := s.Compare(made, schema.Owner, schema.Privileges); len(d) > 0 || s.Fingerprint() != made.Fingerprint() {
		t.Error(schematest.Describe(d))
	}
	for _, statement := range statements {
		if strings.Contains(statement.SQL, "OWNER TO") || strings.Contains(statement.SQL, "GRANT") {
			t.Errorf("not asked for: %s", statement.SQL)
		}
	}
}

func TestPrivilegesWithoutOwnersAreThoseOfTheCreator(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int); REVOKE DELETE ON t FROM CURRENT_USER; GRANT SELECT (a) ON t TO PUBLIC")
	s := schematest.ReadDatabase(t, databaseURL)
	made, _ := create(t, s, ddl.Options{Privileges: true})
	if d := s.Compare(made, schema.Owner); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
}

func TestRefusedObjectsAreErrors(t *testing.T) {
	t.Parallel()
	s, err := schema.New(180000, nil, []schema.Refusal{{Object: "index public.i", Reason: "is invalid"}, {Object: "subscription s", Reason: "is not written"}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = ddl.Create(s, everything); err == nil || err.Error() != "index public.i is invalid\nsubscription s is not written" {
		t.Error(err)
	}
}

// A generated column cannot be added later, so nothing breaks this cycle.
func TestCycleThroughAGeneratedColumnIsAnError(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	if server.Major < 14 {
		t.Skip("BEGIN ATOMIC is for PostgreSQL 14 and newer")
	}
	databaseURL := server.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT max(a) FROM t; END")
	pgtest.Exec(t, databaseURL, "ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (f(a)) STORED")
	_, err := ddl.Create(schematest.ReadDatabase(t, databaseURL), everything)
	const want = "these objects need each other: FUNCTION public.f(integer) -> TABLE public.t -> FUNCTION public.f(integer)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// From 14 on, types alone do not tell two procedures apart in ALTER and COMMENT.
func TestProceduresAreNamedWithTheModesOfTheirArguments(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	if server.Major < 14 {
		t.Skip("procedures have OUT arguments from PostgreSQL 14 on")
	}
	databaseURL := server.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE PROCEDURE p(OUT a int, IN b int, IN c int) LANGUAGE plpgsql AS 'BEGIN a := b; END'")
	pgtest.Exec(t, databaseURL, "CREATE PROCEDURE p(IN a int, IN b int, IN c int) LANGUAGE plpgsql AS 'BEGIN END'; COMMENT ON PROCEDURE p(IN int, IN int, IN int) IS 'text'")
	s := schematest.ReadDatabase(t, databaseURL)
	made, _ := create(t, s, everything)
	if d := s.Compare(made); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
	checkDrop(t, databaseURL)
}

// Names of types can contain what separates the operands in the name of an operator.
func TestOperandTypesWithOddNamesAreWritten(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, `CREATE TYPE "a, b (c" AS ENUM ('x'); CREATE FUNCTION eq("a, b (c", "a, b (c") RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR <=> (LEFTARG = "a, b (c", RIGHTARG = "a, b (c", FUNCTION = eq); CREATE OPERATOR FAMILY fam USING hash;
ALTER OPERATOR FAMILY fam USING hash ADD OPERATOR 1 <=> ("a, b (c", "a, b (c")`)
	s := schematest.ReadDatabase(t, databaseURL)
	made, _ := create(t, s, everything)
	if d := s.Compare(made); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
	checkDrop(t, databaseURL)
}

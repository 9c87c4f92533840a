package ddl_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

var everything = ddl.Options{Owners: true, Privileges: true}

func connect(t testing.TB, databaseURL string) *pg.Conn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func read(t testing.TB, conn *pg.Conn) *schema.Schema {
	t.Helper()
	version := conn.ServerVersion()
	var results [][]catalog.Row
	_, err := conn.Send(t.Context(), pg.Message{SQL: catalog.Message(version)}, pg.Handler{Row: func(statement int, fields [][]byte) {
		results = catalog.Append(results, statement, fields)
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalog.Read(version, results)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

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
	conn := connect(t, databaseURL)
	for _, statement := range statements {
		if err := conn.Exec(t.Context(), statement.SQL); err != nil {
			t.Errorf("%v\n%s", err, statement.SQL)
		}
	}
	return read(t, conn), statements
}

func load(t testing.TB, path string) *schema.Schema {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, string(src))
	return read(t, connect(t, databaseURL))
}

func describe(differences []schema.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		b.WriteString(d.Change.String() + " " + d.Key.String() + "\n")
		for _, f := range d.Facts {
			b.WriteString("    " + f.Name + "\n      from " + f.From + "\n      to   " + f.To + "\n")
		}
	}
	return b.String()
}

// corpus returns our own schemas that this server can load, and those of public projects where they are available.
func corpus(t *testing.T) []string {
	t.Helper()
	createRoles(t)
	major := pgtest.Shared(t).Major
	paths := []string{"../catalog/testdata/kinds.sql", "../catalog/testdata/texts.sql", "../catalog/testdata/names.sql"}
	if major >= 14 {
		paths = append(paths, "../catalog/testdata/cycles.sql")
	}
	if major >= 18 {
		paths = append(paths, "../catalog/testdata/new18.sql")
	}
	others, err := filepath.Glob("../../../shared/corpus/schemas/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range others {
		if !slices.Contains([]string{"cycles.sql", "new18.sql", "peatio.sql"}, filepath.Base(path)) { // the last is for MySQL
			paths = append(paths, path)
		}
	}
	return paths
}

var rolesCreated sync.Once

// createRoles creates the roles that files of the corpus name. Loading two of them at the same time would do so twice.
func createRoles(t *testing.T) {
	t.Helper()
	rolesCreated.Do(func() {
		for _, role := range []string{`corpus_role`, `"corpus odd=role"`, `"corpus ON role ""x"" SELECT"`} {
			pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DO $$BEGIN CREATE ROLE "+role+"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$")
		}
	})
}

func TestCreateReproducesTheSchema(t *testing.T) {
	t.Parallel()
	for _, path := range corpus(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			s := load(t, path)
			made, statements := create(t, s, everything)
			if d := s.Compare(made); len(d) > 0 || s.FullFingerprint() != made.FullFingerprint() {
				t.Errorf("the schema is another one:\n%s", describe(d))
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
	s := load(t, "../catalog/testdata/texts.sql")
	statements, err := ddl.Create(s, ddl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	databaseURL := pgtest.Database(t)
	roleURL := pgtest.Role(t, databaseURL)
	pgtest.Exec(t, databaseURL, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	pgtest.Exec(t, roleURL, ddl.Script(statements))
	made := read(t, connect(t, databaseURL))
	if d := s.Compare(made, schema.Owner, schema.Privileges); len(d) > 0 || s.Fingerprint() != made.Fingerprint() {
		t.Error(describe(d))
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
	s := read(t, connect(t, databaseURL))
	made, _ := create(t, s, ddl.Options{Privileges: true})
	if d := s.Compare(made, schema.Owner); len(d) > 0 {
		t.Error(describe(d))
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
	_, err := ddl.Create(read(t, connect(t, databaseURL)), everything)
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
	s := read(t, connect(t, databaseURL))
	made, _ := create(t, s, everything)
	if d := s.Compare(made); len(d) > 0 {
		t.Error(describe(d))
	}
	checkDrop(t, databaseURL)
}

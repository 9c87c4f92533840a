package ddl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// first are the files of PostgreSQL's regression suite that others need; they run in this order, then the rest by name.
var first = strings.Fields(`test_setup boolean char name varchar text int2 int4 int8 oid float4 float8 bit numeric uuid enum money
	rangetypes point lseg line box path polygon circle date time timetz timestamp timestamptz interval inet macaddr multirangetypes
	geometry copy insert create_misc create_operator create_procedure create_table create_type create_schema create_index create_view
	create_aggregate create_function_sql create_cast constraints triggers inherit`)

// The database left by PostgreSQL's regression suite has some 4,400 objects of nearly every kind. The suite is in
// AMBIX_REGRESS_SQL (scripts/regress-corpus); it runs for minutes on a private server, so AMBIX_TEST_STATES=all asks for it.
// Functions in C are missing, and statements that need them fail: whatever results is written and made again.
func TestCreateReproducesTheRegressionDatabase(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("AMBIX_REGRESS_SQL")
	if dir == "" || !schematest.All() {
		t.Skip("set AMBIX_REGRESS_SQL and AMBIX_TEST_STATES=all")
	}
	server := pgtest.Start(t, pgtest.Options{Version: 15})
	databaseURL := server.Database(t)
	for _, path := range regressFiles(t, dir) {
		psql := exec.CommandContext(t.Context(), pgtest.Program(t, "psql"), "-X", "-q", "-f", filepath.Base(path), databaseURL)
		psql.Dir = dir
		psql.Env = append(os.Environ(), "PG_ABS_SRCDIR=/nonexistent", "PG_LIBDIR=/nonexistent", "PG_DLSUFFIX=.so")
		psql.WaitDelay = time.Minute
		_ = psql.Run()
	}
	s := schematest.ReadDatabase(t, databaseURL)
	if len(s.Objects) < 4000 {
		t.Errorf("only %d objects: the suite did not run", len(s.Objects))
	}
	for _, r := range s.Refused {
		if !strings.Contains(r.Reason, "operator family of the system") { // those cannot be told from the server's own
			t.Error(r)
		}
	}
	whole, err := schema.New(s.Version, s.Objects, nil, s.Members)
	if err != nil {
		t.Fatal(err)
	}
	second := server.Database(t)
	made, _ := createIn(t, second, whole, everything)
	if d := whole.Compare(made); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
	checkDrop(t, second)
	conn := schematest.Connect(t, second)
	empty := schematest.Empty(t, s.Version)
	if statements, err := ddl.Change(whole, whole, changeEverything); err != nil || len(statements) > 0 {
		t.Errorf("%v\n%s", err, ddl.Script(statements))
	}
	apply(t, conn, empty, whole)
	apply(t, conn, schematest.Read(t, conn), empty)
}

func regressFiles(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(all) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	rank := func(path string) int {
		if i := slices.Index(first, strings.TrimSuffix(filepath.Base(path), ".sql")); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortStableFunc(all, func(a, b string) int { return rank(a) - rank(b) })
	return all
}

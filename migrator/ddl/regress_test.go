package ddl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
)

// The database that PostgreSQL's regression suite leaves has some 4,400 objects of nearly every kind. It is written, made
// again, compared with itself, emptied and filled. pg_dump sees the same database afterwards, but for what docs/schema.md
// says is not compared.
func TestRegressionDatabase(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("AMBIX_REGRESS_DATABASE")
	if dir == "" {
		t.Skip("set AMBIX_REGRESS_DATABASE: see scripts/regress-database")
	}
	server := pgtest.Start(t, pgtest.Options{Version: 15})
	if major := dumpMajor(t); major != server.Major {
		t.Fatalf("pg_dump is that of PostgreSQL %d", major)
	}
	first := server.Database(t)
	for _, file := range []string{"roles.sql", "schema.sql"} {
		out, err := exec.Command(pgtest.Program(t, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", filepath.Join(dir, file), first).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	s := schematest.ReadDatabase(t, first)
	if len(s.Objects) < 4000 {
		t.Errorf("only %d objects: the suite did not run", len(s.Objects))
	}
	second := server.Database(t)
	made, _ := createIn(t, second, s, everything)
	if d := s.Compare(made); len(d) > 0 {
		t.Error(schematest.Describe(d))
	}
	if diff := cmp.Diff(comparable(pgDump(t, first)), comparable(pgDump(t, second))); diff != "" {
		t.Error(diff)
	}
	if statements, err := ddl.Change(s, s, changeEverything); err != nil || len(statements) > 0 {
		t.Errorf("%v\n%s", err, ddl.Script(statements))
	}
	checkDrop(t, second)
	conn := schematest.Connect(t, second)
	empty := schematest.Empty(t, s.Version)
	apply(t, conn, empty, s)
	apply(t, conn, schematest.Read(t, conn), empty)
}

// comparable leaves out the lines of pg_dump about the privileges of the system's objects and of the schema public, and
// sorts the lists of storage options and all lines.
func comparable(lines []string) []string {
	var kept []string
	for _, line := range lines {
		switch {
		case strings.Contains(line, " ON TABLE pg_catalog."), strings.Contains(line, " ON SCHEMA public "):
			continue
		case strings.HasPrefix(line, "WITH (") && strings.HasSuffix(line, ");"):
			options := strings.Split(line[len("WITH ("):len(line)-len(");")], ", ")
			slices.Sort(options)
			line = "WITH (" + strings.Join(options, ", ") + ");"
		}
		kept = append(kept, line)
	}
	slices.Sort(kept)
	return kept
}

package ddl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/schema"
)

// pgDump returns the sorted lines of pg_dump's output, without comments.
func pgDump(t *testing.T, databaseURL string) []string {
	t.Helper()
	cmd := exec.Command(pgtest.Program(t, "pg_dump"), "--schema-only", databaseURL)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		// The restrict key is random. A comma depends on the position of a column.
		if line = strings.TrimSuffix(strings.TrimSpace(line), ","); line != "" && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) {
			lines = append(lines, schema.NormalText(line))
		}
	}
	slices.Sort(lines)
	return lines
}

// dumpMajor returns the major version of pg_dump.
func dumpMajor(t *testing.T) int {
	t.Helper()
	out, err := exec.Command(pgtest.Program(t, "pg_dump"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(out))
	major, _, _ := strings.Cut(fields[2], ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pg_dump has its own idea of a schema, so it sees what no fact has.
func TestPgDumpSeesTheSameSchema(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	if server.Major != dumpMajor(t) {
		t.Skipf("pg_dump is that of PostgreSQL %d", dumpMajor(t))
	}
	for _, file := range schematest.Files(t) {
		t.Run(file.Name(), func(t *testing.T) {
			t.Parallel()
			first, second := file.Load(t), server.Database(t)
			statements, err := ddl.Create(schematest.ReadDatabase(t, first), everything)
			if err != nil {
				t.Fatal(err)
			}
			pgtest.Exec(t, second, ddl.Script(statements))
			if diff := cmp.Diff(pgDump(t, first), pgDump(t, second)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// States of the schemas of public projects are written and made again: every fourth, or all with AMBIX_TEST_STATES=all.
func TestCreateReproducesStatesOfHistories(t *testing.T) {
	t.Parallel()
	for _, history := range schematest.Histories(t) {
		for i, path := range history.States {
			if i%4 != 0 && !schematest.All() {
				continue
			}
			t.Run(history.Project+" "+filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				s := schematest.ReadDatabase(t, schematest.LoadState(t, path))
				made, _ := create(t, s, everything)
				if d := s.Compare(made); len(d) > 0 {
					t.Error(schematest.Describe(d))
				}
			})
		}
	}
}

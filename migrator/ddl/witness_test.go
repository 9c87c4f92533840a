package ddl_test

import (
	"compress/gzip"
	"io"
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
	for _, path := range corpus(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			first, second := server.Database(t), server.Database(t)
			pgtest.Exec(t, first, string(src))
			statements, err := ddl.Create(read(t, connect(t, first)), everything)
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
	states, err := filepath.Glob("../../../shared/corpus/history/*/*.sql.gz")
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range states {
		if i%4 != 0 && os.Getenv("AMBIX_TEST_STATES") != "all" {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(path))+" "+filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			databaseURL := pgtest.Database(t)
			psql := exec.Command(pgtest.Program(t, "psql"), "-q", databaseURL)
			psql.Stdin = strings.NewReader(gunzip(t, path))
			_ = psql.Run() // older states name roles that do not exist; what results is the state
			s := read(t, connect(t, databaseURL))
			made, _ := create(t, s, everything)
			if d := s.Compare(made); len(d) > 0 {
				t.Error(describe(d))
			}
		})
	}
}

func gunzip(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	src, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"import": main})
}

var update = flag.Bool("update", false, "update the files that the scripts compare")

// Tests with the tools themselves are in migrator/internal/importtest.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", os.Getenv("PATH"))
			return nil
		},
	})
}

func TestMissingAlembicIsReported(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "alembic.ini"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	var stdout, stderr strings.Builder
	code := run([]string{"alembic", dir, filepath.Join(dir, "sql")}, &stdout, &stderr)
	if code != 1 || stdout.String() != "" || !strings.Contains(stderr.String(), "no Python with Alembic") {
		t.Errorf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
}

package importer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingAlembicIsReported(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "alembic.ini"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	cmd := Command()
	var stdout strings.Builder
	cmd.SetOut(&stdout)
	cmd.SetArgs([]string{"alembic", dir, filepath.Join(dir, "sql")})
	cmd.SilenceErrors = true
	if err := cmd.Execute(); err == nil || stdout.String() != "" || !strings.Contains(err.Error(), "no Python with Alembic") {
		t.Errorf("%v\n%s", err, stdout.String())
	}
}

package importtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each tool's console block in docs/adopting.md runs in a copy of testdata/document/TOOL.
func TestDocumentShowsTheActualOutput(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/adopting.md")
	if err != nil {
		t.Fatal(err)
	}
	tools := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		name := regexp.MustCompile(`\$ ambix import (?:-D \S+ )*(\S+)`).FindStringSubmatch(block[1])
		if name == nil {
			continue
		}
		tools[name[1]] = true
		t.Run(name[1], func(t *testing.T) {
			t.Parallel()
			if have := console(t, filepath.Join("testdata/document", name[1]), block[1]); have != block[1] {
				t.Errorf("the document (-) and the actual output (+):\n%s", cmp.Diff(block[1], have))
			}
		})
	}
	for _, tool := range []string{"alembic", "atlas", "dbmate", "diesel", "flyway", "golang-migrate", "goose", "prisma", "rails", "sqitch", "sqlx", "tern"} {
		if !tools[tool] {
			t.Errorf("docs/adopting.md does not show how %s is imported", tool)
		}
	}
}

// console runs the commands of a block and returns the block with the actual output. The
// project is copied to the folder migrations; a crate of Rust has a folder of that name.
func console(t testing.TB, project, block string) string {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "migrations")
	if exists(filepath.Join(project, "Cargo.toml")) {
		target = dir
	}
	if err := os.CopyFS(target, os.DirFS(project)); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + built + ":$PATH\n"
	var b strings.Builder
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			b.WriteString(line + run(t, dir, "sh", "-c", path+command))
		}
	}
	return b.String()
}

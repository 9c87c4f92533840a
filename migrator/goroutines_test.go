package migrator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scripts/test uses the race detector only where goroutines are started, so every package that
// starts one is listed by scripts/goroutines.
func TestPackagesWithGoroutinesAreListed(t *testing.T) {
	t.Parallel()
	const root = ".."
	list := func(which string) []string {
		out, err := exec.Command(filepath.Join(root, "scripts", "goroutines"), which).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	some, none := list("some"), list("none")
	if len(some) == 0 || len(none) == 0 || slices.ContainsFunc(some, func(p string) bool { return slices.Contains(none, p) }) {
		t.Errorf("with goroutines: %v, without: %v", some, none)
	}
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && file != root):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			starts := false
			switch n := n.(type) {
			case *ast.GoStmt:
				starts = true
			case *ast.CallExpr:
				s, ok := n.Fun.(*ast.SelectorExpr)
				starts = ok && (s.Sel.Name == "Go" || s.Sel.Name == "AfterFunc")
			}
			if starts {
				dir, _ := filepath.Rel(root, filepath.Dir(file))
				found[path.Join("example.com/ambix", filepath.ToSlash(dir))] = true
			}
			return true
		})
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for p := range found {
		if !slices.Contains(some, p) {
			t.Errorf("%s starts a goroutine", p)
		}
	}
}

package cli_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Text from elsewhere is escaped in package terminal, so nothing else may write to a stream.
// What is allowed: to pass a stream on to package terminal, and to start the editor on it.
func TestOnlyTerminalWritesToStreams(t *testing.T) {
	t.Parallel()
	streams := map[string]bool{"os.Stdout": true, "os.Stderr": true, "OutOrStdout": true, "ErrOrStderr": true, "OutOrStderr": true}
	passesOn := map[string]bool{"newOutput": true, "newLogger": true, "NewOutput": true, "NewLogger": true, "Guard": true, "printError": true, "SetOut": true, "IsTerminal": true}
	prints := map[string]bool{"fmt.Print": true, "fmt.Println": true, "fmt.Printf": true, "cmd.Print": true, "cmd.Println": true, "cmd.Printf": true, "cmd.PrintErr": true, "cmd.PrintErrln": true, "cmd.PrintErrf": true}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "testdata" || path == filepath.Join("internal", "terminal")) {
			if entry.IsDir() && err == nil {
				return fs.SkipDir
			}
			return err
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "editor.go" {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		allowed := map[ast.Node]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if s, ok := call.Fun.(*ast.SelectorExpr); ok && passesOn[s.Sel.Name] {
					for _, arg := range call.Args {
						allowed[arg] = true
						if inner, ok := arg.(*ast.CallExpr); ok {
							allowed[inner.Fun] = true
						}
					}
				}
			}
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			name := s.Sel.Name
			if x, ok := s.X.(*ast.Ident); ok && (x.Name == "os" || x.Name == "fmt" || x.Name == "cmd" && prints["cmd."+name]) {
				name = x.Name + "." + name
			}
			if (streams[name] || prints[name]) && !allowed[s] {
				t.Errorf("%s: %s bypasses package terminal", files.Position(s.Pos()), name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

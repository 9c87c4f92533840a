package migrator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pgtest"
)

// testFile is a file of tests, or a script for them.
type testFile struct {
	name string // below this folder
	text string
	ast  *ast.File // nil for a script
}

func testFiles(t *testing.T) []testFile {
	t.Helper()
	var files []testFile
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, ".txtar") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f := testFile{name: filepath.ToSlash(path), text: string(text)}
		if strings.HasSuffix(path, ".go") {
			f.ast, err = parser.ParseFile(token.NewFileSet(), path, text, 0)
		}
		files = append(files, f)
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// timed are functions of tests in which a short time decides, and why a slow machine does not make them fail.
var timed = map[string]string{
	"cli/edit_test.go TestEditLeavesInterruptToTheEditor":                   "it sends several signals",
	"cli/scene_test.go paste":                                               "it stops what would wait for long, once it has said in which database",
	"draft_lock_test.go concurrently":                                       "a pause between two looks",
	"internal/apply/retry_test.go TestSmallestLimitsApply":                  "a time in the past",
	"internal/exampletest/example_test.go get":                              "a pause between two tries",
	"internal/pg/attempt_test.go TestWaitingForAnAttemptEndsWithTheContext": "it cancels whatever has happened until then",
	"internal/pgtest/proxy_test.go TestLatencyDelaysBothDirections":         "a lower bound",
	"internal/pgtest/proxy_test.go TestStalledConnectionResumes":            "it waits for what must not happen",
}

// A test that fails when something takes long fails on a busy machine too. pgtest.Eventually and pgtest.Patience wait for
// what must happen; a test that needs something to be in progress holds a lock until it has looked.
func TestTestsDoNotDependOnSpeed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, f := range testFiles(t) {
		if f.ast == nil {
			continue
		}
		for _, decl := range f.ast.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			where := f.name + " " + fn.Name.Name
			ast.Inspect(fn, func(n ast.Node) bool {
				if what := judgesByTime(n); what != "" {
					if used[where] = true; timed[where] == "" {
						t.Errorf("%s: %s: use pgtest.Eventually or pgtest.Patience, or say in timed why a slow machine does not make the test fail", where, what)
					}
				}
				return true
			})
		}
	}
	for where := range timed {
		if !used[where] {
			t.Errorf("%s does nothing that depends on time: remove it from timed", where)
		}
	}
}

// judgesByTime returns what a node does within a short time, or "".
func judgesByTime(n ast.Node) string {
	switch n := n.(type) {
	case *ast.RangeStmt:
		if lit, ok := n.X.(*ast.BasicLit); ok && lit.Kind == token.INT && calls(n.Body, "time.Sleep") {
			return "it looks " + lit.Value + " times"
		}
	case *ast.CallExpr:
		name := nameOf(n.Fun)
		if name == "time.Since" {
			return "it measures a time"
		}
		limits := map[string]int{"context.WithTimeout": 1, "time.After": 0, "time.AfterFunc": 0, "time.Now().Add": 0}
		if at, ok := limits[name]; ok && at < len(n.Args) {
			if d, ok := durationOf(n.Args[at]); ok && d < pgtest.Patience && d > -time.Hour {
				return name + " with " + d.String()
			}
		}
	}
	return ""
}

func calls(body ast.Node, name string) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		found = found || ok && nameOf(call.Fun) == name
		return !found
	})
	return found
}

// nameOf returns the name of a function of a package, such as time.After, or time.Now().Add.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		return nameOf(e.Fun) + "()"
	}
	return "?"
}

// durationOf returns the value of a constant such as 2 * time.Second.
func durationOf(e ast.Expr) (time.Duration, bool) {
	units := map[string]time.Duration{"time.Microsecond": time.Microsecond, "time.Millisecond": time.Millisecond, "time.Second": time.Second, "time.Minute": time.Minute, "time.Hour": time.Hour}
	switch e := e.(type) {
	case *ast.BasicLit:
		n, err := strconv.Atoi(e.Value)
		return time.Duration(n), err == nil
	case *ast.SelectorExpr:
		d, ok := units[nameOf(e)]
		return d, ok
	case *ast.UnaryExpr:
		d, ok := durationOf(e.X)
		return -d, ok && e.Op == token.SUB
	case *ast.BinaryExpr:
		x, okX := durationOf(e.X)
		y, okY := durationOf(e.Y)
		return x * y, okX && okY && e.Op == token.MUL
	}
	return 0, false
}

var (
	// These views show what every test of the server does.
	wholeServer = regexp.MustCompile(`(?i)FROM (pg_catalog\.)?(pg_locks|pg_stat_activity|pg_prepared_xacts)\b`)
	ownPart     = regexp.MustCompile(`current_database\(\)|\bpid = |datname = |application_name ~|backend_type|query LIKE 'DROP DATABASE`)
)

// Tests run side by side on one server: what one looks for there must be its own.
func TestTestsLookAtTheirOwnSessions(t *testing.T) {
	t.Parallel()
	queries := 0
	check := func(where, sql string) {
		if wholeServer.MatchString(sql) {
			if queries++; !ownPart.MatchString(sql) {
				t.Errorf("%s: this sees other tests; add datname = current_database(), or the process: %s", where, sql)
			}
		}
	}
	for _, f := range testFiles(t) {
		if f.ast == nil {
			for line := range strings.Lines(f.text) {
				check(f.name, line)
			}
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				check(f.name, literals(n))
				return false
			case *ast.BasicLit:
				check(f.name, literals(n))
			}
			return true
		})
	}
	if queries < 20 {
		t.Errorf("only %d queries were found", queries)
	}
}

// literals returns the strings of an expression, one after the other.
func literals(e ast.Node) string {
	var text strings.Builder
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				text.WriteString(s)
			}
		}
		return true
	})
	return text.String()
}

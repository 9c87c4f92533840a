package migrator_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// thirdParty gives the short names that docs/architecture.md uses.
var thirdParty = map[string]string{
	"github.com/jackc/pgx/v5/pgconn":          "pgconn",
	"github.com/jackc/pgx/v5/pgproto3":        "pgproto3",
	"github.com/caarlos0/env/v11":             "env",
	"github.com/spf13/cobra":                  "cobra",
	"github.com/jackc/pgservicefile":          "pgservicefile",
	"github.com/spf13/pflag":                  "pflag",
	"golang.org/x/term":                       "term",
	"golang.org/x/text/width":                 "width",
	"github.com/ory/dockertest/v3":            "dockertest",
	"github.com/ory/dockertest/v3/docker":     "dockertest",
	"github.com/jackc/pgx/v5/pgconn/ctxwatch": "pgconn",
}

// The architecture is what the compiler sees, or the document is wrong.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	allowed := readTable(t, "../docs/architecture.md")
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard,Module", "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := map[string]bool{}
	for decoder.More() {
		var p struct {
			ImportPath string
			Imports    []string
			Module     struct{ Path string }
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := relative(p.ImportPath, p.Module.Path)
		if strings.HasPrefix(name, "scripts/") || strings.HasPrefix(name, "examples/") {
			continue
		}
		row, ok := allowed[name]
		if !ok {
			t.Errorf("package %s is not in docs/architecture.md", name)
			continue
		}
		seen[name] = true
		used := map[string]bool{}
		for _, imported := range p.Imports {
			short := shortName(imported, p.Module.Path)
			if short == "" {
				continue
			}
			used[short] = true
			if !slices.Contains(row, short) {
				t.Errorf("%s imports %s (%s), which its row in docs/architecture.md does not name", name, short, imported)
			}
		}
		// Only tests import a package whose name ends in "test".
		if i := strings.LastIndex(name, "/internal/"); i >= 0 && !strings.HasSuffix(name, "test") && used[shortName(p.Module.Path+"/"+name[:i], p.Module.Path)] {
			t.Errorf("%s imports upward: %s", name, name[:i])
		}
		for _, want := range row {
			if !used[want] {
				t.Errorf("docs/architecture.md says that %s imports %s, and it does not", name, want)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("docs/architecture.md has a package %s that does not exist", name)
		}
	}
}

func relative(importPath, module string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// shortName is what the table calls an import; "" for the standard library.
func shortName(imported, module string) string {
	if imported == module || strings.HasPrefix(imported, module+"/") {
		return strings.TrimPrefix(relative(imported, module), "migrator/")
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return ""
	}
	if short, ok := thirdParty[imported]; ok {
		return short
	}
	return imported
}

// readTable gives the names in the last two columns by package.
func readTable(t *testing.T, file string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`") {
			continue
		}
		var names []string
		for _, cell := range cells[2:] {
			for name := range strings.SplitSeq(cell, ",") {
				if name = strings.TrimSpace(name); name != "" && name != "–" {
					names = append(names, name)
				}
			}
		}
		table[path.Clean(strings.Trim(strings.TrimSpace(cells[0]), "`"))] = names
	}
	if len(table) < 5 {
		t.Fatalf("%s has no table of packages", file)
	}
	return table
}

// The paths in the table of where a change goes exist.
func TestArchitectureNamesPathsThatExist(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n## Where a change goes\n")
	table, _, _ = strings.Cut(table, "\n## ")
	paths := regexp.MustCompile("`([a-zA-Z_./-]*(?:/|\\.[a-z]+))`").FindAllStringSubmatch(table, -1)
	if !ok || len(paths) < 20 {
		t.Fatalf("found %d paths", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(path[1]))); err != nil {
			t.Errorf("docs/architecture.md: %v", err)
		}
	}
}

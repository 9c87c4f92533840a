package importer

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layout is how a tool names the two files of a migration; the numbers are up to the test. mark is what the text begins with.
type layout struct {
	up, down, mark string
	// numbered: missing numbers are noticed.
	numbered bool
}

// layouts are those of the tools whose projects are files of SQL.
var layouts = map[string]layout{
	"atlas":          {up: "%d_%s.sql", numbered: true},
	"dbmate":         {up: "%d_%s.sql", mark: "-- migrate:up\n", numbered: true},
	"diesel":         {up: "%d_%s/up.sql", down: "%d_%s/down.sql", numbered: true},
	"flyway":         {up: "V%d__%s.sql", down: "U%d__%s.sql"},
	"golang-migrate": {up: "%d_%s.up.sql", down: "%d_%s.down.sql", numbered: true},
	"goose":          {up: "%d_%s.sql", mark: "-- +goose Up\n", numbered: true},
	"prisma":         {up: "%d_%s/migration.sql", down: "%d_%s/down.sql", numbered: true},
	"sql-migrate":    {up: "%d_%s.sql", mark: "-- +migrate Up\n"},
	"sqlx":           {up: "%d_%s.up.sql", down: "%d_%s.down.sql", numbered: true},
	"tern":           {up: "%03d_%s.sql", numbered: true},
}

// Whatever is wrong with a project, the import names the file, and the line of a text, and writes all files or none.
func TestBadProjectsAreNamed(t *testing.T) {
	t.Parallel()
	for tool, l := range layouts {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			first := map[string]string{fmt.Sprintf(l.up, 1, "a"): l.mark + "SELECT 1;\n"}
			path := func(n int, name string) string { return fmt.Sprintf(l.up, n, name) }
			line := 2 + strings.Count(l.mark, "\n")
			for _, c := range []struct {
				what    string
				files   map[string]string
				written bool
				want    []string // of the output
			}{
				{"another encoding", map[string]string{path(2, "b"): l.mark + "SELECT 1;\nSELECT 'caf\xe9';\n"}, false, []string{fmt.Sprintf("%s:%d: the byte 0xe9 is not UTF-8", path(2, "b"), line)}},
				{"UTF-16", map[string]string{path(2, "b"): "\xff\xfeS\x00"}, false, []string{path(2, "b") + ":1: the file is UTF-16"}},
				{"a version twice", map[string]string{path(1, "b"): l.mark + "SELECT 2;\n"}, twice[tool] == "", []string{twice[tool]}},
				{"a missing number", map[string]string{path(2, "b"): l.mark + "SELECT 2;\n", path(3, "c"): l.mark + "SELECT 3;\n", path(5, "e"): l.mark + "SELECT 5;\n"}, tool != "tern", []string{gap(l, path)}},
				{"no down script", map[string]string{path(2, "b"): l.mark + "SELECT 2;\n"}, true, []string{irreversible, "_b.down.sql\n"}},
				{"placeholders", map[string]string{path(2, "b"): l.mark + "SELECT 1;\nSELECT ${one}, '<%no%>', " + braces[tool] + "; -- <%no%>\n"}, true, unfilled(tool, path(2, "b"))},
				{"the version table", map[string]string{path(2, "b"): l.mark + "DELETE FROM " + versionTable(tool) + ";\n"}, true, []string{leftTable, ".up.sql:"}},
				{"an empty script", map[string]string{path(2, "b"): l.mark + "-- This is an empty migration.\n"}, tool != "tern", []string{emptyScript(tool, path(2, "b"))}},
			} {
				t.Run(c.what, func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					for _, files := range []map[string]string{first, c.files} {
						for name, text := range files {
							put(t, filepath.Join(dir, "in", name), text)
						}
					}
					out := filepath.Join(dir, "out")
					output, err := run(tool, filepath.Join(dir, "in"), out)
					if (err == nil) != c.written {
						t.Errorf("error %v", err)
					}
					for _, want := range c.want {
						if !strings.Contains(output, want) {
							t.Errorf("%q is missing in\n%s", want, output)
						}
					}
					if strings.Contains(output, "<%no%>") {
						t.Errorf("a placeholder in a text or a comment is reported:\n%s", output)
					}
					if _, err := os.Stat(out); c.written != (err == nil) {
						t.Errorf("the folder of the revisions: %v, with the output\n%s", err, output)
					}
				})
			}
		})
	}
}

// twice is what is reported of two files with a version, "" if the tool tells them apart by their whole names.
var twice = map[string]string{
	"atlas": "duplicate version 1: 1_a.sql and 1_b.sql", "dbmate": "duplicate version 1: 1_a.sql and 1_b.sql",
	"diesel": "duplicate version 1: 1_a and 1_b", "flyway": "duplicate version 1: V1__a.sql and V1__b.sql",
	"golang-migrate": "duplicate version 1: 1_a.up.sql and 1_b.up.sql", "goose": "duplicate version 1: 1_a.sql and 1_b.sql",
	"sqlx": "duplicate version 1: 1_a.up.sql and 1_b.up.sql", "tern": "duplicate version 1: 001_a.sql and 001_b.sql",
}

func gap(l layout, path func(n int, name string) string) string {
	if l.numbered {
		name := func(n int, name string) string { return strings.Split(path(n, name), "/")[0] }
		return "between " + name(3, "c") + " and " + name(5, "e")
	}
	return ""
}

// braces is a second placeholder, unless the tool fills in such ones itself.
var braces = map[string]string{"atlas": "{{two}}", "diesel": "{{two}}", "flyway": "{{two}}", "prisma": "{{two}}", "sqlx": "{{two}}", "dbmate": "2", "golang-migrate": "2", "goose": "2", "sql-migrate": "2", "tern": "2"}

// unfilled is what is reported of the placeholders, in the file of the project or of the revisions.
func unfilled(tool, file string) []string {
	switch tool {
	case "flyway":
		return []string{flywayUnset, file + ":2: ${one}", leftPlaceholder, ".up.sql:10: {{two}}"}
	case "goose": // which fills them in if told to
		return nil
	}
	want := []string{leftPlaceholder, ".up.sql:", ": ${one}"}
	if braces[tool] != "2" {
		want = append(want, ": {{two}}")
	}
	return want
}

func emptyScript(tool, file string) string {
	if tool == "tern" {
		return "no sql in forward migration step: " + file
	}
	return emptyUp
}

func versionTable(name string) string {
	t, _ := find(name)
	return t.table
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// run runs the command and returns its output, with the text of its error.
func run(args ...string) (string, error) {
	var b bytes.Buffer
	cmd := Command()
	cmd.SilenceErrors = true
	cmd.SetArgs(args)
	cmd.SetOut(&b)
	cmd.SetErr(&b)
	err := cmd.Execute()
	if err != nil {
		b.WriteString(err.Error() + "\n")
	}
	return b.String(), err
}

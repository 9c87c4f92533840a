package graph

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTargetsResolveAsDocumented runs the files of testdata/targets, whose format is
// described in testdata/README.md. "go test -update" rewrites the answers.
func TestTargetsResolveAsDocumented(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/targets/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var g *Graph
			var out strings.Builder
			for line := range strings.Lines(string(text)) {
				line = strings.TrimSuffix(line, "\n")
				if spec, ok := strings.CutPrefix(line, "graph "); ok {
					g = mustGraph(t, spec)
				}
				fields := strings.SplitN(line, " | ", 3)
				if len(fields) < 2 || g == nil {
					out.WriteString(line + "\n")
					continue
				}
				got := runCommand(g, stateOf(t, g, fields[0]), fields[1]).String()
				if !*update && (len(fields) < 3 || fields[2] != got) {
					t.Errorf("%s: got\n%s", line, got)
				}
				out.WriteString(fields[0] + " | " + fields[1] + " | " + got + "\n")
			}
			if *update {
				if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func stateOf(t *testing.T, g *Graph, field string) Set {
	t.Helper()
	word, rest, _ := strings.Cut(field, " ")
	applied := NewSet(parseIDs(rest)...)
	for id := range applied {
		if _, ok := g.Node(id); !ok {
			t.Fatalf("%s: no revision %s", field, id)
		}
	}
	switch word {
	case "at":
		return g.Closure(applied)
	case "has":
		return applied
	}
	t.Fatalf("%q is not a state", field)
	return nil
}

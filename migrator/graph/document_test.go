package graph

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/text"
)

// TestTargetsDocumentMatchesTestData checks the examples in docs/targets.md.
func TestTargetsDocumentMatchesTestData(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/targets/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	// Basics first. Files that are not listed are last.
	order := []string{"linear", "names", "branches", "merge", "dependencies", "bases", "ranges", "outoforder", "unknown", "dependents", "redundant"}
	slices.SortStableFunc(files, func(a, b string) int { return position(order, a) - position(order, b) })
	var out strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		writeExamples(&out, string(text))
	}
	replacePart(t, "../../docs/targets.md", "examples", strings.TrimSuffix(out.String(), "\n"))
}

func position(order []string, file string) int {
	if i := slices.Index(order, strings.TrimSuffix(filepath.Base(file), ".txt")); i >= 0 {
		return i
	}
	return len(order)
}

// isCommand reports whether a command of the test data exists on the command line.
func isCommand(command string) bool {
	name, _, _ := strings.Cut(command, " ")
	return slices.Contains([]string{"up", "down", "to", "stamp", "show", "history", "current", "heads", "branches", "bases"}, name)
}

// writeExamples writes the section for one file.
func writeExamples(out *strings.Builder, text string) {
	head := "| current | command | answer | then current |\n| --- | --- | --- | --- |\n"
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		fields := strings.SplitN(line, " | ", 3)
		switch {
		case strings.HasPrefix(line, "# "):
			out.WriteString("#" + line + "\n")
		case strings.HasPrefix(line, "graph "):
		case len(fields) == 3 && isCommand(fields[1]):
			answer, after := answerCells(fields[1], fields[2])
			state := stateCell(fields[0])
			if strings.Contains(fields[1], "--sql") {
				state = "not used"
			}
			fmt.Fprintf(out, "%s| %s | `%s` | %s | %s |\n", head, state, commandLine(fields[1]), answer, after)
			head = ""
		case len(fields) == 3, line == "" && strings.HasSuffix(out.String(), "\n\n"):
		default:
			out.WriteString(line + "\n")
		}
	}
	out.WriteString("\n")
}

// commandLine returns a command of the test data as it is typed.
func commandLine(command string) string {
	name, rest, _ := strings.Cut(command, " ")
	if name == "history" {
		name = "history -r"
	}
	return strings.TrimSpace(name + " " + rest)
}

func stateCell(state string) string {
	word, ids, _ := strings.Cut(state, " ")
	if word == "has" {
		return "applied: " + names(ids)
	}
	return names(ids)
}

// answerCells returns an answer in words, and the current revisions after it.
func answerCells(command, text string) (answer, after string) {
	fields := strings.Split(text, " | ")
	var steps []string
	for _, f := range fields {
		switch word, ids, _ := strings.Cut(f, " "); word {
		case "error":
			return "error: " + errorCell(command, fields[1:]), ""
		case "list":
			if ids == "-" {
				return "nothing", ""
			}
			return names(ids), ""
		case "heads":
			after = names(ids)
		case "up", "down":
			steps = append(steps, word+" "+names(ids))
		case "steps":
			if after := names(strings.TrimPrefix(fields[1], "heads ")); strings.HasPrefix(command, "stamp") {
				return "sets the ledger", after
			} else if ids == "-" {
				return "nothing to do", after
			}
			verb := "up"
			if strings.HasPrefix(command, "down") || strings.HasPrefix(command, "to") && goesDown(ids, fields[1]) {
				verb = "down"
			}
			steps = append(steps, verb+" "+names(ids))
		}
	}
	return strings.Join(steps, ", "), after
}

// errorCell renders the fields of an error with what can be typed instead, much as the
// command line does.
func errorCell(command string, fields []string) string {
	name, _, _ := strings.Cut(command, " ")
	reason := fields[0]
	if prefix, rest, ok := strings.Cut(reason, ": "); ok && (strings.HasPrefix(prefix, name+" ") || strings.HasPrefix(prefix, "start ")) {
		reason = rest
	}
	if len(fields) == 1 {
		return reason
	}
	field, list, _ := strings.Cut(fields[1], ": ")
	var commands []string
	for target := range strings.SplitSeq(list, ", ") {
		line := name + " " + target
		if strings.Contains(target, ":") && name != "history" {
			line = name + " --sql " + target
		}
		commands = append(commands, "`"+commandLine(line)+"`")
	}
	if field == "example" {
		return reason + ", as in " + commands[0]
	}
	return reason + "; type " + text.List(commands, "or")
}

// goesDown reports whether the steps of a "to" were reverted: then none of them is current.
func goesDown(steps, heads string) bool {
	last := strings.Fields(steps)
	return !slices.Contains(strings.Fields(heads), last[len(last)-1])
}

func names(ids string) string {
	if ids == "-" || ids == "" {
		return "base"
	}
	return "`" + strings.Join(strings.Fields(ids), "` `") + "`"
}

// TestDeviationsDocumentMatchesTestData checks the deviations in docs/alembic.md.
func TestDeviationsDocumentMatchesTestData(t *testing.T) {
	t.Parallel()
	cases := alembicLines(t)
	text, err := os.ReadFile("testdata/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out, legend strings.Builder
	var graphs []string
	head := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		name, answer, isCase := strings.Cut(line, " | ")
		c, known := cases[name]
		switch {
		case strings.HasPrefix(line, "## "):
			out.WriteString("\n#" + line + "\n\n")
			head = "\n| graph | current | command | Alembic | here |\n| --- | --- | --- | --- | --- |\n"
		case strings.HasPrefix(line, "# ") && len(graphs)+len(head) > 0:
			out.WriteString(strings.TrimPrefix(line, "# ") + "\n")
		case isCase && known:
			if !slices.Contains(graphs, c.graph) {
				graphs = append(graphs, c.graph)
				fmt.Fprintf(&legend, "%d. `%s`\n", len(graphs), c.graph)
			}
			command := strings.NewReplacer("upgrade", "up", "downgrade", "down").Replace(c.command)
			fmt.Fprintf(&out, "%s| %d | %s | `%s` | %s | %s |\n",
				head, slices.Index(graphs, c.graph)+1, stateCell(c.state), c.command, alembicCell(c.answer), hereCell(command, answer))
			head = ""
		}
	}
	replacePart(t, "../../docs/alembic.md", "deviations", legend.String()+out.String())
}

// alembicLine is a line of testdata/alembic.txt, unparsed.
type alembicLine struct {
	graph, state, command string
	answer                []string
}

func alembicLines(t *testing.T) map[string]alembicLine {
	t.Helper()
	text, err := os.ReadFile("testdata/alembic.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]alembicLine{}
	graph := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if spec, ok := strings.CutPrefix(line, "graph "); ok {
			graph = spec
		}
		if f := strings.Split(line, " | "); len(f) > 3 && !strings.HasPrefix(line, "#") {
			lines[f[0]] = alembicLine{graph, f[1], f[2], f[3:]}
		}
	}
	return lines
}

// alembicCell describes what Alembic does.
func alembicCell(fields []string) string {
	fields = slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "forced" || f == "unstable" })
	if i := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "alembic ") }); i >= 0 {
		fields = []string{strings.TrimPrefix(fields[i], "alembic ")}
	}
	switch word, rest, _ := strings.Cut(fields[0], " "); {
	case fields[0] == "error crash":
		return "an unhandled error"
	case fields[0] == "error row-crash", word == "row-crash":
		return "its rows cannot be stored"
	case word == "error":
		return "error: " + strings.ReplaceAll(rest, "-", " ")
	case fields[0] == "list -":
		return "accepted" // by the command that only reads the files
	case word == "list":
		return "shows " + names(rest)
	case word == "heads":
		return "then current: " + names(rest)
	case rest == "-":
		return "then current: " + names(strings.TrimPrefix(fields[1], "heads "))
	default:
		return names(rest) + ", then current: " + names(strings.TrimPrefix(fields[1], "heads "))
	}
}

// hereCell describes what this package does.
func hereCell(command, answer string) string {
	said, after := answerCells(command, answer)
	switch {
	case strings.HasPrefix(answer, "list "):
		return "shows " + said
	case after != "":
		said = strings.TrimPrefix(strings.TrimPrefix(said, "up "), "down ") + ", "
		return strings.TrimPrefix(strings.TrimPrefix(said, "nothing to do, "), "sets the ledger, ") + "then current: " + after
	}
	return said
}

// replacePart compares a generated part of a document, or rewrites it with -update.
func replacePart(t *testing.T, file, part, want string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- generated: "+part+" -->\n", "<!-- end: "+part+" -->"
	before, rest, ok := strings.Cut(string(text), begin)
	have, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no part %q", file, part)
	}
	want = "\n" + want + "\n"
	if have == want {
		return
	}
	if !*update {
		t.Errorf("%s: the part %q does not match the test data; go test -update rewrites it:\n%s", file, part, want)
		return
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

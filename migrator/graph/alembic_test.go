package graph

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// alembicCase is one line of testdata/alembic.txt.
type alembicCase struct {
	name, command    string
	nodes            []Node
	at               []string
	steps, heads     []string
	list             []string
	failed           string
	isList           bool
	forced, unstable bool
	defect           bool
}

func parseIDs(text string) []string {
	if text == "-" {
		return nil
	}
	return strings.Fields(text)
}

func readAlembic(t *testing.T) []alembicCase {
	t.Helper()
	text, err := os.ReadFile("testdata/alembic.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []alembicCase
	var nodes []Node
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		if graph, ok := strings.CutPrefix(line, "graph "); ok {
			nodes = parseNodes(graph)
			continue
		}
		fields := strings.Split(line, " | ")
		c := alembicCase{name: fields[0], nodes: nodes, command: fields[2], at: parseIDs(strings.TrimPrefix(fields[1], "at "))}
		for _, f := range fields[3:] {
			word, rest, _ := strings.Cut(f, " ")
			switch word {
			case "steps":
				c.steps = parseIDs(rest)
			case "heads":
				c.heads = parseIDs(rest)
			case "list":
				c.list, c.isList = parseIDs(rest), true
			case "error":
				c.failed = rest
			case "forced":
				c.forced = true
			case "unstable":
				c.unstable = true
			case "alembic":
				c.defect = true
			default:
				t.Fatalf("%s: unknown field %q", c.name, f)
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// run runs the command.
func (c alembicCase) run() answer {
	nodes := slices.Clone(c.nodes)
	for _, id := range c.at {
		if !slices.ContainsFunc(nodes, func(n Node) bool { return n.ID == id }) {
			nodes = append(nodes, Node{ID: id, Unknown: true})
		}
	}
	g, problems := New(nodes)
	if len(problems) > 0 {
		kinds := map[string]bool{}
		var texts []string
		for _, p := range problems {
			kinds[string(p.Kind)] = true
			texts = append(texts, p.Text)
		}
		return answer{kind: strings.Join(slices.Sorted(maps.Keys(kinds)), ","), text: strings.Join(texts, "; ")}
	}
	return runCommand(g, g.Closure(NewSet(c.at...)), c.command)
}

// differs returns how an answer differs from Alembic's, or "".
func (c alembicCase) differs(a answer) string {
	// Alembic's kinds differ for some mistakes.
	same := map[string][]string{
		"relative-count":  {string(WrongDirection)},
		"no-such-branch":  {string(NotFound)},
		"duplicate-label": {string(DuplicateLabel), string(LabelIsID)},
		"error":           {string(BadRange)},
	}
	if c.failed != "" || a.kind != "" {
		if a.kind == c.failed || slices.Contains(same[c.failed], a.kind) {
			return ""
		}
		return fmt.Sprintf("Alembic: error %q", c.failed)
	}
	if c.isList != a.isList {
		return "another type of answer"
	}
	if c.isList {
		if !equalSets(c.list, a.list) {
			return fmt.Sprintf("Alembic: list %v", c.list)
		}
		return ""
	}
	if c.forced && !slices.Equal(c.steps, a.steps()) || !equalSets(c.steps, a.steps()) {
		return fmt.Sprintf("Alembic: steps %v", c.steps)
	}
	// Alembic may store a row that another one implies.
	if heads := a.g.Maximal(a.g.Closure(NewSet(c.heads...))); !slices.Equal(heads, a.heads) {
		return fmt.Sprintf("Alembic: heads %v", c.heads)
	}
	return ""
}

func equalSets(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestAnswersMatchAlembic(t *testing.T) {
	t.Parallel()
	cases := readAlembic(t)
	if len(cases) != 702 {
		t.Fatalf("%d cases, want 702", len(cases))
	}
	deviations := readDeviations(t)
	for _, c := range cases {
		a := c.run()
		d := c.differs(a)
		want, listed := deviations[c.name]
		switch {
		case c.unstable && !listed:
		case d != "" && !listed:
			t.Errorf("%s: at %v, %s: %s; got %s", c.name, c.at, c.command, d, a)
		case d == "" && listed && !c.unstable:
			t.Errorf("%s: listed as a deviation, but does not differ", c.name)
		case listed && want != a.String() && !*update:
			t.Errorf("%s: at %v, %s: got %s, want %s", c.name, c.at, c.command, a, want)
		}
		if a.g != nil && !a.isList {
			checkOrder(t, c.name, a)
		}
		deviations[c.name] = a.String()
	}
	for name := range deviations {
		if !slices.ContainsFunc(cases, func(c alembicCase) bool { return c.name == name }) {
			t.Errorf("deviations.txt: no case %s", name)
		}
	}
	if *update {
		writeDeviations(t, deviations)
	}
}

// checkOrder checks that every revision comes after those that it requires.
func checkOrder(t *testing.T, name string, a answer) {
	t.Helper()
	order := slices.Clone(a.down)
	slices.Reverse(order)
	order = append(order, a.up...)
	for i, id := range order {
		required := a.g.Closure(NewSet(id))
		for _, later := range order[i+1:] {
			if required.Has(later) {
				t.Errorf("%s: %s is on the wrong side of %s", name, id, later)
			}
		}
	}
}

// readDeviations reads testdata/deviations.txt and returns the answer of each case.
func readDeviations(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, a, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " | "); ok && !strings.HasPrefix(line, "#") {
			if _, twice := answers[name]; twice {
				t.Errorf("deviations.txt: %s is listed twice", name)
			}
			answers[name] = a
		}
	}
	return answers
}

func writeDeviations(t *testing.T, answers map[string]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if name, _, ok := strings.Cut(line, " | "); ok && !strings.HasPrefix(line, "#") {
			line = name + " | " + answers[name] + "\n"
		}
		out.WriteString(line)
	}
	if err := os.WriteFile("testdata/deviations.txt", []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

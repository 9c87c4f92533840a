package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// parseNodes parses the notation of the test data: "a; b < a c * dependency # label".
func parseNodes(text string) []Node {
	var nodes []Node
	for spec := range strings.SplitSeq(text, ";") {
		var n Node
		list := &[]string{}
		for i, word := range strings.Fields(spec) {
			switch {
			case i == 0:
				n.ID = word
			case word == "<":
				list = &n.DownRevision
			case word == "*":
				list = &n.DependsOn
			case word == "#":
				list = &n.BranchLabels
			case word == "?":
				n.Unknown = true
			default:
				*list = append(*list, word)
			}
		}
		if n.ID != "" {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func mustGraph(t testing.TB, text string) *Graph {
	t.Helper()
	g, problems := New(parseNodes(text))
	if len(problems) > 0 {
		t.Fatalf("graph %s: %v", text, problems)
	}
	return g
}

// answer is the result of a command.
type answer struct {
	kind, text string // of the error; the text includes choices and example
	down, up   []string
	heads      []string // current revisions afterwards
	list       []string
	isList     bool
	g          *Graph
}

// textOf renders an error with its choices and example.
func textOf(e *TargetError) string {
	text := e.Error()
	if len(e.Choices) > 0 && e.Kind != AmbiguousPrefix { // there the reason lists them
		text += " | choices: " + strings.Join(e.Choices, ", ")
	}
	if e.Steps != "" {
		text += " | steps: " + e.Steps
	}
	if e.Example != "" {
		text += " | example: " + e.Example
	}
	return text
}

func (a answer) steps() []string { return append(slices.Clone(a.down), a.up...) }

func (a answer) String() string {
	switch {
	case a.kind != "":
		return "error " + a.kind + " | " + a.text
	case a.isList:
		return "list " + wordList(a.list)
	case len(a.down) > 0 && len(a.up) > 0:
		return "down " + wordList(a.down) + " | up " + wordList(a.up) + " | heads " + wordList(a.heads)
	}
	return "steps " + wordList(a.steps()) + " | heads " + wordList(a.heads)
}

func wordList(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, " ")
}

// runCommand runs a command line, which may be one of Alembic's.
func runCommand(g *Graph, applied Set, command string) answer {
	args := strings.Fields(command)
	name := args[0]
	flag := func(f string) bool {
		found := slices.Contains(args, f)
		args = without(args, f)
		return found
	}
	args = args[1:]
	var err error
	switch {
	case flag("--purge"):
		applied = nil
	case flag("--sql"):
		start := g.Start
		if strings.HasPrefix(name, "down") {
			start = g.StartDowngrade
		}
		applied, args[0], err = start(args[0])
	case flag("--resolve-dependencies"):
		name, args = "show", []string{"heads"}
	}
	a := answer{g: g}
	after := NewSet(applied.IDs()...)
	if err == nil {
		switch name {
		case "up", "upgrade":
			a.up, err = g.Upgrade(applied, args)
		case "down", "downgrade":
			a.down, err = g.Downgrade(applied, args[0])
		case "to":
			a.down, a.up, err = g.To(applied, args)
		case "stamp":
			after, err = g.Stamp(applied, args)
		default:
			a.isList = true
			a.list, err = runQuery(g, applied, name, args)
		}
	}
	var refused *TargetError
	if errors.As(err, &refused) {
		return answer{kind: string(refused.Kind), text: textOf(refused)}
	}
	if err != nil {
		return answer{kind: "other", text: err.Error()}
	}
	for _, id := range a.down {
		delete(after, id)
	}
	maps.Copy(after, NewSet(a.up...))
	a.heads = g.Maximal(after)
	return a
}

func runQuery(g *Graph, applied Set, name string, args []string) ([]string, error) {
	switch name {
	case "load":
		return nil, nil
	case "heads":
		return g.Heads(), nil
	case "bases":
		return g.Bases(), nil
	case "branches":
		return g.Branches(), nil
	case "order":
		return g.Order(), nil
	case "current":
		return g.Maximal(applied), nil
	case "show":
		return g.Resolve(applied, args[0])
	case "history":
		return g.Range(applied, strings.Join(append(args, ":")[:1], ""))
	case "out-of-order":
		var list []string
		for _, i := range g.OutOfOrder(applied) {
			list = append(list, i.Revision+"<"+i.Above)
		}
		return list, nil
	}
	return nil, fmt.Errorf("unknown command %s", name)
}

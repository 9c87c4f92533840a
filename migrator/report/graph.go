package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/lanes"
	"example.com/ambix/migrator/internal/text"
)

// Graph is a picture of revisions.
type Graph struct {
	Title string // for readers who cannot see the picture; NewGraph says "Graph of 11 revisions"
	Nodes []Node // newest first: no revision precedes one that requires it
}

// Node is a revision of a Graph.
type Node struct {
	ID, Message string // the message's first line
	// State is "" if no database was read.
	State migrator.RevisionState
	// Head: no other revision of the files builds on it. Current: it is applied, and nothing that
	// requires it is. OutOfOrder: it is pending below a revision that is applied.
	Head, Current, OutOfOrder bool
	BranchLabels              []string
	// DownRevision and DependsOn are ids. Those that are not in the graph are only drawn by SVG.
	DownRevision, DependsOn []string
}

// NewGraph returns the graph of all revisions. st is nil if no database was read.
func NewGraph(m *migrator.Migrator, st *migrator.Status) *Graph {
	known := st != nil
	if !known {
		st = m.EmptyStatus()
	}
	g := &Graph{Title: "Graph of " + text.Count(len(st.Revisions), "revision")}
	for i := range st.Revisions {
		s := &st.Revisions[len(st.Revisions)-1-i]
		n := Node{
			ID: s.Revision, Message: s.Message, OutOfOrder: s.OutOfOrder, BranchLabels: s.BranchLabels,
			Head: slices.Contains(st.Heads, s.Revision), Current: slices.Contains(st.Current, s.Revision),
			DownRevision: s.DownRevision, DependsOn: s.DependsOn,
		}
		if links, ok := m.Files().Graph().Node(s.Revision); ok {
			n.DownRevision, n.DependsOn = links.DownRevision, links.DependsOn // not labels
		}
		if known {
			n.State = s.State
		}
		g.Nodes = append(g.Nodes, n)
	}
	return g
}

// Only leaves out all revisions but those with these ids.
func (g *Graph) Only(ids []string) {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n Node) bool { return !wanted[n.ID] })
	g.Title = "Graph of " + text.Count(len(g.Nodes), "revision")
}

// Links returns the number of lines between revisions of the graph.
func (g *Graph) Links() int {
	n := 0
	g.links(func(_, _ int, _ bool) { n++ })
	return n
}

// links calls a function for each line from a revision to one that requires it.
func (g *Graph) links(line func(from, to int, dependency bool)) {
	index := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		index[g.Nodes[i].ID] = i
	}
	for to := range g.Nodes {
		for _, id := range g.Nodes[to].DownRevision {
			if from, ok := index[id]; ok {
				line(from, to, false)
			}
		}
		for _, id := range g.Nodes[to].DependsOn {
			if from, ok := index[id]; ok && !slices.Contains(g.Nodes[to].DownRevision, id) {
				line(from, to, true)
			}
		}
	}
}

// A Format is a way to write a Graph.
type Format string

// The formats.
const (
	Mermaid Format = "mermaid" // a flowchart, for Markdown
	DOT     Format = "dot"     // for Graphviz
	SVG     Format = "svg"     // an image, dark in a dark page
)

// Formats returns all formats.
func Formats() []Format { return []Format{Mermaid, DOT, SVG} }

// Write writes the graph. It is an error if the format is not one of Formats.
func (g *Graph) Write(w io.Writer, f Format) error {
	switch f {
	case Mermaid:
		_, err := io.WriteString(w, g.mermaid())
		return err
	case DOT:
		_, err := io.WriteString(w, g.dot())
		return err
	case SVG:
		return g.svg(w)
	}
	return fmt.Errorf("unknown format %q", string(f))
}

// kind returns how a revision is drawn: its state, or "current", or "" if the state is not known.
func (n *Node) kind() string {
	if n.Current && n.State == migrator.Applied {
		return "current"
	}
	if n.State == migrator.Replaced {
		return string(migrator.Unknown) // it has no file either
	}
	return StateName(n.State)
}

// StateName returns a state as it is shown to people.
func StateName(s migrator.RevisionState) string {
	if s == migrator.Modified {
		return "modified"
	}
	return string(s)
}

// marks returns words for what a picture shows besides id and message.
func (n *Node) marks() []string {
	var marks []string
	if n.Head {
		marks = append(marks, "head")
	}
	if n.Current {
		marks = append(marks, "current")
	}
	if n.State != "" && n.State != migrator.Applied {
		marks = append(marks, StateName(n.State))
	}
	if n.OutOfOrder {
		marks = append(marks, "out of order")
	}
	for _, l := range n.BranchLabels {
		marks = append(marks, "label "+l)
	}
	return marks
}

// describe returns a revision on one line.
func (n *Node) describe() string {
	s := text.Named(n.ID, n.Message)
	if marks := n.marks(); len(marks) > 0 {
		s += ": " + strings.Join(marks, ", ")
	}
	return s
}

func (g *Graph) lanes() []lanes.Node {
	nodes := make([]lanes.Node, len(g.Nodes))
	for i := range g.Nodes {
		n := &g.Nodes[i]
		nodes[i] = lanes.Node{ID: n.ID, DownRevision: n.DownRevision, DependsOn: n.DependsOn}
	}
	return nodes
}

package cli

import (
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/lanes"
	"example.com/ambix/migrator/internal/text"
)

// point is the character of a revision in a picture of the graph.
type point struct{ state, box, ascii string }

// points are the characters by state. Without a database all revisions are pending.
var points = []point{
	{"applied", "●", "*"},
	{"current", "◉", "@"},
	{"pending", "○", "o"},
	{string(migrator.Modified), "◍", "%"},
	{"unfinished", "◐", "!"},
	{"unknown", "◌", "?"},
}

// graphLegend explains the points.
func graphLegend() string {
	var texts []string
	for _, p := range points {
		texts = append(texts, p.box+" or "+p.ascii+" "+stateName(p.state))
	}
	return text.List(texts, "and")
}

// point returns the character of a revision.
func (o *overview) point(s *migrator.RevisionStatus) string {
	state := string(s.State)
	if slices.Contains(o.Current, s.Revision) && s.State == migrator.Applied {
		state = "current"
	}
	if s.State == migrator.Replaced {
		state = string(migrator.Unknown) // it has no file either
	}
	for _, p := range points {
		switch {
		case p.state != state:
		case o.out.ASCII():
			return p.ascii
		default:
			return p.box
		}
	}
	return "*"
}

const (
	maxLanes        = 100 // that are drawn where the width is not limited
	maxAligned      = 20  // columns of lines up to which the text begins in one column
	minGraphColumns = 8
)

// graphPrinter prints revisions next to a picture of their graph.
type graphPrinter struct {
	*overview
	nodes   []lanes.Node
	glyphs  lanes.Glyphs
	width   int // of the terminal, or 0
	aligned int // columns of lines before the text
	ids     int // columns of the longest id
}

// printGraph prints revisions next to a picture of their graph, one per line, or with
// --verbose in full.
func (o *overview) printGraph(ids []string) {
	p := graphPrinter{overview: o, width: o.out.Columns()}
	p.glyphs = lanes.Glyphs{ASCII: o.out.ASCII(), Columns: 2 * maxLanes}
	if p.width > 0 {
		p.glyphs.Columns = max(minGraphColumns, p.width/2)
	}
	for _, id := range ids {
		p.nodes = append(p.nodes, o.node(id))
		p.ids = max(p.ids, min(text.Width(id), 24))
	}
	for row := range lanes.Rows(p.nodes) {
		p.aligned = max(p.aligned, min(len(row.Cells), p.glyphs.Columns, maxAligned))
	}
	if o.settings.Verbose {
		p.printInFull()
		return
	}
	for row := range lanes.Rows(p.nodes) {
		p.out.PrintLine(p.line(row)...)
	}
}

// node returns a revision with its links as ids.
func (o *overview) node(id string) lanes.Node {
	if n, ok := o.set.Files().Graph().Node(id); ok {
		return lanes.Node{ID: id, DownRevision: n.DownRevision, DependsOn: n.DependsOn}
	}
	s := o.byID[id]
	return lanes.Node{ID: id, DownRevision: s.DownRevision, DependsOn: s.DependsOn}
}

// line returns a row of the picture with the revision next to it.
func (p *graphPrinter) line(row lanes.Row) []terminal.Cell {
	if row.Node < 0 {
		left, _, _ := p.glyphs.Line(row.Cells, "")
		return []terminal.Cell{terminal.Plain.Cell(strings.TrimRight(left, " "))}
	}
	s := p.byID[p.nodes[row.Node].ID]
	left, point, right := p.glyphs.Line(row.Cells, p.point(s))
	right += spaces(p.aligned-text.Width(left+point+right)) + "  "
	message, marks := p.clip(s.Message, 60), append(p.stateMarks(s), labelMarks(s.BranchLabels)...)
	mark := ""
	if len(marks) > 0 {
		mark = "(" + strings.Join(marks, ", ") + ")"
	}
	id := s.Revision
	if s.Message+mark != "" {
		id += spaces(p.ids - text.Width(id))
	}
	if p.width > 0 {
		const shortest = 10
		room := p.width - 1 - text.Width(left+point+right+id)
		mark = p.clip(mark, max(shortest, room-shortest-4))
		message = p.clip(message, max(shortest, room-text.Width(mark)-4))
	}
	cells := []terminal.Cell{terminal.Plain.Cell(left), p.color(s).Cell(point), terminal.Plain.Cell(right), p.color(s).Cell(id)}
	if message != "" {
		cells = append(cells, terminal.Plain.Cell("  "+message))
	}
	if mark != "" {
		cells = append(cells, terminal.Faint.Cell("  "+mark))
	}
	return cells
}

// clip shortens a text, and says so in ASCII where nothing else may be printed.
func (p *graphPrinter) clip(s string, longest int) string {
	const dots = "..."
	s = terminal.Line(s)
	if !p.out.ASCII() || text.Width(s) <= longest || longest <= len(dots) {
		return terminal.ClipTo(s, longest)
	}
	return text.ClipWidth(s, longest-len(dots)) + dots
}

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// printInFull prints all details next to the picture.
func (p *graphPrinter) printInFull() {
	var t terminal.Table
	for row := range lanes.Rows(p.nodes) {
		if row.Node < 0 {
			left, _, _ := p.glyphs.Line(row.Cells, "")
			t.Add(terminal.Plain.Cell(left))
			continue
		}
		id := p.nodes[row.Node].ID
		left, point, right := p.glyphs.Line(row.Cells, p.point(p.byID[id]))
		graph := left + point + right
		below, _, _ := p.glyphs.Line(lanes.Below(row.Cells), "")
		for _, cells := range p.details(id) {
			t.Add(append([]terminal.Cell{terminal.Plain.Cell(graph)}, cells...)...)
			graph = below
		}
		if row.Node < len(p.nodes)-1 {
			t.Add(terminal.Plain.Cell(below))
		}
	}
	p.out.PrintTable(t)
}

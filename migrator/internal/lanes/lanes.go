package lanes

import (
	"iter"
	"slices"
)

// Node is a revision of a picture.
type Node struct {
	ID string
	// DownRevision and DependsOn are the ids of the revisions that it requires. Those that
	// are not in the picture are drawn as one line that ends. A dependency that is also a
	// down revision is drawn as a down revision.
	DownRevision, DependsOn []string
}

// Cell says which lines cross a cell of a picture.
type Cell uint8

// The parts of a cell: lines from its center to its sides, and what is in the center.
const (
	Up Cell = 1 << iota
	Down
	Left
	Right
	DependencyVertical   // the lines up and down are those of a dependency
	DependencyHorizontal // the lines left and right are those of a dependency
	Point                // a revision
	End                  // of a line to a revision that is not in the picture
)

// Row is a row of a picture. The cells with an even index are lanes; those with an odd index
// are between two lanes. The last cell is not empty.
type Row struct {
	// Node is the index of the revision in this row, and -1 in a row that has only lines.
	Node  int
	Cells []Cell // only valid until the next row
}

// Rows returns the rows of a picture from top to bottom. Every node must precede those that
// it requires, and its id must be unique.
func Rows(nodes []Node) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		p := painter{index: make(map[string]int, len(nodes)), yield: yield}
		for i, n := range nodes {
			p.index[n.ID] = i
		}
		for i := range nodes {
			if !p.node(i, &nodes[i]) {
				return
			}
		}
	}
}

// line is what a lane is used for: a line to a node, or none.
type line struct {
	to         int // the index of a node, or absent or free
	dependency bool
}

const (
	absent = -1 - iota // lines to nodes that are not in the picture
	free               // no line
)

type painter struct {
	index map[string]int
	lanes []line
	cells []Cell
	yield func(Row) bool
}

// node draws a node, the row above it in which a line of dependencies joins its lane, and the
// rows below in which its own lines begin. It reports whether to continue.
func (p *painter) node(i int, n *Node) bool {
	lineage, dependency := p.find(line{i, false}), p.find(line{i, true})
	at := lineage
	switch {
	case at < 0 && dependency >= 0:
		at = dependency
	case at < 0:
		at = p.take(-1, line{i, false})
	case dependency >= 0:
		p.lanes[dependency].to = free
		if !p.links(at, true, []int{dependency}, nil, Up|Down) {
			return false
		}
	}
	down, depends := p.required(n)
	own := Point
	if lineage >= 0 || dependency >= 0 {
		own |= Up
	}
	if lineage < 0 && dependency >= 0 {
		own |= DependencyVertical
	}
	if len(down)+len(depends) > 0 {
		own |= Down
	}
	p.lanes[at].to = free
	p.verticals()
	p.set(2*at, own)
	return p.emit(i) && p.dependencies(at, depends, len(down) > 0) && p.lineage(at, down) && p.ends()
}

// required returns the lines that begin at a node.
func (p *painter) required(n *Node) (down, depends []line) {
	for _, id := range n.DownRevision {
		if l := (line{p.lookUp(id), false}); !slices.Contains(down, l) {
			down = append(down, l)
		}
	}
	for _, id := range n.DependsOn {
		if l := (line{p.lookUp(id), true}); !slices.Contains(depends, l) && (l.to == absent || !slices.Contains(down, line{l.to, false})) {
			depends = append(depends, l)
		}
	}
	return down, depends
}

func (p *painter) lookUp(id string) int {
	if i, ok := p.index[id]; ok {
		return i
	}
	return absent
}

// dependencies draws the lines of a node to its dependencies. The lines of its lineage begin
// in a later row if there are any; otherwise the first dependency continues the node's lane.
func (p *painter) dependencies(at int, depends []line, lineage bool) bool {
	own := Up | Down
	if lineage {
		p.lanes[at] = line{absent, false} // not to be taken
	} else {
		own = Up | DependencyVertical
		if k := slices.IndexFunc(depends, func(l line) bool { return p.find(l) < 0 }); k >= 0 {
			p.lanes[at], own = depends[k], own|Down
			depends = slices.Delete(slices.Clone(depends), k, k+1)
		}
	}
	return p.fork(at, true, depends, own)
}

// lineage draws the lines of a node to its down revisions. One of them continues the node's
// lane, so that lineages are straight and on the left, unless a lane further left leads there.
func (p *painter) lineage(at int, down []line) bool {
	if len(down) == 0 {
		return true
	}
	p.lanes[at].to = free
	joinsLeft := slices.ContainsFunc(down, func(l line) bool { q := p.find(l); return q >= 0 && q < at })
	heir := 0
	if joinsLeft {
		heir = slices.IndexFunc(down, func(l line) bool { return p.find(l) < 0 })
	}
	if heir < 0 {
		return p.fork(at, false, down, Up)
	}
	from := p.find(down[heir])
	p.lanes[at] = down[heir]
	if from >= 0 { // to the right: its lane ends in this one
		p.lanes[from].to = free
		if !p.links(at, false, []int{from}, nil, Up|Down) {
			return false
		}
	}
	return p.fork(at, false, slices.Delete(slices.Clone(down), heir, heir+1), Up|Down)
}

// fork draws a row with lines from a node's lane to the lanes of other lines, which begin
// there if there are none. own is the cell of the node's lane without the lines to its sides.
func (p *painter) fork(at int, dependency bool, lines []line, own Cell) bool {
	if len(lines) == 0 {
		return true
	}
	var joined, begun []int
	for _, l := range lines {
		if q := p.find(l); q >= 0 {
			joined = append(joined, q)
		} else {
			begun = append(begun, p.take(at, l))
		}
	}
	return p.links(at, dependency, joined, begun, own)
}

// links draws a row of lines between a lane and others: those that continue or end, and those that
// begin.
func (p *painter) links(at int, dependency bool, others, begun []int, own Cell) bool {
	p.verticals()
	kind := Cell(0)
	if dependency {
		kind = DependencyHorizontal
	}
	first, last := at, at
	for _, q := range slices.Concat(others, begun) {
		first, last = min(first, q), max(last, q)
	}
	for c := 2*first + 1; c < 2*last; c += 2 {
		p.set(c, Left|Right|kind)
	}
	sides := func(q int) Cell {
		c := kind
		if q > first {
			c |= Left
		}
		if q < last {
			c |= Right
		}
		return c
	}
	for q := first; q <= last; q++ {
		vertical := kind / DependencyHorizontal * DependencyVertical
		switch {
		case q == at:
			p.set(2*q, own|sides(q))
		case slices.Contains(begun, q):
			p.set(2*q, Down|vertical|sides(q))
		case slices.Contains(others, q) && p.lanes[q].to == free:
			p.set(2*q, Up|vertical|sides(q))
		case slices.Contains(others, q):
			p.set(2*q, Up|Down|vertical|sides(q))
		case p.lanes[q].to == free:
			p.set(2*q, Left|Right|kind)
		}
	}
	return p.emit(-1)
}

// ends draws the ends of lines to nodes that are not in the picture.
func (p *painter) ends() bool {
	for len(p.lanes) > 0 && p.lanes[len(p.lanes)-1].to == free {
		p.lanes = p.lanes[:len(p.lanes)-1]
	}
	p.verticals()
	found := false
	for q, l := range p.lanes {
		if l.to == absent {
			p.cells[2*q] = p.cells[2*q]&^Down | End
			p.lanes[q].to = free
			found = true
		}
	}
	return !found || p.emit(-1)
}

// find returns the lane of a line, or -1.
func (p *painter) find(l line) int { return slices.Index(p.lanes, l) }

// take returns an unused lane for a line: preferably one to the right of another lane.
func (p *painter) take(at int, l line) int {
	unused := func(l line) bool { return l.to == free }
	q := slices.IndexFunc(p.lanes[at+1:], unused)
	switch {
	case q >= 0:
		q += at + 1
	default:
		q = slices.IndexFunc(p.lanes, unused)
	}
	if q < 0 {
		q = len(p.lanes)
		p.lanes = append(p.lanes, line{})
	}
	p.lanes[q] = l
	return q
}

// verticals begins a row with the lines of all lanes.
func (p *painter) verticals() {
	p.cells = p.cells[:0]
	for q, l := range p.lanes {
		if l.to != free {
			c := Up | Down
			if l.dependency {
				c |= DependencyVertical
			}
			p.set(2*q, c)
		}
	}
}

func (p *painter) set(column int, c Cell) {
	for len(p.cells) <= column {
		p.cells = append(p.cells, 0)
	}
	p.cells[column] = c
}

func (p *painter) emit(node int) bool { return p.yield(Row{node, p.cells}) }

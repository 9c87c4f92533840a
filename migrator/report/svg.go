package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"example.com/ambix/migrator/internal/lanes"
	"example.com/ambix/migrator/internal/markup"
	"example.com/ambix/migrator/internal/text"
)

// The sizes of the image, in pixels.
const (
	lanePitch    = 14
	pointRow     = 26 // height of the row of a revision
	lineRow      = 14 // height of a row with lines only
	corner       = 7  // radius
	margin       = 12
	character    = 8 // width of a character of the text, as wide as common fonts are
	messageWidth = 60
	alignedLanes = 10 // up to which the text of all revisions begins in one column
)

// svgStyle is the style of the image, alone and in a page.
const svgStyle = `
.graph{--ink:#1f2328;--faint:#59636e;--line:#59636e;--paper:#fff;--green:#1a7f37;--yellow:#9a6700;--red:#cf222e;--blue:#0550ae;font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){.graph{--ink:#e6edf3;--faint:#9198a1;--line:#9198a1;--paper:#0d1117;--green:#3fb950;--yellow:#d29922;--red:#ff7b72;--blue:#79c0ff}}
.graph text{fill:var(--ink)}.graph .id{font-weight:600}.graph .marks{fill:var(--faint)}
.graph path{fill:none;stroke:var(--line);stroke-width:1.5}.graph .dependency{stroke-dasharray:3 3}
.graph .point{fill:var(--paper);stroke:var(--line);stroke-width:1.5}
.graph .applied .point,.graph .current .point{fill:var(--green);stroke:var(--green)}.graph .current .ring{fill:none;stroke:var(--green);stroke-width:1.5}
.graph .pending .point{stroke:var(--yellow)}.graph .modified .point{fill:var(--red);stroke:var(--red)}
.graph .unfinished .point{stroke:var(--red)}.graph .unfinished .half{fill:var(--red);stroke:none}.graph .unknown .point{stroke:var(--blue);stroke-dasharray:2 2}
`

// svg writes an image of its own.
func (g *Graph) svg(to io.Writer) error {
	w := markup.NewWriter(to)
	p := newImage(g)
	p.start(w)
	w.Raw("<style>" + svgStyle + "</style>")
	w.Newline()
	w.Void("rect", markup.Int("width", p.width), markup.Int("height", p.height), markup.Literal("fill", "var(--paper)"))
	w.Newline()
	p.write(w, false)
	w.End()
	w.Newline()
	return w.Close()
}

// image is a picture in lines and points.
type image struct {
	*Graph
	width, height        int
	lineage, dependency  strings.Builder // the lines, as data of paths
	points               []svgPoint      // by node
	runs                 []run           // by lane: a line straight down that is not written yet
	rowTop, rowHeight, y int             // y is the middle of the row
}

type svgPoint struct{ x, y, text int }

type run struct {
	from, to   int
	dependency bool
}

func newImage(g *Graph) *image {
	p := &image{Graph: g}
	nodes := g.lanes()
	aligned := 0
	for row := range lanes.Rows(nodes) {
		aligned = max(aligned, min((len(row.Cells)+1)/2, alignedLanes))
	}
	p.height = margin / 2
	for row := range lanes.Rows(nodes) {
		p.row(row, aligned)
	}
	for lane := range p.runs {
		p.flush(lane)
	}
	p.height += margin / 2
	p.width += margin
	return p
}

func center(lane int) int { return margin + lane*lanePitch }

// row adds a row of cells to the lines.
func (p *image) row(row lanes.Row, aligned int) {
	p.rowTop, p.rowHeight = p.height, lineRow
	if row.Node >= 0 {
		p.rowHeight = pointRow
	}
	p.y = p.rowTop + p.rowHeight/2
	p.height += p.rowHeight
	for len(p.runs) < (len(row.Cells)+1)/2 {
		p.runs = append(p.runs, run{})
	}
	for i, c := range row.Cells {
		switch {
		case c == 0:
		case i%2 == 0:
			p.cell(row.Cells, i)
		}
		if c&lanes.Point != 0 {
			n := &p.Nodes[row.Node]
			at := svgPoint{center(i / 2), p.y, center(max(aligned, (len(row.Cells)+1)/2)) + margin/2}
			p.points = append(p.points, at)
			p.width = max(p.width, at.text+character*text.Width(strings.Join(n.texts(), "  ")))
		}
	}
}

// texts returns what is written next to a point.
func (n *Node) texts() []string {
	texts := []string{n.ID}
	if n.Message != "" {
		texts = append(texts, clip(n.Message, messageWidth))
	}
	if marks := n.marks(); len(marks) > 0 {
		texts = append(texts, "("+strings.Join(marks, ", ")+")")
	}
	return texts
}

// cell adds the lines of a lane in a row.
func (p *image) cell(cells []lanes.Cell, i int) {
	c, lane := cells[i], i/2
	x, bottom := center(lane), p.rowTop+p.rowHeight
	left, right := c&lanes.Left != 0, c&lanes.Right != 0
	up, down := c&lanes.Up != 0, c&lanes.Down != 0
	dependency := c&lanes.DependencyVertical != 0
	switch {
	case c&lanes.End != 0:
		p.straight(lane, p.rowTop, p.rowTop+4, dependency)
		fmt.Fprintf(p.path(dependency), "M%d %dq2 -3 4 0t4 0", x-4, p.rowTop+6)
		return
	case (left != right) && (up != down): // a corner
		side := corner
		if left {
			side = -corner
		}
		edge := p.rowTop
		if down {
			edge = bottom
		}
		p.flush(lane)
		fmt.Fprintf(p.path(c&lanes.DependencyHorizontal != 0), "M%d %dQ%d %d %d %d", x, edge, x, p.y, x+side, p.y)
		return
	case up && down:
		p.straight(lane, p.rowTop, bottom, dependency)
	case up:
		p.straight(lane, p.rowTop, p.y, dependency)
	case down:
		p.straight(lane, p.y, bottom, dependency)
	}
	from, to := x, x
	if left {
		from = x - lanePitch/2
	}
	if right {
		to = x + lanePitch/2
	}
	horizontal := c
	if !left && !right && i > 0 && i+1 < len(cells) && cells[i-1]&cells[i+1]&lanes.Right != 0 { // a line crosses
		from, to, horizontal = x-lanePitch/2, x+lanePitch/2, cells[i-1]
	}
	if from < to {
		fmt.Fprintf(p.path(horizontal&lanes.DependencyHorizontal != 0), "M%d %dH%d", from, p.y, to)
	}
}

func (p *image) path(dependency bool) *strings.Builder {
	if dependency {
		return &p.dependency
	}
	return &p.lineage
}

// straight adds a line straight down, which may continue the one above it.
func (p *image) straight(lane, from, to int, dependency bool) {
	r := &p.runs[lane]
	if r.to == from && r.dependency == dependency && r.from < r.to {
		r.to = to
		return
	}
	p.flush(lane)
	*r = run{from, to, dependency}
}

func (p *image) flush(lane int) {
	if r := &p.runs[lane]; r.from < r.to {
		fmt.Fprintf(p.path(r.dependency), "M%d %dV%d", center(lane), r.from, r.to)
		*r = run{}
	}
}

// start writes the start tag of the image.
func (p *image) start(w *markup.Writer) {
	w.Start("svg", markup.Literal("xmlns", "http://www.w3.org/2000/svg"), markup.Literal("class", "graph"), markup.Literal("role", "group"),
		markup.Attr("aria-label", p.Title), markup.Int("width", p.width), markup.Int("height", p.height), markup.Attr("viewBox", fmt.Sprintf("0 0 %d %d", p.width, p.height)))
	w.Element("title", p.Title)
	w.Newline()
}

// write writes lines and points. In a page, points link to the revisions.
func (p *image) write(w *markup.Writer, link bool) {
	for _, line := range []struct{ class, data string }{{"lineage", p.lineage.String()}, {"dependency", p.dependency.String()}} {
		if line.data != "" {
			w.Void("path", markup.Attr("class", line.class), markup.Attr("d", line.data))
			w.Newline()
		}
	}
	for i, at := range p.points {
		n := &p.Nodes[i]
		if link {
			w.Start("a", markup.Anchor(anchor(n.ID)), markup.Attr("class", cmp.Or(n.kind(), "revision")))
		} else {
			w.Start("g", markup.Literal("role", "img"), markup.Attr("class", cmp.Or(n.kind(), "revision")))
		}
		w.Element("title", n.describe())
		at.symbol(w, n.kind())
		w.Start("text", markup.Int("x", at.text), markup.Int("y", at.y+4))
		w.Element("tspan", n.ID, markup.Literal("class", "id"))
		if n.Message != "" {
			w.Element("tspan", clip(n.Message, messageWidth), markup.Literal("dx", "14"))
		}
		if marks := n.marks(); len(marks) > 0 {
			w.Element("tspan", "("+strings.Join(marks, ", ")+")", markup.Literal("class", "marks"), markup.Literal("dx", "14"))
		}
		w.End()
		w.End()
		w.Newline()
	}
}

// symbol writes the point of a revision: states differ in shape, not only in color.
func (at svgPoint) symbol(w *markup.Writer, kind string) {
	x, y := markup.Int("cx", at.x), markup.Int("cy", at.y)
	radius := 5
	switch kind {
	case "current":
		w.Void("circle", markup.Literal("class", "point"), x, y, markup.Literal("r", "6"))
		w.Void("circle", markup.Literal("class", "ring"), x, y, markup.Literal("r", "9"))
		return
	case "modified":
		w.Void("rect", markup.Literal("class", "point"), markup.Int("x", at.x-radius), markup.Int("y", at.y-radius), markup.Int("width", 2*radius), markup.Int("height", 2*radius))
		return
	}
	w.Void("circle", markup.Literal("class", "point"), x, y, markup.Int("r", radius))
	if kind == "unfinished" {
		d := fmt.Sprintf("M%d %dA%d %d 0 0 0 %d %dZ", at.x, at.y-radius, radius, radius, at.x, at.y+radius)
		w.Void("path", markup.Literal("class", "half"), markup.Attr("d", d))
	}
}

// anchor is the id of a revision's element in a page.
func anchor(id string) string { return "revision-" + id }

package lanes

import "strings"

// Glyphs writes rows as text. The zero value writes box-drawing characters.
type Glyphs struct {
	// ASCII uses characters of ASCII only.
	ASCII bool
	// Columns is how many columns a row may take, at least 2; 0 is any number. A row with
	// more ends with "…" or, in ASCII, ">". A point further to the right is drawn there
	// instead.
	Columns int
}

// Line returns a row as text, in parts: the lines to the left of its point, the point, and the
// lines to the right of it. Without a point the first part is the whole row. point is a
// character that is one column wide.
func (g Glyphs) Line(cells []Cell, point string) (left, symbol, right string) {
	cut := g.Columns > 0 && len(cells) > g.Columns
	shown, hidden := cells, []Cell(nil)
	if cut {
		shown, hidden = cells[:g.Columns-1], cells[g.Columns-1:]
	}
	diagonal := g.ASCII && !cut && oneStep(cells)
	var b strings.Builder
	found := false
	for i, c := range shown {
		switch {
		case c&Point != 0:
			left, found = b.String(), true
			b.Reset()
		case diagonal:
			b.WriteString(step(cells, i))
		default:
			b.WriteString(g.glyph(c))
		}
	}
	switch {
	case found && cut:
		return left, point, b.String() + g.more()
	case found:
		return left, point, b.String()
	case cut && contains(hidden, Point):
		return b.String(), point, ""
	case cut:
		b.WriteString(g.more())
	}
	return b.String(), "", ""
}

// Below returns the row of lines below the row of a node, as far as text next to the node
// takes several rows.
func Below(cells []Cell) []Cell {
	below := make([]Cell, len(cells))
	for i, c := range cells {
		if c&Down != 0 {
			below[i] = Up | Down | c&DependencyVertical
		}
	}
	return below
}

func (g Glyphs) more() string {
	if g.ASCII {
		return ">"
	}
	return "…"
}

func contains(cells []Cell, part Cell) bool {
	for _, c := range cells {
		if c&part != 0 {
			return true
		}
	}
	return false
}

// glyph returns the character of a cell that is not a point.
func (g Glyphs) glyph(c Cell) string {
	sides := c & (Up | Down | Left | Right)
	vertical, horizontal := c&DependencyVertical != 0, c&DependencyHorizontal != 0
	switch {
	case c&End != 0:
		return "~"
	case g.ASCII && sides == Up|Down && vertical:
		return ":"
	case g.ASCII && sides == Left|Right && horizontal:
		return "."
	case g.ASCII:
		return asciiGlyphs[sides]
	case sides == Up|Down && vertical:
		return "╎"
	case sides == Left|Right && horizontal:
		return "╌"
	}
	return boxGlyphs[sides]
}

// The characters by the sides to which lines lead.
var boxGlyphs = [16]string{
	0: " ", Up: "╵", Down: "╷", Left: "╴", Right: "╶",
	Up | Down: "│", Left | Right: "─", Down | Left: "╮", Down | Right: "╭", Up | Left: "╯", Up | Right: "╰",
	Up | Down | Left: "┤", Up | Down | Right: "├", Down | Left | Right: "┬", Up | Left | Right: "┴", Up | Down | Left | Right: "┼",
}

var asciiGlyphs = [16]string{
	0: " ", Up: "|", Down: "|", Left: "-", Right: "-",
	Up | Down: "|", Left | Right: "-", Down | Left: ".", Down | Right: ".", Up | Left: "'", Up | Right: "'",
	Up | Down | Left: "+", Up | Down | Right: "+", Down | Left | Right: ".", Up | Left | Right: "'", Up | Down | Left | Right: "+",
}

// oneStep reports whether all that a row has besides lines straight down is one line of lineage
// between neighbouring lanes, one of which begins or ends. It is drawn as a diagonal in ASCII,
// as git does.
func oneStep(cells []Cell) bool {
	steps := 0
	for i, c := range cells {
		if c&DependencyHorizontal != 0 {
			return false
		}
		if i%2 == 1 && c != 0 {
			steps++
			if cells[i-1]&cells[i+1]&(Up|Down) == Up|Down {
				return false
			}
		}
	}
	return steps == 1
}

// step returns the character of a cell in a row with one step.
func step(cells []Cell, i int) string {
	c := cells[i]
	switch {
	case i%2 == 1 && c != 0:
		if left, right := cells[i-1], cells[i+1]; right&Up == 0 || left&Down == 0 {
			return `\`
		}
		return "/"
	case c&(Up|Down) == Up|Down && c&DependencyVertical != 0:
		return ":"
	case c&(Up|Down) == Up|Down:
		return "|"
	}
	return " "
}

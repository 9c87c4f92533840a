package terminal

import (
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// Style is the color of a text: an SGR parameter, or "" for none.
type Style string

// The styles in use.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Faint  Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
)

// Cell is a text in a table or a line, with its style. The zero value is empty.
type Cell struct {
	text  string // escaped
	style Style
}

// Cell returns a cell with a text in this style, escaped like Line.
func (s Style) Cell(text string) Cell { return Cell{Line(text), s} }

// styled returns the text of a cell with the escape sequences of its style, if the output
// has colors.
func (o *Output) styled(c Cell) string {
	if !o.color || c.style == Plain || c.text == "" {
		return c.text
	}
	return "\x1b[" + string(c.style) + "m" + c.text + "\x1b[0m"
}

// Table is rows of cells.
type Table [][]Cell

// Add appends a row.
func (t *Table) Add(cells ...Cell) { *t = append(*t, cells) }

// LongTable is a table that is printed in parts. The columns of each part are as wide as those
// of the parts before it, or wider.
type LongTable struct {
	Table  // the rows of the next part
	widths []int
}

// Print writes the rows of t that were added since the last call.
func (t *LongTable) Print(o *Output) {
	o.write(o.formatFrom(&t.widths, t.Table))
	t.Table = t.Table[:0]
}

// format returns the rows of t in aligned columns, each row ending in a newline. Cells wider
// than 60 characters do not widen their column.
func (o *Output) format(t Table) string { return o.formatFrom(new([]int), t) }

// formatFrom is format with the least widths of the columns, which it raises.
func (o *Output) formatFrom(least *[]int, t Table) string {
	rows := make(Table, len(t))
	for i, row := range t {
		for len(row) > 0 && row[len(row)-1].text == "" {
			row = row[:len(row)-1]
		}
		rows[i] = row
	}
	widths := columnWidths(*least, rows)
	*least = widths
	var b strings.Builder
	for _, row := range rows {
		for i, c := range row {
			b.WriteString(o.styled(c))
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", max(0, widths[i]-text.Width(c.text))+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// columnWidths ignores the last cell of each row, which may have any length. It begins with
// widths.
func columnWidths(widths []int, rows Table) []int {
	const widest = 60
	for _, row := range rows {
		for i := range len(row) - 1 {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], min(text.Width(row[i].text), widest))
		}
	}
	return widths
}

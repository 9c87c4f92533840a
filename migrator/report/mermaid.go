package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"example.com/ambix/migrator/internal/text"
)

// What Mermaid draws unless it is configured otherwise (maxEdges and maxTextSize).
const (
	MermaidLinks = 500
	MermaidBytes = 50_000
)

// pictureStyle is how revisions of a kind are drawn by Mermaid and Graphviz. The colors have
// enough contrast with the text, which is black, on any page.
type pictureStyle struct {
	kind, fill, line string
	dashed           bool
	width            int
}

var pictureStyles = []pictureStyle{
	{"applied", "#d3f0db", "#1a7f37", false, 1},
	{"current", "#a6e3b8", "#1a7f37", false, 3},
	{"pending", "#fff8c5", "#9a6700", false, 1},
	{"modified", "#ffdcd7", "#cf222e", false, 1},
	{"unfinished", "#ffdcd7", "#cf222e", true, 2},
	{"unknown", "#ddeafb", "#0550ae", true, 1},
}

// mermaid writes a flowchart from the bottom to the top: the newest revision is on top, as in
// other formats, and arrows point from a revision to those that build on it.
func (g *Graph) mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart BT\n  accTitle: " + mermaidText(g.Title) + "\n")
	members := map[string][]string{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		lines := []string{mermaidText(n.ID)}
		if n.Message != "" {
			lines = append(lines, mermaidText(clip(n.Message, 60)))
		}
		if marks := n.marks(); len(marks) > 0 {
			lines = append(lines, mermaidText("("+strings.Join(marks, ", ")+")"))
		}
		fmt.Fprintf(&b, "  r%d[\"%s\"]\n", i, strings.Join(lines, "<br/>"))
		if kind := n.kind(); kind != "" {
			members[kind] = append(members[kind], "r"+strconv.Itoa(i))
		}
	}
	g.links(func(from, to int, dependency bool) {
		arrow := "-->"
		if dependency {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  r%d %s r%d\n", from, arrow, to)
	})
	for _, s := range pictureStyles {
		if ids := members[s.kind]; len(ids) > 0 {
			dashes := ""
			if s.dashed {
				dashes = ",stroke-dasharray:4 3"
			}
			fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,stroke-width:%dpx,color:#1f2328%s\n", s.kind, s.fill, s.line, s.width, dashes)
			fmt.Fprintf(&b, "  class %s %s\n", strings.Join(ids, ","), s.kind)
		}
	}
	return b.String()
}

// mermaidText returns text for a label in quotes. Everything but letters, digits and harmless
// punctuation is written as the number of its character: Mermaid's grammar and its comments,
// directives, Markdown and HTML end and begin with all kinds of characters. A space of no width
// keeps what Mermaid looks for after that apart: \n, $$math$$ and fa:fa-icon.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range text.Visible(s) {
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || strings.ContainsRune("_-.,()/+=", r) {
			b.WriteRune(r)
		} else {
			b.WriteString("#" + strconv.Itoa(int(r)) + ";")
		}
		if strings.ContainsRune(`\$:`, r) {
			b.WriteString("#8203;")
		}
	}
	return b.String()
}

// clip returns the beginning of a text in at most n columns.
func clip(s string, n int) string {
	if text.Width(s) <= n {
		return s
	}
	return text.ClipWidth(s, n-1) + "…"
}

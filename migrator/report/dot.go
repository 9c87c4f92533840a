package report

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// dot writes a graph for Graphviz, from the bottom to the top like mermaid.
func (g *Graph) dot() string {
	var b strings.Builder
	b.WriteString("digraph revisions {\n")
	fmt.Fprintf(&b, "  graph [rankdir=BT, tooltip=%s]\n", dotText(g.Title))
	b.WriteString("  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", color=\"#57606a\", fontcolor=\"#1f2328\", fontname=\"sans-serif\", fontsize=11]\n")
	b.WriteString("  edge [color=\"#57606a\"]\n")
	styles := map[string]pictureStyle{}
	for _, s := range pictureStyles {
		styles[s.kind] = s
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		lines := []string{n.ID}
		if n.Message != "" {
			lines = append(lines, clip(n.Message, 60))
		}
		if marks := n.marks(); len(marks) > 0 {
			lines = append(lines, "("+strings.Join(marks, ", ")+")")
		}
		fmt.Fprintf(&b, "  %s [label=%s, tooltip=%s", dotName(n.ID), dotText(lines...), dotText(n.describe()))
		if s, ok := styles[n.kind()]; ok {
			fmt.Fprintf(&b, ", fillcolor=\"%s\", color=\"%s\", penwidth=%d", s.fill, s.line, s.width)
			if s.dashed {
				b.WriteString(`, style="rounded,filled,dashed"`)
			}
		}
		b.WriteString("]\n")
	}
	g.links(func(from, to int, dependency bool) {
		style := ""
		if dependency {
			style = ` [style=dashed, tooltip="depends_on"]`
		}
		fmt.Fprintf(&b, "  %s -> %s%s\n", dotName(g.Nodes[from].ID), dotName(g.Nodes[to].ID), style)
	})
	b.WriteString("}\n")
	return b.String()
}

// dotName returns a string in quotes, in which only quotes have a meaning.
func dotName(s string) string { return `"` + strings.ReplaceAll(text.Visible(s), `"`, `\"`) + `"` }

// dotText returns a label of lines: in labels a backslash begins an escape, and an ampersand an
// entity of HTML.
func dotText(lines ...string) string {
	for i, l := range lines {
		lines[i] = dotEscapes.Replace(text.Visible(l))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

var dotEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`)

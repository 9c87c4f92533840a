package importer

import (
	"fmt"
	"strings"
	"unicode"
)

// document is what an import wrote and what is left to a person. It is what --json prints.
type document struct {
	From      string            `json:"from"`
	Dir       string            `json:"dir"` // for the revisions
	Map       string            `json:"map"` // the name of the map in Dir
	Revisions int               `json:"revisions"`
	Files     []string          `json:"files"`
	Findings  []findingDocument `json:"findings"`
}

// findingDocument is a kind of finding with the places that it concerns.
type findingDocument struct {
	Text  string   `json:"text"`
	Where []string `json:"where"`
}

// add adds findings, each kind once, in the order in which they were found.
func (d *document) add(findings []finding) {
	for _, f := range findings {
		i := 0
		for i < len(d.Findings) && d.Findings[i].Text != f.what {
			i++
		}
		if i == len(d.Findings) {
			d.Findings = append(d.Findings, findingDocument{Text: f.what})
		}
		d.Findings[i].Where = append(d.Findings[i].Where, visible(f.where))
	}
}

// report returns the text to print.
func (d *document) report() string {
	var b strings.Builder
	s := "s"
	if d.Revisions == 1 {
		s = ""
	}
	fmt.Fprintf(&b, "Wrote %d revision%s and the map %s to %s.\n", d.Revisions, s, d.Map, visible(d.Dir))
	if len(d.Findings) == 0 {
		b.WriteString("No manual work is needed.\n")
		return b.String()
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "\n%s\n", f.Text)
		for _, where := range f.Where {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(where, "\n", "\n    "))
		}
	}
	return b.String()
}

// visible escapes what a terminal would not show as it is: names and texts are not ours.
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

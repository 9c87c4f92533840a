package rehearse

import (
	"fmt"
	"strings"
	"unicode"

	"example.com/ambix/migrator/internal/text"
)

// MarkdownMarker is the first line of Markdown. A comment of a pull request that begins with it is one that a later run
// replaces.
const MarkdownMarker = "<!-- ambix rehearse -->"

// longestComment is the largest number of bytes of Markdown. GitHub refuses comments of more than 65,536 characters.
const longestComment = 60_000

// Markdown returns the findings as a comment for a pull request: a summary, a table, the worst first, and below it why each
// matters and how to write it instead. What does not fit into a comment is counted. Accepted findings are only counted.
func (r *Report) Markdown() string {
	var b strings.Builder
	found := r.open()
	fmt.Fprintf(&b, "%s\n### Rehearsal of %s: %s\n", MarkdownMarker, text.Count(r.Revisions, "revision"), r.summary())
	if len(found) == 0 {
		return b.String()
	}
	b.WriteString("\n| | finding | rule | where |\n| --- | --- | --- | --- |\n")
	shown := 0
	for _, f := range found {
		row := fmt.Sprintf("| %s %s | %s | %s | %s |\n", severitySigns[f.Severity], f.Severity, escapeMarkdown(f.Text), f.Rule, r.where(&f))
		if b.Len()+len(row) > longestComment/2 {
			break
		}
		b.WriteString(row)
		shown++
	}
	if more := len(found) - shown; more > 0 {
		fmt.Fprintf(&b, "\nand %s\n", text.Count(more, "more finding"))
	}
	r.writeDetails(&b, found)
	return b.String()
}

var severitySigns = map[Severity]string{Danger: "🛑", Warning: "⚠️", Note: "ℹ️"}

// writeDetails writes why findings matter and how to write what they are about instead.
func (r *Report) writeDetails(b *strings.Builder, found []Finding) {
	const end = "\n</details>\n"
	begun := false
	for _, f := range found {
		if f.Why == "" && f.Safe == "" {
			continue
		}
		var d strings.Builder
		if !begun {
			d.WriteString("\n<details>\n<summary>Why, and what to do instead</summary>\n")
		}
		fmt.Fprintf(&d, "\n**%s** %s\n", escapeMarkdown(f.Text), r.where(&f))
		if f.Why != "" {
			fmt.Fprintf(&d, "\n%s\n", escapeMarkdown(f.Why))
		}
		if f.Safe != "" {
			fmt.Fprintf(&d, "\n%s\n", codeBlock(f.Safe))
		}
		if b.Len()+d.Len()+len(end) > longestComment {
			break
		}
		b.WriteString(d.String())
		begun = true
	}
	if begun {
		b.WriteString(end)
	}
}

// where returns the position of a finding, or its revision.
func (r *Report) where(f *Finding) string {
	path := r.path(f)
	switch {
	case path == "":
		return code(f.Revision)
	case f.Line > 0:
		return code(fmt.Sprintf("%s:%d", path, f.Line))
	}
	return code(path)
}

// code returns a text as inline code in a table.
func code(s string) string {
	if s == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	s = strings.ReplaceAll(oneLine(s), "|", `\|`)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// codeBlock returns a text as a block of code.
func codeBlock(s string) string {
	fence := strings.Repeat("`", max(longestRun(s, '`')+1, 3))
	return fence + "text\n" + strings.TrimRight(s, "\n") + "\n" + fence
}

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// escapeMarkdown returns a text as itself in a table of GitHub: without markup, HTML, mentions and references to issues.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, c := range oneLine(s) {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '@' || c == '#':
			b.WriteString(string(c) + "<!-- -->")
		case c < unicode.MaxASCII && strings.ContainsRune("\\`*_{}[]|~$!", c):
			b.WriteString(`\` + string(c))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

package importer

import (
	"regexp"
	"strings"
)

const (
	leftPlaceholder = "These look like placeholders that another program fills in before the tool reads the file. They were left as they are, and PostgreSQL does not accept them: write the values:"
	leftTable       = "These name the version table of the tool, which databases made by the revisions do not have. Remove the statement, or create what it needs:"
)

// placeholder matches what is not SQL outside of quotes and comments, but common in templates.
var placeholder = regexp.MustCompile(`\$\{[^}\n]*\}|\{\{[^}\n]*\}\}|<%[^%\n]*%>`)

// findLeftovers returns what a script contains that only works with the tool: placeholders, except those that begin as
// reported ones do, and its version table. head is the text before the script in its file, in which positions are.
func findLeftovers(file, head, sql, table, reported string) []finding {
	var findings []finding
	text := head + sql
	note := func(what string, start, end int) {
		f := finding{what, at(file, text, start) + ": " + text[start:end]}
		for _, other := range findings {
			if other == f {
				return
			}
		}
		findings = append(findings, f)
	}
	var name *regexp.Regexp
	if table != "" {
		name = regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(table) + `\b`)
	}
	for start := 0; start < len(sql); {
		length, kind := piece(sql[start:])
		in := sql[start : start+length]
		if kind == pieceCode {
			for _, m := range placeholder.FindAllStringIndex(in, -1) {
				if reported != "" && strings.HasPrefix(in[m[0]:], reported) {
					continue
				}
				note(leftPlaceholder, len(head)+start+m[0], len(head)+start+m[1])
			}
		}
		if kind != pieceComment && name != nil {
			for _, m := range name.FindAllStringIndex(in, -1) {
				note(leftTable, len(head)+start+m[0], len(head)+start+m[1])
			}
		}
		start += length
	}
	return findings
}

// pieceKind is what a piece of SQL is.
type pieceKind int

const (
	pieceCode pieceKind = iota
	pieceQuoted
	pieceComment
)

// pieceStart matches the beginning of a comment, of a dollar-quoted text, and of a text or name in quotes.
var pieceStart = regexp.MustCompile(`--|/\*|\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|'|"`)

// piece returns the length of the first piece of a non-empty text: all code up to what has quotes or is a comment, or one such.
// It is close enough for findings: it knows neither nested comments nor backslashes in texts.
func piece(sql string) (int, pieceKind) {
	at := pieceStart.FindStringIndex(sql)
	switch {
	case at == nil:
		return len(sql), pieceCode
	case at[0] > 0:
		return at[0], pieceCode
	}
	start, kind := sql[:at[1]], pieceQuoted
	end := start
	switch start {
	case "--":
		end, kind = "\n", pieceComment
	case "/*":
		end, kind = "*/", pieceComment
	}
	if i := strings.Index(sql[len(start):], end); i >= 0 {
		return len(start) + i + len(end), kind
	}
	return len(sql), kind
}

package sqltext

import (
	"strconv"
	"strings"
)

// QuoteName returns name as a quoted identifier: a"b becomes "a""b". The server refuses names that are empty or contain a
// NUL.
func QuoteName(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QuoteString returns s as a string constant in single quotes, for places that accept no dollar quotes, such as SET. Its
// meaning does not depend on standard_conforming_strings. The server refuses a NUL in it.
func QuoteString(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// QuoteLiteral returns s as a dollar-quoted string, $ambix1$…$ambix1$, with a tag that does not occur in s. Its meaning
// does not depend on settings of the session. The server refuses a NUL in it. It must follow white space or an operator:
// directly after a name the dollar sign would be part of the name.
func QuoteLiteral(s string) string {
	// The closing $ does not count: if s ended in $ambix1, the string would end one character too early.
	const prefix = "$ambix"
	taken := map[string]bool{}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, prefix)
		if !found {
			break
		}
		number := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
		taken[number] = true
		rest = after
	}
	n := 1
	for taken[strconv.Itoa(n)] {
		n++
	}
	tag := prefix + strconv.Itoa(n) + "$"
	return tag + s + tag
}

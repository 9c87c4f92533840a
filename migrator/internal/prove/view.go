package prove

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// reordered reports whether two queries differ only in the order of the columns that they return, as SELECT * does after a
// column was dropped and added again.
func reordered(from, to string) bool {
	a, rest := selectList(from)
	b, other := selectList(to)
	if a == nil || rest != other {
		return false
	}
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// selectList returns the expressions between SELECT and FROM, and what follows them. It returns nil if the query does not begin
// with SELECT, or with SELECT DISTINCT ON.
func selectList(query string) (list []string, rest string) {
	depth := 0
	var item []string
	tokens := code(query)
	body, ok := strings.CutPrefix(tokens, "SELECT ")
	if !ok || strings.HasPrefix(body, "DISTINCT ON ") {
		return nil, ""
	}
	for t := range sqltext.Tokens(body) {
		token := body[t.Start:t.End]
		switch {
		case t.Kind == sqltext.Space:
			continue
		case strings.ContainsAny(token, "([") && t.Kind != sqltext.String && t.Kind != sqltext.QuotedName:
			depth++
		case strings.ContainsAny(token, ")]") && t.Kind != sqltext.String && t.Kind != sqltext.QuotedName:
			depth--
		case depth == 0 && token == ",":
			list, item = append(list, strings.Join(item, " ")), nil
			continue
		case depth == 0 && token == "FROM" && (len(item) == 0 || item[len(item)-1] != "DISTINCT"):
			return append(list, strings.Join(item, " ")), body[t.Start:]
		}
		item = append(item, token)
	}
	return append(list, strings.Join(item, " ")), ""
}

package schema

import (
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// TextClass returns the class of a server version (such as 150020) by the way it prints expressions and queries: "13",
// "14-15", "16-18", or the number of a newer major version. Version 14 prints TRIM, EXTRACT and others as they are
// written instead of as functions, and version 16 no longer qualifies the columns of a query of a single table.
func TextClass(version int) string {
	switch major := version / 10000; {
	case major == 14 || major == 15:
		return "14-15"
	case major >= 16 && major <= 18:
		return "16-18"
	default:
		return strconv.Itoa(major)
	}
}

// IsText reports whether the value of a fact is an expression or a query that the server printed, so that it depends on
// the text class. A definition without one, such as that of a foreign key, is the fact "definition" instead.
func IsText(fact string) bool {
	switch fact {
	case "expression", "query", "using", "with check", "partition bound", "partition key":
		return true
	}
	return strings.HasPrefix(fact, "filter ")
}

// factVersions has the facts that exist only from some version on: before it, the catalogs do not record the property.
var factVersions = map[string]int{
	"compression": 140000, "subscript": 140000, "multirange": 140000,
	"sequence unlogged":    150000,
	"domain not null name": 170000,
	"not null name":        180000, "not null no inherit": 180000, "not null not valid": 180000,
}

// recorded reports whether servers of this version record the property.
func recorded(fact string, version int) bool { return version >= factVersions[fact] }

// NormalText returns an expression with the one difference removed that it gets by being dumped and loaded: what is
// written as x IN ('a', 'b') is first printed as (ARRAY['a'::varchar, 'b'::varchar])::text[], and loaded from that, as
// ARRAY[('a'::varchar)::text, ('b'::varchar)::text]. The second form is the normal one.
func NormalText(text string) string {
	if !strings.Contains(text, "(ARRAY[") {
		return text
	}
	tokens := tokenize(text)
	var b strings.Builder
	for i := 0; i < len(tokens); {
		elements, cast, end := castArray(tokens, i)
		if end == 0 {
			b.WriteString(tokens[i])
			i++
			continue
		}
		b.WriteString("ARRAY[")
		for n, element := range elements {
			if n > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + NormalText(strings.TrimSpace(element)) + ")::" + cast)
		}
		b.WriteString("]")
		i = end
	}
	return b.String()
}

func tokenize(text string) []string {
	var tokens []string
	for t := range sqltext.Tokens(text) {
		tokens = append(tokens, text[t.Start:t.End])
	}
	return tokens
}

// castArray reads (ARRAY[…])::type[] at the token i and returns the elements, the type, and the index after it; 0 if
// there is something else.
func castArray(tokens []string, i int) (elements []string, cast string, end int) {
	if !hasTokens(tokens, i, "(", "ARRAY", "[") {
		return nil, "", 0
	}
	depth, element := 0, ""
	for i += 3; ; i++ {
		if i >= len(tokens) {
			return nil, "", 0
		}
		t := tokens[i]
		if depth == 0 && (t == "," || t == "]") {
			elements, element = append(elements, element), ""
			if t == "]" {
				break
			}
			continue
		}
		switch t {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		}
		element += t
	}
	if !hasTokens(tokens, i+1, ")", "::") {
		return nil, "", 0
	}
	for i += 3; i < len(tokens) && !strings.ContainsAny(tokens[i], "[](),"); i++ {
		cast += tokens[i]
	}
	if cast == "" || !hasTokens(tokens, i, "[", "]") {
		return nil, "", 0
	}
	return elements, cast, i + 2
}

func hasTokens(tokens []string, i int, want ...string) bool {
	if i+len(want) > len(tokens) {
		return false
	}
	for n, w := range want {
		if tokens[i+n] != w {
			return false
		}
	}
	return true
}

// normalValue is the value of a fact as it is compared and hashed.
func normalValue(f Fact) string {
	if IsText(f.Name) {
		return NormalText(f.Value)
	}
	return f.Value
}

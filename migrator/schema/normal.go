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
// ARRAY[('a'::varchar)::text, ('b'::varchar)::text]. The second form is the normal one. Statistics are printed with fewer
// parentheses.
func NormalText(text string) string {
	for strings.Contains(text, "ARRAY[") {
		again := castElements(text)
		if again == text {
			break
		}
		text = again // a cast of a cast
	}
	return text
}

func castElements(text string) string {
	tokens := tokenize(text)
	var b strings.Builder
	for i := 0; i < len(tokens); {
		bare := tokens[i] == "ARRAY"
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
			element = castElements(strings.TrimSpace(element))
			if !bare {
				element = "(" + element + ")"
			}
			b.WriteString(element + "::" + cast)
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

// castArray reads (ARRAY[…])::type[], or the same without parentheses, at the token i and returns the elements, the type,
// and the index after it; 0 if there is something else.
func castArray(tokens []string, i int) (elements []string, cast string, end int) {
	before, after := []string{"(", "ARRAY", "["}, []string{")", "::"}
	if tokens[i] == "ARRAY" {
		before, after = before[1:], after[1:]
	}
	if !hasTokens(tokens, i, before...) {
		return nil, "", 0
	}
	depth, element := 0, ""
	for i += len(before); ; i++ {
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
	if !hasTokens(tokens, i+1, after...) {
		return nil, "", 0
	}
	for i += 1 + len(after); i < len(tokens) && !strings.ContainsAny(tokens[i], "[](),"); i++ {
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
		return comparableText(f.Value)
	}
	return f.Value
}

// comparableText returns NormalText without the other difference, which cannot be removed from what is run: a constant
// that is written without a name in an inner SELECT, such as NULL in a branch of a UNION, is first printed as
// NULL::integer, and loaded from that, as NULL::integer AS int4. The name is that of the type.
func comparableText(text string) string {
	text = NormalText(text)
	if !strings.Contains(text, "::") || !strings.Contains(text, " AS ") {
		return text
	}
	tokens := tokenize(text)
	var b strings.Builder
	for i := 0; i < len(tokens); i++ {
		b.WriteString(tokens[i])
		if tokens[i] != "::" {
			continue
		}
		as := typeEnd(tokens, i+1)
		name := strings.TrimSpace(strings.Join(tokens[i+1:as], ""))
		if !hasTokens(tokens, as, "AS", " ") || as+2 >= len(tokens) || strings.Trim(tokens[as+2], `"`) != columnName(name) {
			continue
		}
		b.WriteString(name)
		i = as + 2
	}
	return b.String()
}

// typeEnd returns the index of the first token from i on that is not part of the name of a type.
func typeEnd(tokens []string, i int) int {
	for ; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t == "AS":
			return i
		case t == " ", t == ".", t == "(", t == ")", t == ",", t == "[", t == "]", t[0] == '"', t[0] >= '0' && t[0] <= '9', t[0] >= 'a' && t[0] <= 'z', t[0] == '_':
		default:
			return i
		}
	}
	return i
}

// columnName returns the name that the server gives to a column which is a constant cast to a type.
func columnName(kind string) string {
	kind, _, _ = strings.Cut(kind, "[")
	before, rest, found := strings.Cut(kind, "(")
	if _, after, ok := strings.Cut(rest, ")"); found && ok {
		kind = before + after
	}
	if name := internalNames[kind]; name != "" {
		return name
	}
	return strings.Trim(kind[strings.LastIndexByte(kind, '.')+1:], `"`)
}

// internalNames are the names of types whose names in SQL are others.
var internalNames = map[string]string{
	"smallint": "int2", "integer": "int4", "bigint": "int8", "real": "float4", "double precision": "float8", "boolean": "bool",
	"character varying": "varchar", "character": "bpchar", "bit varying": "varbit",
	"time without time zone": "time", "time with time zone": "timetz",
	"timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
}

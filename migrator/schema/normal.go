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
// parentheses. An array stays as it is if its elements do not say whether they are arrays themselves, because casting
// those means something else.
func NormalText(text string) string { return normal(text, false) }

func normal(text string, guess bool) string {
	for strings.Contains(text, "ARRAY[") {
		again := castElements(text, guess)
		if again == text {
			break
		}
		text = again // a cast of a cast
	}
	return text
}

// castElements moves casts of arrays to their elements. With guess, elements that do not say what they are count as no arrays.
func castElements(text string, guess bool) string {
	tokens := tokenize(text)
	var b strings.Builder
	for i := 0; i < len(tokens); {
		bare := tokens[i] == "ARRAY"
		elements, cast, end := castArray(tokens, i)
		shape := shapeOf(elements)
		if end == 0 || len(elements) == 0 || shape == unknown && !guess {
			b.WriteString(tokens[i])
			i++
			continue
		}
		if shape == array {
			cast += "[]"
		}
		b.WriteString("ARRAY[")
		for n, element := range elements {
			if n > 0 {
				b.WriteString(", ")
			}
			if !bare {
				element = "(" + element + ")"
			}
			b.WriteString(castElements(element+"::"+cast, guess))
		}
		b.WriteString("]")
		i = end
	}
	return b.String()
}

// shape is what the elements of an array are.
type shape uint8

const (
	unknown shape = iota
	scalar
	array
)

// shapeOf returns what the elements of an array are, which is the same for all of them, by the first one that says it: a
// constant, a cast, or an array.
func shapeOf(elements []string) shape {
	for _, element := range elements {
		tokens := tokenize(element)
		if tokens[0] == "ARRAY" {
			return array
		}
		depth, cast := 0, -1
		for i, t := range tokens {
			switch t {
			case "(", "[":
				depth++
			case ")", "]":
				depth--
			case "::":
				if depth == 0 {
					cast = i
				}
			}
		}
		switch {
		case cast >= 0 && tokens[len(tokens)-1] == "]":
			return array
		case cast >= 0, len(tokens) == 1 && strings.ContainsAny(tokens[0][:1], "'0123456789"):
			return scalar
		}
	}
	return unknown
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
			if element = strings.TrimSpace(element); element != "" {
				elements = append(elements, element)
			}
			element = ""
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
	text = normal(text, true)
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

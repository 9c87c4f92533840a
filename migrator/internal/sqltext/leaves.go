package sqltext

import (
	"slices"
	"strings"
)

// Leaves says what a statement may leave in the session, besides what it does in the database.
type Leaves uint8

// What a statement may leave, from nothing to anything. No user's function runs in a statement
// that leaves nothing. A statement that leaves settings may run some, by a trigger or a default,
// which change settings, take locks and make temporary tables.
const (
	LeavesNothing  Leaves = iota // some DDL
	LeavesSettings               // it does not create or remove prepared statements by itself
	LeavesAnything
)

// LeavesOf returns what a statement may leave in the session. It recognizes common statements,
// and returns LeavesAnything for all others.
func LeavesOf(src string, s Statement) Leaves {
	words := strings.Fields(s.Keywords)
	if s.Class != Ordinary || len(words) == 0 {
		return LeavesAnything
	}
	verb, object := words[0], ""
	if len(words) > 1 {
		object = words[1]
	}
	if object == "OR" && len(words) > 3 { // REPLACE
		object = words[3]
	}
	switch verb {
	case "INSERT", "UPDATE", "DELETE", "TRUNCATE", "GRANT", "REVOKE":
		return LeavesSettings
	case "COMMENT":
		return LeavesNothing
	case "CREATE", "ALTER", "DROP":
	default:
		return LeavesAnything
	}
	r := newTokenReader(src, s)
	r.next()
	switch {
	case verb == "CREATE" && object == "UNIQUE", verb == "CREATE" && object == "INDEX":
		return leavesIfPlain(r, indexIsPlain)
	case verb == "CREATE" && object == "TABLE":
		return leavesIfPlain(r, newTableIsPlain)
	case verb == "ALTER" && object == "TABLE":
		return leavesIfPlain(r, alteredTableIsPlain)
	case verb == "DROP" && (object == "TABLE" || object == "INDEX" || object == "VIEW"):
		return LeavesNothing
	}
	if slices.Contains([]string{"TABLE", "INDEX", "VIEW", "SEQUENCE", "TYPE", "DOMAIN", "SCHEMA", "FUNCTION", "PROCEDURE", "TRIGGER", "POLICY"}, object) {
		return LeavesSettings
	}
	return LeavesAnything // also an extension or event trigger, whose functions run in what follows
}

func leavesIfPlain(r tokenReader, plain func(tokenReader) bool) Leaves {
	if plain(r) {
		return LeavesNothing
	}
	return LeavesSettings
}

// indexIsPlain: an index on columns, without expressions and conditions.
func indexIsPlain(r tokenReader) bool {
	depth := 0
	for r.next() {
		switch {
		case r.isOperator("("):
			if depth++; depth > 1 {
				return false
			}
		case r.isOperator(")"):
			depth--
		case r.is("WHERE"):
			return false
		}
	}
	return true
}

// newTableIsPlain: a permanent table without rows. Its defaults and constraints are not
// evaluated; the bounds of a partition are.
func newTableIsPlain(r tokenReader) bool {
	for r.next() {
		switch {
		case r.is("TEMP"), r.is("TEMPORARY"), r.is("PG_TEMP"), r.is("OF"), r.tok.Kind == QuotedName && strings.Contains(r.text(), "pg_temp"):
			return false
		case r.is("AS"): // GENERATED ALWAYS AS …
			if !r.accept("IDENTITY") && !(r.next() && r.isOperator("(")) {
				return false
			}
		}
	}
	return true
}

// callable are words that may precede a parenthesis in ALTER TABLE and call nothing.
var callable = []string{
	"KEY", "UNIQUE", "CHECK", "IN", "AND", "OR", "NOT", "VARCHAR", "CHAR", "CHARACTER", "VARYING", "NUMERIC", "DECIMAL", "TIMESTAMP", "TIMESTAMPTZ", "TIME", "SET",
}

// alteredTableIsPlain: nothing that is evaluated for the rows of the table calls a function or
// takes the next value of a sequence.
func alteredTableIsPlain(r tokenReader) bool {
	name, references := "", false // the token before; a name of a table with a list of columns follows
	for r.next() {
		switch {
		case r.isOperator("("):
			if name != "" && !references && !slices.Contains(callable, name) {
				return false
			}
			references = false
		case r.is("REFERENCES"):
			references = true
		case r.is("USING"), r.is("PARTITION"), r.is("PG_TEMP"), r.is("IDENTITY"), r.tok.Kind == Word && strings.Contains(lower(r.text()), "serial"):
			return false
		}
		name = ""
		if r.tok.Kind == Word || r.tok.Kind == QuotedName {
			name = strings.ToUpper(r.text())
		}
	}
	return true
}

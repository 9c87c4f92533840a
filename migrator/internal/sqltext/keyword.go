package sqltext

import "strings"

// isWord reports whether the word w is the key word k, which is given in capitals. Only ASCII letters are folded:
// some other letters fold to ASCII ones by Unicode's rules, but not for the server.
func isWord(w, k string) bool {
	if len(w) != len(k) {
		return false
	}
	for i := 0; i < len(w); i++ {
		if upper(w[i]) != k[i] {
			return false
		}
	}
	return true
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// lower folds as the server folds an unquoted identifier.
func lower(w string) string {
	if strings.IndexFunc(w, func(r rune) bool { return r >= 'A' && r <= 'Z' }) < 0 {
		return w
	}
	folded := []byte(w)
	for i, c := range folded {
		if c >= 'A' && c <= 'Z' {
			folded[i] = c - 'A' + 'a'
		}
	}
	return string(folded)
}

// headWords returns the key words at the head of a statement whose first word is current: as many as it takes to know
// which command it is, the kind of object included. A first word longer than any key word gives "".
func headWords(r tokenReader) string {
	const longest, most = 20, 6
	if len(r.text()) > longest {
		return ""
	}
	var buf [most * (longest + 1)]byte
	words := appendUpper(buf[:0], r.text())
	start, end := r.tok.Start, r.tok.End
	more := hasTail(words)
	for n := 1; more && n < most && r.next() && r.tok.Kind == Word && len(r.text()) <= longest; n++ {
		before := len(words)
		words = appendUpper(append(words, ' '), r.text())
		var known bool
		if known, more = inTail(words[before+1:]); !known {
			words = words[:before]
			break
		}
		end = r.tok.End
	}
	if text := r.src[start:end]; text == string(words) {
		return text // saves a copy when the source is in capitals already
	}
	return string(words)
}

// hasTail reports whether a first word says too little by itself.
func hasTail(word []byte) bool {
	switch string(word) {
	case "CREATE", "ALTER", "DROP", "REINDEX", "REFRESH", "START", "BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT",
		"PREPARE", "SET", "RESET", "DISCARD", "INSERT", "DELETE", "MERGE":
		return true
	}
	return false
}

// inTail reports whether word is a key word that follows such a first word, and whether one more can follow. What
// follows a kind of object is its name, or CONCURRENTLY and the like, which has a message of its own.
func inTail(word []byte) (known, more bool) {
	switch string(word) {
	case "ACCESS", "AND", "CONSTRAINT", "DATA", "DEFAULT", "EVENT", "FOREIGN", "GLOBAL", "LARGE", "LOCAL",
		"MATERIALIZED", "OPERATOR", "OR", "PROCEDURAL", "RECURSIVE", "REPLACE", "SEARCH", "SESSION", "TEMP",
		"TEMPORARY", "TEXT", "TO", "TRUSTED", "UNIQUE", "UNLOGGED":
		return true, true
	case "AGGREGATE", "ALL", "AUTHORIZATION", "CAST", "CHAIN", "CHARACTERISTICS", "CLASS", "COLLATION",
		"CONFIGURATION", "CONSTRAINTS", "CONVERSION", "DATABASE", "DICTIONARY", "DOMAIN", "EXTENSION", "FAMILY",
		"FROM", "FUNCTION", "GROUP", "INDEX", "INTO", "LANGUAGE", "METHOD", "OBJECT", "OWNED", "PARSER", "POLICY",
		"PREPARED", "PRIVILEGES", "PROCEDURE", "PUBLICATION", "ROLE", "ROUTINE", "RULE", "SAVEPOINT", "SCHEMA",
		"SEQUENCE", "SERVER", "STATISTICS", "SUBSCRIPTION", "SYSTEM", "TABLE", "TABLESPACE", "TEMPLATE",
		"TRANSACTION", "TRANSFORM", "TRIGGER", "TYPE", "USER", "VIEW", "WORK", "WRAPPER":
		return true, false
	}
	return false, false
}

func appendUpper(b []byte, w string) []byte {
	for i := 0; i < len(w); i++ {
		b = append(b, upper(w[i]))
	}
	return b
}

package sqltext

import "strings"

// isWord reports whether w is the keyword k, which is in capitals. Only ASCII letters are folded, as the server does.
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

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c - 'A' + 'a'
	}
	return c
}

// lower folds as the server folds an unquoted identifier.
func lower(w string) string {
	if strings.IndexFunc(w, func(c rune) bool { return c >= 'A' && c <= 'Z' }) < 0 {
		return w
	}
	folded := []byte(w)
	for i, c := range folded {
		folded[i] = lowerByte(c)
	}
	return string(folded)
}

// leadingKeywords returns the keywords that begin a statement, starting with the current token: as many as are needed to
// name the command and the kind of object. It returns "" if the first word is longer than any keyword.
func leadingKeywords(r tokenReader) string {
	const longest, most = 20, 6
	if len(r.text()) > longest {
		return ""
	}
	var buf [most * (longest + 1)]byte
	words := appendUpper(buf[:0], r.text())
	start, end := r.tok.Start, r.tok.End
	more := isPrefix(words)
	for n := 1; more && n < most && r.next() && r.tok.Kind == Word && len(r.text()) <= longest; n++ {
		before := len(words)
		words = appendUpper(append(words, ' '), r.text())
		var known bool
		if known, more = isContinuation(words[before+1:]); !known {
			words = words[:before]
			break
		}
		end = r.tok.End
	}
	if text := r.src[start:end]; text == string(words) {
		return text // no copy if the source is in capitals
	}
	return string(words)
}

// isPrefix reports whether a first word does not name a command by itself.
func isPrefix(word []byte) bool {
	switch string(word) {
	case "CREATE", "ALTER", "DROP", "REINDEX", "REFRESH", "START", "BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT",
		"PREPARE", "SET", "RESET", "DISCARD", "INSERT", "DELETE", "MERGE":
		return true
	}
	return false
}

// isContinuation reports whether word is a keyword that continues such a first word, and whether another can follow.
// A kind of object is the last: its name follows, or CONCURRENTLY and the like, which classify adds.
func isContinuation(word []byte) (known, more bool) {
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

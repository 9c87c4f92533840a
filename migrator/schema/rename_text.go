package schema

import "strings"

// rewrite changes qualified names: schema.name for an object in a schema, schema.anything for a schema, and columns of a
// relation, which views call name.column.
func (r renaming) rewrite(text string) string {
	schemaName := QuoteIdent(r.target.Schema)
	return r.tokens(text, func(qualifier, token, after string) bool {
		switch {
		case token != r.from:
			return false
		case r.target.Key.Kind == Namespace:
			return qualifier == "" && after == "."
		case r.target.Schema == "":
			return qualifier == ""
		}
		return qualifier == schemaName || qualifier == "" && after == "." && r.related
	})
}

// rewriteFirst changes the first occurrence, which is the name in a key or after CREATE.
func (r renaming) rewriteFirst(text string) string {
	done := false
	return r.tokens(text, func(qualifier, token, after string) bool {
		if done || token != r.from || after == "." {
			return false
		}
		done = true
		return true
	})
}

// tokens replaces the tokens for which match returns true. match gets the name before the token and its dot, or "", and
// the token after it. Texts in quotes that consist of qualified names are rewritten too: those of regclass constants, and
// JSON.
func (r renaming) tokens(text string, match func(qualifier, token, after string) bool) string {
	if !strings.Contains(text, r.from) {
		return text
	}
	tokens := tokenize(text)
	var b strings.Builder
	for i, token := range tokens {
		qualifier, after := "", ""
		if i >= 2 && tokens[i-1] == "." {
			qualifier = tokens[i-2]
		}
		if i+1 < len(tokens) {
			after = tokens[i+1]
		}
		switch {
		case i > 0 && tokens[i-1] == "::" && r.target.Key.Kind == Column: // a type
			b.WriteString(token)
		case match(qualifier, token, after):
			b.WriteString(r.to)
		case isQuotedPath(token):
			b.WriteString(token[:1] + r.tokens(token[1:len(token)-1], match) + token[len(token)-1:])
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

// isQuotedPath reports whether a token is a string or a quoted name that contains a dot between plain names.
func isQuotedPath(token string) bool {
	if len(token) < 3 || token[0] != '\'' && token[0] != '"' {
		return false
	}
	inner := tokenize(token[1 : len(token)-1])
	return len(inner) == 3 && inner[1] == "." && isPlainIdent(inner[0]) && isPlainIdent(inner[2])
}

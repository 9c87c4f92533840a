package sqltext

import "strings"

// tokenReader reads the tokens of one statement, without white space and comments. A copy of it looks ahead.
type tokenReader struct {
	lexer
	tok Token // the current token; the zero Token before the first and after the last
}

// newTokenReader returns a reader in front of the first token of s.
func newTokenReader(src string, s Statement) tokenReader {
	return tokenReader{lexer: lexer{src: src[:s.End], pos: s.Start, inner: true}} // a statement does not begin with a byte order mark
}

func (r *tokenReader) next() bool {
	for {
		t, ok := r.lexer.next()
		switch {
		case !ok:
			r.tok = Token{}
			return false
		case t.Kind.skipped():
		default:
			r.tok = t
			return true
		}
	}
}

func (r *tokenReader) text() string { return r.src[r.tok.Start:r.tok.End] }

// is reports whether the current token is the keyword k. No token of another kind consists of letters only.
func (r *tokenReader) is(k string) bool { return isWord(r.text(), k) }

// isOperator reports whether the current token is the operator or punctuation mark op.
func (r *tokenReader) isOperator(op string) bool { return r.tok.Kind == Operator && r.text() == op }

func (r *tokenReader) isLiteral() bool { return r.tok.Kind == String || r.tok.Kind == Dollar }

// accept advances if the next token is the keyword k.
func (r *tokenReader) accept(k string) bool {
	ahead := *r
	if !ahead.next() || !ahead.is(k) {
		return false
	}
	*r = ahead
	return true
}

// acceptAny advances if the next token is one of the keywords.
func (r *tokenReader) acceptAny(words ...string) bool {
	for _, k := range words {
		if r.accept(k) {
			return true
		}
	}
	return false
}

// skipParens advances to the closing parenthesis if the next token is an opening one.
func (r *tokenReader) skipParens() {
	ahead := *r
	if !ahead.next() || !ahead.isOperator("(") {
		return
	}
	for depth := 1; depth > 0 && ahead.next(); {
		if ahead.isOperator("(") {
			depth++
		} else if ahead.isOperator(")") {
			depth--
		}
	}
	*r = ahead
}

// option looks for a boolean option in the list that follows, (name value, …) or (name = value, …). set reports whether the
// list contains it, on whether it is turned on. Without a value it is on; the last occurrence counts.
func (r *tokenReader) option(name string) (on, set bool) {
	value, set := r.optionValue(name)
	return set && value != "false" && value != "off" && value != "0", set
}

// optionValue is option for any value, in lower case; "" if there is none.
func (r *tokenReader) optionValue(name string) (value string, set bool) {
	ahead := *r
	if !ahead.next() || !ahead.isOperator("(") {
		return "", false
	}
	for !ahead.isOperator(")") {
		if !ahead.next() {
			break
		}
		mentioned, last := ahead.name() == name, ""
		for ahead.next() && !ahead.isOperator(",") && !ahead.isOperator(")") {
			last = ahead.value()
		}
		if mentioned {
			value, set = last, true
		}
	}
	return value, set
}

// value returns the current token as the value of an option or a setting, in lower case. It returns "" for a string
// with escapes or in several parts.
func (r *tokenReader) value() string {
	switch {
	case r.open:
		return ""
	case r.isLiteral():
		return lower(r.literal())
	case r.tok.Kind == QuotedName:
		return lower(r.name())
	}
	return lower(r.text())
}

// literal returns the content of a string, "" if it has escapes or several parts.
func (r *tokenReader) literal() string {
	text := r.text()
	if r.tok.Kind == Dollar {
		tag := strings.IndexByte(text[1:], '$') + 2
		return text[tag : len(text)-tag]
	}
	quote := strings.IndexByte(text, '\'')
	inner := text[quote+1 : len(text)-1]
	if strings.ContainsAny(strings.ReplaceAll(inner, "''", ""), `'\`) {
		return ""
	}
	return strings.ReplaceAll(inner, "''", "'")
}

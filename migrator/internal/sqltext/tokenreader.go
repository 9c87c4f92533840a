package sqltext

import "strings"

// tokenReader walks over the tokens of one statement that mean something. A copy of it looks ahead.
type tokenReader struct {
	lexer
	tok Token // the current token; empty behind the end
}

// newTokenReader stands before the first token.
func newTokenReader(src string, s Statement) tokenReader {
	return tokenReader{lexer: lexer{src: src[:s.End], pos: s.Start}}
}

func (r *tokenReader) next() bool {
	for {
		t, ok := r.lexer.next()
		switch {
		case !ok:
			r.tok = Token{}
			return false
		case t.Kind == Space, t.Kind == Comment, t.Kind == MetaCommand:
		default:
			r.tok = t
			return true
		}
	}
}

func (r *tokenReader) text() string { return r.src[r.tok.Start:r.tok.End] }

// is reports whether the current token is the key word k. Every other kind of token has a mark that no key word has.
func (r *tokenReader) is(k string) bool { return isWord(r.text(), k) }

// mark reports whether the current token is the operator or punctuation mark m.
func (r *tokenReader) mark(m string) bool { return r.tok.Kind == Operator && r.text() == m }

func (r *tokenReader) literal() bool { return r.tok.Kind == String || r.tok.Kind == Dollar }

// accept steps to the next token if that is the key word k.
func (r *tokenReader) accept(k string) bool {
	ahead := *r
	if !ahead.next() || !ahead.is(k) {
		return false
	}
	*r = ahead
	return true
}

// acceptAny is accept for several words of which one may stand there.
func (r *tokenReader) acceptAny(words ...string) bool {
	for _, k := range words {
		if r.accept(k) {
			return true
		}
	}
	return false
}

// skipParens steps behind the parentheses if some follow.
func (r *tokenReader) skipParens() {
	ahead := *r
	if !ahead.next() || !ahead.mark("(") {
		return
	}
	for depth := 1; depth > 0 && ahead.next(); {
		if ahead.mark("(") {
			depth++
		} else if ahead.mark(")") {
			depth--
		}
	}
	*r = ahead
}

// option reports whether the options in parentheses that follow, (name value, …) or (name = value, …), mention name, and
// whether they turn it on; without a value they do. The last mention counts.
func (r *tokenReader) option(name string) (on, set bool) {
	ahead := *r
	if !ahead.next() || !ahead.mark("(") {
		return false, false
	}
	for !ahead.mark(")") {
		if !ahead.next() {
			break
		}
		mentioned, value := ahead.name() == name, ""
		for ahead.next() && !ahead.mark(",") && !ahead.mark(")") {
			value = ahead.value()
		}
		if mentioned {
			set = true
			on = value != "false" && value != "off" && value != "0"
		}
	}
	return on, set
}

// name returns the identifier that the current token is, "" if it is none or has escapes. An unquoted one is folded.
func (r *tokenReader) name() string {
	text := r.text()
	switch {
	case r.tok.Kind == Word:
		return lower(text)
	case r.tok.Kind == QuotedName && text[0] == '"' && !r.open:
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	}
	return ""
}

// value returns what the current token stands for as the value of an option or as a literal argument, in lower case;
// "" for a string with escapes or in several pieces, which nobody writes there.
func (r *tokenReader) value() string {
	text := r.text()
	switch {
	case r.open:
		return ""
	case r.tok.Kind == Dollar:
		tag := strings.IndexByte(text[1:], '$') + 2
		return lower(text[tag : len(text)-tag])
	case r.tok.Kind == String:
		quote := strings.IndexByte(text, '\'')
		inner := strings.ReplaceAll(text[quote+1:len(text)-1], "''", "")
		if strings.ContainsAny(inner, `'\`) {
			return ""
		}
		return lower(strings.ReplaceAll(text[quote+1:len(text)-1], "''", "'"))
	case r.tok.Kind == QuotedName:
		return lower(r.name())
	}
	return lower(text)
}

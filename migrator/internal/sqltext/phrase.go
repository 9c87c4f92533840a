package sqltext

import "strings"

// phrase walks over the tokens of one statement that mean something. A copy of it looks ahead.
type phrase struct {
	lexer
	tok Token // the current token; empty behind the end
}

// newPhrase stands before the first token.
func newPhrase(src string, s Statement) phrase {
	return phrase{lexer: lexer{src: src[:s.End], pos: s.Start}}
}

func (p *phrase) next() bool {
	for {
		t, ok := p.lexer.next()
		switch {
		case !ok:
			p.tok = Token{}
			return false
		case t.Kind == Space, t.Kind == Comment, t.Kind == Command:
		default:
			p.tok = t
			return true
		}
	}
}

func (p *phrase) text() string { return p.src[p.tok.Start:p.tok.End] }

// is reports whether the current token is the key word k. Every other kind of token has a mark that no key word has.
func (p *phrase) is(k string) bool { return isWord(p.text(), k) }

// mark reports whether the current token is the operator or punctuation mark m.
func (p *phrase) mark(m string) bool { return p.tok.Kind == Operator && p.text() == m }

func (p *phrase) literal() bool { return p.tok.Kind == String || p.tok.Kind == Dollar }

// accept steps to the next token if that is the key word k.
func (p *phrase) accept(k string) bool {
	ahead := *p
	if !ahead.next() || !ahead.is(k) {
		return false
	}
	*p = ahead
	return true
}

// acceptAny is accept for several words of which one may stand there.
func (p *phrase) acceptAny(words ...string) bool {
	for _, k := range words {
		if p.accept(k) {
			return true
		}
	}
	return false
}

// skipParens steps behind the parentheses if some follow.
func (p *phrase) skipParens() {
	ahead := *p
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
	*p = ahead
}

// option reports whether the options in parentheses that follow, (name value, …) or (name = value, …), mention name, and
// whether they turn it on; without a value they do. The last mention counts.
func (p *phrase) option(name string) (on, set bool) {
	ahead := *p
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
func (p *phrase) name() string {
	text := p.text()
	switch {
	case p.tok.Kind == Word:
		return lower(text)
	case p.tok.Kind == QuotedName && text[0] == '"' && !p.open:
		return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
	}
	return ""
}

// value returns what the current token stands for as the value of an option or as a literal argument, in lower case;
// "" for a string with escapes or in several pieces, which nobody writes there.
func (p *phrase) value() string {
	text := p.text()
	switch {
	case p.open:
		return ""
	case p.tok.Kind == Dollar:
		tag := strings.IndexByte(text[1:], '$') + 2
		return lower(text[tag : len(text)-tag])
	case p.tok.Kind == String:
		quote := strings.IndexByte(text, '\'')
		inner := strings.ReplaceAll(text[quote+1:len(text)-1], "''", "")
		if strings.ContainsAny(inner, `'\`) {
			return ""
		}
		return lower(strings.ReplaceAll(text[quote+1:len(text)-1], "''", "'"))
	case p.tok.Kind == QuotedName:
		return lower(p.name())
	}
	return lower(text)
}

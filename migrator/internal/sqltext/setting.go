package sqltext

import "strings"

// Sets returns the lower-case name of the setting that s changes with SET [SESSION|LOCAL] name …, RESET name or
// SELECT set_config('name', …), wherever that call stands in the SELECT. The forms with a syntax of their own give the
// setting behind them: SET NAMES client_encoding, SET ROLE role, SET SESSION AUTHORIZATION session_authorization, SET
// TIME ZONE timezone, SET SCHEMA search_path, SET XML OPTION xmloption. RESET ALL gives "all". Everything else,
// SET TRANSACTION and SET CONSTRAINTS among it, gives "".
func Sets(src string, s Statement) string {
	p := newPhrase(src, s)
	return p.setting()
}

// setting does the work of Sets, and leaves the setting's name or its last part as the current token.
func (p *phrase) setting() string {
	p.next()
	switch {
	case p.is("SET"):
		for _, modifier := range []string{"SESSION", "LOCAL"} {
			ahead := *p
			if ahead.accept(modifier) && !ahead.assigned() && !ahead.sessionForm(modifier) {
				*p = ahead
				break
			}
		}
		return p.settingName(true)
	case p.is("RESET"):
		return p.settingName(false)
	case p.is("SELECT"), p.is("WITH"):
		return p.configured()
	}
	return ""
}

// sessionForm reports whether SESSION, the word before, begins one of the special forms.
func (p phrase) sessionForm(word string) bool {
	return word == "SESSION" && p.acceptAny("AUTHORIZATION", "CHARACTERISTICS")
}

// settingName reads the setting behind SET, its modifier, or RESET.
func (p *phrase) settingName(set bool) string {
	if !p.next() || p.name() == "" {
		return ""
	}
	if p.tok.Kind == Word && !p.assigned() {
		switch {
		case p.is("TIME") && p.accept("ZONE"):
			return "timezone"
		case p.is("SESSION") && p.accept("AUTHORIZATION"):
			return "session_authorization"
		case !set && p.is("TRANSACTION") && p.accept("ISOLATION"):
			return "transaction_isolation"
		case !set:
		case p.is("NAMES"):
			return "client_encoding"
		case p.is("ROLE"):
			return "role"
		case p.is("SCHEMA"):
			return "search_path"
		case p.is("XML"):
			return "xmloption"
		default:
			return ""
		}
	}
	var name strings.Builder
	name.WriteString(p.name())
	for {
		ahead := *p
		if !ahead.next() || !ahead.mark(".") || !ahead.next() {
			return lower(name.String())
		}
		name.WriteString("." + ahead.name())
		*p = ahead
	}
}

// configured looks for set_config('name', …).
func (p *phrase) configured() string {
	for p.next() {
		if p.name() != "set_config" {
			continue
		}
		ahead := *p
		if ahead.next() && ahead.mark("(") && ahead.next() && ahead.literal() {
			*p = ahead
			return p.value()
		}
	}
	return ""
}

const conforming = "standard_conforming_strings"

// conformingStrings reports whether s leaves standard_conforming_strings on, if it sets it to a known value. From there
// on the server reads strings accordingly: whether a quote behind a backslash ends a string decides what is a statement.
func conformingStrings(src string, s Statement) (on, known bool) {
	p := newPhrase(src, s)
	switch p.setting() {
	case "all":
		return true, true
	case conforming:
	default:
		return false, false
	}
	if !p.next() {
		return true, true // RESET: a session begins with it on
	}
	literal := p.mark(",") // in set_config a word would be a column
	if !literal && !p.is("TO") && !p.mark("=") || !p.next() || p.value() == "" || literal && !p.literal() {
		return false, false
	}
	switch v := p.value(); {
	case v == "0", v == "of", v == "off", strings.HasPrefix("false", v), strings.HasPrefix("no", v):
		return false, true
	}
	return true, true
}

// mentionsConformingStrings looks for the setting's name anywhere in src, in any case.
func mentionsConformingStrings(src string) bool {
	const capitals, before = "STANDARD_CONFORMING_STRINGS", len("standard")
	for i := before; i < len(src); i++ {
		n := strings.IndexByte(src[i:], '_')
		if n < 0 {
			return false
		}
		i += n
		if start := i - before; len(src)-start >= len(capitals) && isWord(src[start:start+len(capitals)], capitals) {
			return true
		}
	}
	return false
}

package sqltext

import "strings"

// Sets returns the lower-case name of the setting that s changes with SET [SESSION|LOCAL] name …, RESET name or
// SELECT set_config('name', …), wherever that call stands in the SELECT. The forms with a syntax of their own give the
// setting behind them: SET NAMES client_encoding, SET ROLE role, SET SESSION AUTHORIZATION session_authorization, SET
// TIME ZONE timezone, SET SCHEMA search_path, SET XML OPTION xmloption. RESET ALL gives "all". Everything else,
// SET TRANSACTION and SET CONSTRAINTS among it, gives "".
func Sets(src string, s Statement) string {
	p := newPhrase(src, s)
	p.next()
	switch {
	case p.is("SET"):
		for _, modifier := range []string{"SESSION", "LOCAL"} {
			ahead := p
			if ahead.accept(modifier) && !ahead.assigned() && !ahead.sessionForm(modifier) {
				p = ahead
				break
			}
		}
		return settingName(p, true)
	case p.is("RESET"):
		return settingName(p, false)
	case p.is("SELECT"), p.is("WITH"):
		return configured(p)
	}
	return ""
}

// sessionForm reports whether SESSION, the word before, begins one of the special forms.
func (p phrase) sessionForm(word string) bool {
	return word == "SESSION" && p.acceptAny("AUTHORIZATION", "CHARACTERISTICS")
}

// settingName reads the setting behind SET, its modifier, or RESET.
func settingName(p phrase, set bool) string {
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
		ahead := p
		if !ahead.next() || !ahead.mark(".") || !ahead.next() {
			return lower(name.String())
		}
		name.WriteString("." + ahead.name())
		p = ahead
	}
}

// configured looks for set_config('name', …).
func configured(p phrase) string {
	for p.next() {
		if p.name() != "set_config" {
			continue
		}
		ahead := p
		if ahead.next() && ahead.mark("(") && ahead.next() && (ahead.tok.Kind == String || ahead.tok.Kind == Dollar) {
			return ahead.value()
		}
	}
	return ""
}

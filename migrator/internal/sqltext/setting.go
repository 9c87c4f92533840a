package sqltext

import "strings"

// Sets returns the lower-case name of the setting that s changes with SET [SESSION|LOCAL] name …, RESET name or
// SELECT set_config('name', …), wherever that call stands in the SELECT. The forms with a syntax of their own give the
// setting behind them: SET NAMES client_encoding, SET ROLE role, SET SESSION AUTHORIZATION session_authorization, SET
// TIME ZONE timezone, SET SCHEMA search_path, SET XML OPTION xmloption. RESET ALL gives "all". Everything else,
// SET TRANSACTION and SET CONSTRAINTS among it, gives "".
func SettingName(src string, s Statement) string {
	r := newTokenReader(src, s)
	return r.setting()
}

// setting does the work of SettingName, and leaves the setting's name or its last part as the current token.
func (r *tokenReader) setting() string {
	r.next()
	switch {
	case r.is("SET"):
		for _, modifier := range []string{"SESSION", "LOCAL"} {
			ahead := *r
			if ahead.accept(modifier) && !ahead.assigned() && !ahead.sessionForm(modifier) {
				*r = ahead
				break
			}
		}
		return r.settingName(true)
	case r.is("RESET"):
		return r.settingName(false)
	case r.is("SELECT"), r.is("WITH"):
		return r.configured()
	}
	return ""
}

// sessionForm reports whether SESSION, the word before, begins one of the special forms.
func (r tokenReader) sessionForm(word string) bool {
	return word == "SESSION" && r.acceptAny("AUTHORIZATION", "CHARACTERISTICS")
}

// settingName reads the setting behind SET, its modifier, or RESET.
func (r *tokenReader) settingName(set bool) string {
	if !r.next() || r.name() == "" {
		return ""
	}
	if r.tok.Kind == Word && !r.assigned() {
		switch {
		case r.is("TIME") && r.accept("ZONE"):
			return "timezone"
		case r.is("SESSION") && r.accept("AUTHORIZATION"):
			return "session_authorization"
		case !set && r.is("TRANSACTION") && r.accept("ISOLATION"):
			return "transaction_isolation"
		case !set:
		case r.is("NAMES"):
			return "client_encoding"
		case r.is("ROLE"):
			return "role"
		case r.is("SCHEMA"):
			return "search_path"
		case r.is("XML"):
			return "xmloption"
		default:
			return ""
		}
	}
	var name strings.Builder
	name.WriteString(r.name())
	for {
		ahead := *r
		if !ahead.next() || !ahead.mark(".") || !ahead.next() {
			return lower(name.String())
		}
		name.WriteString("." + ahead.name())
		*r = ahead
	}
}

// configured looks for set_config('name', …).
func (r *tokenReader) configured() string {
	for r.next() {
		if r.name() != "set_config" {
			continue
		}
		ahead := *r
		if ahead.next() && ahead.mark("(") && ahead.next() && ahead.literal() {
			*r = ahead
			return r.value()
		}
	}
	return ""
}

const conforming = "standard_conforming_strings"

// conformingStrings reports whether s leaves standard_conforming_strings on, if it sets it to a known value. From there
// on the server reads strings accordingly: whether a quote behind a backslash ends a string decides what is a statement.
func conformingStrings(src string, s Statement) (on, known bool) {
	r := newTokenReader(src, s)
	switch r.setting() {
	case "all":
		return true, true
	case conforming:
	default:
		return false, false
	}
	if !r.next() {
		return true, true // RESET: a session begins with it on
	}
	literal := r.mark(",") // in set_config a word would be a column
	if !literal && !r.is("TO") && !r.mark("=") || !r.next() || r.value() == "" || literal && !r.literal() {
		return false, false
	}
	switch v := r.value(); {
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

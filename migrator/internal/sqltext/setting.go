package sqltext

import "strings"

// SettingName returns the name, in lower case, of the setting that s changes with SET [SESSION|LOCAL] name …, RESET name
// or a call of set_config('name', …) anywhere in a SELECT. It is "all" for RESET ALL. The forms with their own syntax are
// known: SET NAMES is client_encoding, SET ROLE role, SET SESSION AUTHORIZATION session_authorization, SET TIME ZONE
// timezone, SET SCHEMA search_path, SET XML OPTION xmloption. For everything else, including SET TRANSACTION and SET
// CONSTRAINTS, the result is "".
func SettingName(src string, s Statement) string {
	r := newTokenReader(src, s)
	return r.setting()
}

// setting is SettingName. The current token is then the setting's name, or the last part of it.
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
		return r.setConfigName()
	}
	return ""
}

// sessionForm reports whether SESSION, the current word, is not a modifier but begins a form with its own syntax.
func (r tokenReader) sessionForm(word string) bool {
	return word == "SESSION" && r.acceptAny("AUTHORIZATION", "CHARACTERISTICS")
}

// settingName reads what follows SET, its modifier, or RESET.
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
		if !ahead.next() || !ahead.isOperator(".") || !ahead.next() {
			return lower(name.String())
		}
		name.WriteString("." + ahead.name())
		*r = ahead
	}
}

// setConfigName looks for set_config('name', …).
func (r *tokenReader) setConfigName() string {
	for r.next() {
		if r.name() != "set_config" {
			continue
		}
		ahead := *r
		if ahead.next() && ahead.isOperator("(") && ahead.next() && ahead.isLiteral() {
			*r = ahead
			return r.value()
		}
	}
	return ""
}

const conforming = "standard_conforming_strings"

// conformingStrings returns the value that s gives to standard_conforming_strings. known is false if s does not change it,
// or not to a constant. From then on the server reads backslashes in strings accordingly.
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
	literal := r.isOperator(",") // set_config takes a string: a word would be a column
	if !literal && !r.is("TO") && !r.isOperator("=") || !r.next() || r.value() == "" || literal && !r.isLiteral() {
		return false, false
	}
	switch v := r.value(); {
	case v == "0", v == "of", v == "off", strings.HasPrefix("false", v), strings.HasPrefix("no", v):
		return false, true
	}
	return true, true
}

// mentionsConformingStrings reports whether src contains the setting's name, in any case.
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

package dbenv

import (
	"fmt"
	"slices"
	"strings"
)

// settings maps libpq's keys to values. The key dbname is "database", as in the driver. For
// missing keys the driver uses libpq's defaults.
type settings map[string]setting

type setting struct {
	value string
	// from is the variable that contains the value, for messages.
	from string
	// several: from contains several settings, as a URL does.
	several bool
}

// put sets a key unless value is empty.
func (s settings) put(key, value, from string) {
	if value != "" {
		s[key] = setting{value: value, from: from}
	}
}

// addMissing adds the keys of other that s does not have, except those that name a database.
func (s settings) addMissing(other settings) {
	for key, v := range other {
		if _, ok := s[key]; !ok && !slices.Contains(namingKeys(), key) {
			s[key] = v
		}
	}
}

// value returns the value of a key, or otherwise if it is not set.
func (s settings) value(key, otherwise string) string {
	if v, ok := s[key]; ok {
		return v.value
	}
	return otherwise
}

// putAll sets the keys that one variable contains.
func (s settings) putAll(entries map[string]string, from string) {
	for key, value := range entries {
		if value != "" {
			s[key] = setting{value, from, true}
		}
	}
}

// problem returns a problem with the value of key.
func (s settings) problem(key, format string, args ...any) Problem {
	v := s[key]
	text := fmt.Sprintf(format, args...)
	if !v.several {
		return Problem{v.from, text}
	}
	if key == "database" {
		key = "dbname"
	}
	return Problem{v.from, key + " " + text}
}

// canonicalKey returns the key under which settings keeps a key of libpq.
func canonicalKey(key string) string {
	if key == "dbname" {
		return "database"
	}
	return key
}

// namingKeys are the keys that name a database and its user.
func namingKeys() []string { return []string{"host", "hostaddr", "port", "database", "user"} }

// driverKeys returns the keys that the driver parses, each with the value that has the same
// effect as leaving it out; see processOverrides.
func driverKeys() map[string]string {
	return map[string]string{
		"host": "", "port": "", "database": "", "user": "", "password": "", "passfile": "",
		"connect_timeout": "0", "target_session_attrs": "any",
		"sslmode": "", "sslkey": "", "sslcert": "", "sslcertmode": "allow", "sslrootcert": "",
		"sslpassword": "", "sslsni": "1", "sslnegotiation": "",
		"min_protocol_version": "", "max_protocol_version": "",
		"channel_binding": "", "require_auth": "", "krbsrvname": "", "krbspn": "",
	}
}

func isDriverKey(key string) bool {
	_, ok := driverKeys()[key]
	return ok
}

// allowedValues returns the values of a key that has a fixed set of them, else nil.
func allowedValues(key string) []string {
	switch key {
	case "sslmode":
		return []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
	case "target_session_attrs":
		return []string{"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}
	case "channel_binding":
		return []string{"disable", "prefer", "require"}
	case "sslcertmode":
		return []string{"disable", "allow", "require"}
	case "sslnegotiation":
		return []string{"postgres", "direct"}
	case "sslsni":
		return []string{"0", "1"}
	case "min_protocol_version", "max_protocol_version":
		return []string{"3.0", "3.2", "latest"}
	case "ssl_min_protocol_version", "ssl_max_protocol_version":
		return []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	}
	return nil
}

func isOneOf(s string, words ...string) bool { return slices.Contains(words, s) }

// isWord reports whether s has the form of a server setting's name: letters, digits, _ and
// . only, the first a letter or _.
func isWord(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// foldKey maps spellings such as sslMode, ssl_mode and ssl-mode to the same string.
func foldKey(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

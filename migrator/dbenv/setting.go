package dbenv

import (
	"fmt"
	"slices"
	"strings"
)

// settings are libpq's keys with their values ("database" for dbname). Where a key is
// absent, the driver's default holds, which is libpq's.
type settings map[string]setting

type setting struct {
	value string
	// from is the variable or flag that holds the value, for messages.
	from string
}

// put sets a key, unless value is empty.
func (s settings) put(key, value, from string) {
	if value != "" {
		s[key] = setting{value, from}
	}
}

// add takes from other what s does not have, without the keys that name a database.
func (s settings) add(other settings) {
	for key, v := range other {
		if _, ok := s[key]; !ok && !slices.Contains(namingKeys(), key) {
			s[key] = v
		}
	}
}

// value is the value of a key, or otherwise.
func (s settings) value(key, otherwise string) string {
	if v, ok := s[key]; ok {
		return v.value
	}
	return otherwise
}

// putAll puts settings that stand together in one variable.
func (s settings) putAll(entries map[string]string, from string) {
	for key, value := range entries {
		s.put(key, value, from)
	}
}

// problem is something wrong with the value of key.
func (s settings) problem(key, format string, args ...any) Problem {
	from := s[key].from
	text := fmt.Sprintf(format, args...)
	if ownVariable(from) {
		return Problem{from, text}
	}
	if key == "database" {
		key = "dbname"
	}
	return Problem{from, key + " " + text}
}

// ownVariable says whether a variable holds one value, and not a URL or a service.
func ownVariable(from string) bool {
	return from != urlVariable && from != urlFlag && from != "PGSERVICE"
}

// canonicalKey is the one name of a key.
func canonicalKey(key string) string {
	if key == "dbname" {
		return "database"
	}
	return key
}

// namingKeys say which database is meant, and who comes.
func namingKeys() []string { return []string{"host", "hostaddr", "port", "database", "user"} }

// driverKeys are what the driver takes, with the value that stands for "not set". A
// variable PG… of the process would fill a key that is left out, so what must not be
// filled is given that value.
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

// choices are the words a key may have; nil when it is not a matter of words.
func choices(key string) []string {
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

// isWord says whether s is letters, digits, _ and . only, and begins with a letter or _:
// what the name of a server setting looks like.
func isWord(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_'
		if !letter && (i == 0 || c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != ""
}

// plain is s without capitals, _ and -, to recognise sslMode, ssl_mode and ssl-mode.
func plain(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

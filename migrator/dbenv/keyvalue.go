package dbenv

import (
	"errors"
	"strings"
)

const spaces = " \t\n\r\v\f"

// parseKeyValue parses libpq's key=value pairs (PostgreSQL manual, 34.1.1.1).
func parseKeyValue(s string) (map[string]string, error) {
	set := map[string]string{}
	for {
		s = strings.TrimLeft(s, spaces)
		if s == "" {
			return set, nil
		}
		key, rest, ok := strings.Cut(s, "=")
		key = strings.TrimRight(key, spaces)
		if (!ok || !isWord(key)) && len(set) == 0 && strings.ContainsAny(key, ":@/") {
			return nil, errors.New("is not a URL; use " + urlForm)
		}
		if !ok || !isWord(key) {
			return nil, errors.New("contains a word that is not key=value; put values with spaces in single quotes")
		}
		value, rest, err := keyValue(strings.TrimLeft(rest, spaces))
		if err != nil {
			return nil, err
		}
		if known := strings.ToLower(key); known != key && isDriverKey(canonicalKey(known)) {
			return nil, errors.New("has keys in upper case; write host=… port=… dbname=… user=… password=…, separated by spaces, or " + urlForm)
		}
		set[canonicalKey(key)] = value
		s = rest
	}
}

// keyValue parses the value at the start of s.
func keyValue(s string) (value, rest string, err error) {
	var b strings.Builder
	quoted := strings.HasPrefix(s, "'")
	i := 0
	if quoted {
		i = 1
	}
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case quoted && c == '\'':
			return b.String(), s[i+1:], nil
		case !quoted && strings.IndexByte(spaces, c) >= 0:
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", errors.New("contains an unterminated single quote")
	}
	return b.String(), "", nil
}

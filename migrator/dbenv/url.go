package dbenv

import (
	"errors"
	"fmt"
	"strings"
)

// urlForm is shown in messages.
const urlForm = "postgres://USER:PASSWORD@HOST:5432/DATABASE"

// parseConnection parses a URL or libpq's key=value pairs. Keys are libpq's, with "database"
// for dbname. Errors quote nothing from the text except words that are in lists of this
// package: any part of a malformed text may belong to the password.
func parseConnection(text string) (map[string]string, error) {
	whole := strings.TrimRight(text, "\r\n")
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "\x00\r\n") {
		return nil, errors.New("contains a NUL byte or a line break; it must be a single line")
	}
	if n := len(text); n > 1 && text[0] == text[n-1] && strings.ContainsRune("\"'`", rune(text[0])) {
		return nil, errors.New("is enclosed in quotes that are part of the value (Docker keeps them in env files); remove them")
	}
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			return parseURL(rest)
		}
	}
	if err := otherScheme(text); err != nil {
		return nil, err
	}
	if !strings.Contains(text, "=") {
		return nil, errors.New("is not a URL; use " + urlForm)
	}
	return parseKeyValue(whole) // untrimmed: a space at the end may be escaped
}

// otherScheme returns an error for URLs of other tools and servers.
func otherScheme(text string) error {
	scheme, rest, _ := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	base, driver, _ := strings.Cut(scheme, "+")
	switch {
	case scheme == "jdbc":
		return errors.New("is a JDBC URL; replace jdbc:postgresql:// by postgres:// and keep the rest")
	case !strings.HasPrefix(rest, "//"):
		return nil
	case scheme == "postgres" || scheme == "postgresql":
		return errors.New("must begin with postgres:// in lower case: " + urlForm)
	case isOneOf(base, "postgres", "postgresql") && isWord(driver):
		return fmt.Errorf("begins with %s://, which selects a driver in another tool; replace that by postgres:// and keep the rest", scheme)
	case isOneOf(scheme, "pgx", "pgx4", "pgx5", "pg", "pgsql", "postgis", "ecto", "timescaledb", "cockroach", "cockroachdb", "crdb-postgres"):
		return fmt.Errorf("begins with %s://, another tool's name for its driver; replace that by postgres:// and keep the rest", scheme)
	case isOneOf(base, "mysql", "mariadb", "sqlite", "sqlite3", "sqlserver", "mssql", "oracle", "mongodb", "redis", "file", "http", "https", "tcp"):
		return fmt.Errorf("begins with %s://, which is not PostgreSQL; use %s", base, urlForm)
	case strings.ContainsAny(scheme, "=' "): // key=value pairs with :// in a value
		return nil
	}
	return errors.New("must begin with postgres:// or postgresql://: " + urlForm)
}

// parseURL parses a URL without its scheme by libpq's rules (PostgreSQL manual, 34.1.1.2),
// with one difference: a password may contain an unencoded @ if that is unambiguous.
func parseURL(rest string) (map[string]string, error) {
	set := map[string]string{}
	user, hosts := cutUserinfo(rest)
	hosts, query, _ := cutQuery(hosts)
	hosts, database, _ := strings.Cut(hosts, "/")
	if strings.Contains(database, "@") || strings.Contains(query, "@") {
		return nil, errors.New("contains an @ after the host; in a password, percent-encode / ? and @ (/ is %2F, ? is %3F, @ is %40), or put the password as it is into DB_PASS")
	}
	host, port, err := splitHosts(hosts)
	if err != nil {
		return nil, err
	}
	name, password, _ := strings.Cut(user, ":")
	for _, part := range []struct{ key, raw string }{
		{"user", name}, {"password", password}, {"host", host}, {"port", port}, {"database", database},
	} {
		value, err := decode(part.raw)
		if err != nil {
			return nil, fmt.Errorf("the %s %w", part.key, err)
		}
		set[part.key] = value
	}
	return set, parseQuery(query, set)
}

// cutUserinfo splits at the last @ of the authority. As in libpq, everything up to the
// first @ is user and password, even if it contains a ?, unless there is a / before it.
func cutUserinfo(s string) (user, rest string) {
	i := strings.IndexAny(s, "@/")
	if i < 0 || s[i] == '/' {
		return "", s
	}
	end := len(s)
	if j := strings.IndexAny(s[i:], "/?"); j >= 0 {
		end = i + j
	}
	i = strings.LastIndexByte(s[:end], '@')
	return s[:i], s[i+1:]
}

// cutQuery splits at the ? that begins the query. A ? in brackets belongs to the host.
func cutQuery(s string) (before, query string, found bool) {
	from := 0
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		from = end
	}
	before, query, found = strings.Cut(s[from:], "?")
	return s[:from] + before, query, found
}

// splitHosts splits HOST[:PORT],… into libpq's two lists.
func splitHosts(s string) (hosts, ports string, err error) {
	var hostList, portList []string
	for part := range strings.SplitSeq(s, ",") {
		host, port, _ := strings.Cut(part, ":")
		if strings.HasPrefix(part, "[") {
			address, after, ok := strings.Cut(part[1:], "]")
			if !ok || address == "" || after != "" && !strings.HasPrefix(after, ":") {
				return "", "", errors.New("contains an IPv6 address that is not of the form [ADDRESS] or [ADDRESS]:PORT")
			}
			host, port = address, strings.TrimPrefix(after, ":")
		}
		hostList, portList = append(hostList, host), append(portList, port)
	}
	return strings.Join(hostList, ","), strings.Join(portList, ","), nil
}

// parseQuery adds the parameters of a query to set.
func parseQuery(query string, set map[string]string) error {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		rawKey, rawValue, ok := strings.Cut(pair, "=")
		if !ok || strings.Contains(rawValue, "=") {
			return errors.New("contains a parameter that is not key=value; in a value, = is written %3D and & is %26")
		}
		key, err := decode(rawKey)
		if err != nil {
			return fmt.Errorf("the key of a parameter %w", err)
		}
		value, err := decode(rawValue)
		if err != nil {
			return fmt.Errorf("the value of a parameter %w", err)
		}
		switch {
		case key == "":
			return errors.New("contains a parameter without a key")
		case key == "ssl" && value == "true": // as in libpq, for JDBC's sake
			set["sslmode"] = "require"
		default:
			set[canonicalKey(key)] = value
		}
	}
	return nil
}

// decode decodes percent-encoding by libpq's rules: + is literal, and a space is an error.
func decode(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c <= ' ' || c == 0x7f:
			return "", errors.New("contains a space or a control character; a space is written %20")
		case c != '%':
			b.WriteByte(c)
		case i+2 >= len(raw) || unhex(raw[i+1]) < 0 || unhex(raw[i+2]) < 0:
			return "", errors.New("contains a % that is not followed by two hex digits; % itself is written %25")
		default:
			c = byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
			if c == 0 {
				return "", errors.New("contains %00, which is not allowed")
			}
			b.WriteByte(c)
			i += 2
		}
	}
	return b.String(), nil
}

// unhex returns the value of a hex digit, or -1.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

package dbenv

import (
	"errors"
	"fmt"
	"strings"
)

// urlForm is what messages show as the form to type.
const urlForm = "postgres://USER:PASSWORD@HOST:5432/DATABASE"

// parseConnection reads what --database-url and DATABASE_URL may hold: a URL, or libpq's
// key=value settings. Keys are libpq's, "dbname" is "database"; an empty value is as good as none. The error quotes nothing
// of the text but words from lists in this package: in a text that cannot be read, any
// piece may be one of the password.
func parseConnection(text string) (map[string]string, error) {
	whole := strings.TrimRight(text, "\r\n")
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "\x00\r\n") {
		return nil, errors.New("holds a NUL byte or a line end; it must be one line")
	}
	if n := len(text); n > 1 && text[0] == text[n-1] && strings.ContainsRune("\"'`", rune(text[0])) {
		return nil, errors.New("stands in quotes that are part of the value (docker --env-file keeps them); remove them")
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
		return nil, errors.New("is not a URL; write " + urlForm)
	}
	return parseKeyValue(whole) // a space at the end may be escaped
}

// otherScheme explains the URLs of other tools and servers.
func otherScheme(text string) error {
	scheme, rest, _ := strings.Cut(text, ":")
	scheme = strings.ToLower(scheme)
	base, driver, _ := strings.Cut(scheme, "+")
	switch {
	case scheme == "jdbc":
		return errors.New("is a JDBC URL; type postgres:// instead of jdbc:postgresql:// and leave the rest")
	case !strings.HasPrefix(rest, "//"):
		return nil
	case scheme == "postgres" || scheme == "postgresql":
		return errors.New("does not begin with postgres:// in lower case; write " + urlForm)
	case isOneOf(base, "postgres", "postgresql") && isWord(driver):
		return fmt.Errorf("begins with %s://, another tool's way to choose a driver; type postgres:// instead and leave the rest", scheme)
	case isOneOf(scheme, "pgx", "pgx4", "pgx5", "pg", "pgsql", "postgis", "ecto", "timescaledb", "cockroach", "cockroachdb", "crdb-postgres"):
		return fmt.Errorf("begins with %s://, another tool's name for its driver; type postgres:// instead and leave the rest", scheme)
	case isOneOf(base, "mysql", "mariadb", "sqlite", "sqlite3", "sqlserver", "mssql", "oracle", "mongodb", "redis", "file", "http", "https", "tcp"):
		return fmt.Errorf("begins with %s://, which is no PostgreSQL server; write %s", base, urlForm)
	case strings.ContainsAny(scheme, "=' "): // key=value settings, :// is in a value
		return nil
	}
	return errors.New("does not begin with postgres:// or postgresql://; write " + urlForm)
}

// parseURL reads a URL after its scheme by libpq's rules (PostgreSQL manual 34.1.1.2),
// with one difference: a password may hold an @ as it is, as long as it cannot be
// taken for anything else.
func parseURL(rest string) (map[string]string, error) {
	set := map[string]string{}
	user, hosts := cutUserinfo(rest)
	hosts, query, _ := cutQuery(hosts)
	hosts, database, _ := strings.Cut(hosts, "/")
	if strings.Contains(database, "@") || strings.Contains(query, "@") {
		return nil, errors.New("has an @ after the host; a password that holds / ? or @ must be percent-encoded (/ is %2F, ? is %3F, @ is %40), or given as it is in DB_PASS")
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

// cutUserinfo splits at the last @ of the authority. Like libpq it takes everything up to
// the first @ as user and password even when it holds a ?, unless a / comes before it.
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

// cutQuery splits at the ? that begins the query; one in brackets belongs to the host.
func cutQuery(s string) (before, query string, found bool) {
	from := 0
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		from = end
	}
	before, query, found = strings.Cut(s[from:], "?")
	return s[:from] + before, query, found
}

// splitHosts reads HOST[:PORT],… into libpq's two lists.
func splitHosts(s string) (hosts, ports string, err error) {
	var hostList, portList []string
	for part := range strings.SplitSeq(s, ",") {
		host, port, _ := strings.Cut(part, ":")
		if strings.HasPrefix(part, "[") {
			address, after, ok := strings.Cut(part[1:], "]")
			if !ok || address == "" || after != "" && !strings.HasPrefix(after, ":") {
				return "", "", errors.New("has an IPv6 address that is not written [ADDRESS] or [ADDRESS]:PORT")
			}
			host, port = address, strings.TrimPrefix(after, ":")
		}
		hostList, portList = append(hostList, host), append(portList, port)
	}
	return strings.Join(hostList, ","), strings.Join(portList, ","), nil
}

// parseQuery adds the key=value pairs after the ?.
func parseQuery(query string, set map[string]string) error {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		rawKey, rawValue, ok := strings.Cut(pair, "=")
		if !ok || strings.Contains(rawValue, "=") {
			return errors.New("has a part after the ? that is not key=value; = in a value is written %3D, & is %26")
		}
		key, err := decode(rawKey)
		if err != nil {
			return fmt.Errorf("a key after the ? %w", err)
		}
		value, err := decode(rawValue)
		if err != nil {
			return fmt.Errorf("a value after the ? %w", err)
		}
		switch {
		case key == "":
			return errors.New("has a part after the ? without a key; write key=value")
		case key == "ssl" && value == "true": // libpq's bow to JDBC
			set["sslmode"] = "require"
		default:
			set[canonicalKey(key)] = value
		}
	}
	return nil
}

// decode undoes percent-encoding by libpq's rules: + stays, a space is refused.
func decode(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c <= ' ' || c == 0x7f:
			return "", errors.New("holds a space or a control character; a space is written %20")
		case c != '%':
			b.WriteByte(c)
		case i+2 >= len(raw) || unhex(raw[i+1]) < 0 || unhex(raw[i+2]) < 0:
			return "", errors.New("holds a % that is not followed by two hex digits; a % itself is written %25")
		default:
			c = byte(unhex(raw[i+1])<<4 | unhex(raw[i+2]))
			if c == 0 {
				return "", errors.New("holds %00, which no value can")
			}
			b.WriteByte(c)
			i += 2
		}
	}
	return b.String(), nil
}

// unhex is the value of a hex digit, or -1.
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

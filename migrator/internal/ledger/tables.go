package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/sqltext"
)

// DefaultName is the name of the default ledger.
const DefaultName = "public.ambix"

// Format is the version of the tables that this package reads and writes.
const Format = 1

// Tables are the tables of a ledger: their schema, and the prefix of their names. The zero
// value is the default ledger.
type Tables struct {
	schema, prefix string
}

// NameError reports what is wrong with the name of a ledger or a table.
type NameError struct {
	Name, Problem string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("name %q: %s; an example is %s", e.Name, e.Problem, DefaultName)
}

// ParseTables parses the name of a ledger, SCHEMA.PREFIX. Both parts are case-sensitive; a
// part that contains a dot is written in double quotes. "" is DefaultName. The error is a
// *NameError.
func ParseTables(s string) (Tables, error) {
	if s == "" {
		return Tables{}, nil
	}
	schema, rest, err := namePart(s, s)
	if err != nil {
		return Tables{}, err
	}
	if !strings.HasPrefix(rest, ".") {
		return Tables{}, &NameError{s, "the schema is missing"}
	}
	prefix, rest, err := namePart(s, rest[1:])
	if err != nil {
		return Tables{}, err
	}
	if rest != "" {
		return Tables{}, &NameError{s, "it has more parts than a schema and a prefix"}
	}
	const longest = 63 - len("_revision_pkey") // NAMEDATALEN, PostgreSQL manual 4.1.1
	switch {
	case len(schema) > 63:
		return Tables{}, &NameError{s, "the schema is longer than 63 bytes"}
	case len(prefix) > longest:
		return Tables{}, &NameError{s, fmt.Sprintf("the prefix is longer than %d bytes", longest)}
	case strings.HasPrefix(schema, "pg_"):
		return Tables{}, &NameError{s, "schemas that begin with pg_ are reserved for PostgreSQL"}
	}
	return Tables{schema, prefix}, nil
}

// ParseTable parses the name of another tool's table, NAME or SCHEMA.NAME, and returns it
// quoted. The error is a *NameError.
func ParseTable(s string) (string, error) {
	first, rest, err := namePart(s, s)
	if err != nil || rest == "" {
		return sqltext.QuoteName(first), err
	}
	second, rest, err := namePart(s, strings.TrimPrefix(rest, "."))
	if err == nil && rest != "" {
		err = &NameError{s, "it has more parts than a schema and a table"}
	}
	return sqltext.QuoteName(first) + "." + sqltext.QuoteName(second), err
}

func namePart(whole, s string) (part, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s[1:], '"')
		if end < 0 {
			return "", "", &NameError{whole, "a double quote is not closed"}
		}
		part, rest = s[1:1+end], s[end+2:]
	} else if end := strings.IndexByte(s, '.'); end >= 0 {
		part, rest = s[:end], s[end:]
	} else {
		part = s
	}
	if part == "" {
		return "", "", &NameError{whole, "a part is empty"}
	}
	if !utf8.ValidString(part) || strings.ContainsAny(part, "\x00\"\n\r") {
		return "", "", &NameError{whole, "a part contains a character that a name cannot contain"}
	}
	return part, rest, nil
}

// Schema returns the name of the schema, unquoted.
func (t Tables) Schema() string {
	if t.schema == "" {
		return "public"
	}
	return t.schema
}

// Prefix returns the prefix of the tables' names, unquoted.
func (t Tables) Prefix() string {
	if t.prefix == "" {
		return "ambix"
	}
	return t.prefix
}

// String returns the name as ParseTables parses it.
func (t Tables) String() string {
	return dotted(t.Schema()) + "." + dotted(t.Prefix())
}

func dotted(part string) string {
	if strings.Contains(part, ".") {
		return `"` + part + `"`
	}
	return part
}

func (t Tables) table(suffix string) string {
	return sqltext.QuoteName(t.Schema()) + "." + sqltext.QuoteName(t.Prefix()+suffix)
}

// Revisions returns the qualified, quoted name of the table of applied revisions.
func (t Tables) Revisions() string { return t.table("_revision") }

// Events returns the qualified, quoted name of the event log.
func (t Tables) Events() string { return t.table("_event") }

// Meta returns the qualified, quoted name of the table with format and generation.
func (t Tables) Meta() string { return t.table("_meta") }

// names returns the names of the tables, unquoted and without their schema.
func (t Tables) names() []string {
	return []string{t.Prefix() + "_meta", t.Prefix() + "_revision", t.Prefix() + "_event"}
}

// Missing returns the qualified, quoted names of the tables that are not among those that
// Relations found; nil if it found none, because there is no ledger then.
func Missing(t Tables, found []string) []string {
	if len(found) == 0 {
		return nil
	}
	var missing []string
	for i, table := range []string{t.Meta(), t.Revisions(), t.Events()} {
		if !slices.Contains(found, t.names()[i]) {
			missing = append(missing, table)
		}
	}
	return missing
}

// LockKey returns the key of the advisory lock that a runner of this ledger holds: the
// first eight bytes, big endian, of the SHA-256 of "ambix:" and the quoted name of the
// revision table. Ledgers in one database have different locks.
func (t Tables) LockKey() int64 {
	sum := sha256.Sum256([]byte("ambix:" + t.Revisions()))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

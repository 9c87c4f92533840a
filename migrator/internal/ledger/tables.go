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
// part that contains a dot or a double quote is written in double quotes, as in SQL. "" is
// DefaultName. The error is a *NameError.
func ParseTables(s string) (Tables, error) {
	if s == "" {
		return Tables{}, nil
	}
	schema, rest, err := namePart(s, s)
	if err != nil {
		return Tables{}, err
	}
	if !strings.HasPrefix(rest, ".") {
		return Tables{}, &NameError{s, "the schema is missing; write SCHEMA.PREFIX"}
	}
	prefix, rest, err := namePart(s, rest[1:])
	if err != nil {
		return Tables{}, err
	}
	if rest != "" {
		return Tables{}, &NameError{s, "it has more parts than a schema and a prefix"}
	}
	t := Tables{schema, prefix}
	return t, t.check(s)
}

// check returns what is wrong with the parts of a name.
func (t Tables) check(name string) error {
	const longest = 63 - len("_revision_pkey") // NAMEDATALEN, PostgreSQL manual 4.1.1
	switch {
	case invalidPart(t.schema) || invalidPart(t.prefix):
		return &NameError{name, "a part contains a character that a name cannot contain"}
	case len(t.schema) > 63:
		return &NameError{name, "the schema is longer than 63 bytes"}
	case len(t.prefix) > longest:
		return &NameError{name, fmt.Sprintf("the prefix is longer than %d bytes", longest)}
	case strings.HasPrefix(t.schema, "pg_"):
		return &NameError{name, "schemas that begin with pg_ are reserved for PostgreSQL"}
	}
	return nil
}

// Placeholders that Expand replaces in the name of a ledger.
const (
	SchemaPlaceholder   = "{schema}"
	DatabasePlaceholder = "{database}"
)

// Placeholders returns the placeholders in the name, in the order of the constants.
func (t Tables) Placeholders() []string {
	var found []string
	for _, p := range []string{SchemaPlaceholder, DatabasePlaceholder} {
		if strings.Contains(t.schema, p) || strings.Contains(t.prefix, p) {
			found = append(found, p)
		}
	}
	return found
}

// Expand returns the ledger with names in place of the placeholders. The error is a
// *NameError.
func (t Tables) Expand(schema, database string) (Tables, error) {
	values := strings.NewReplacer(SchemaPlaceholder, schema, DatabasePlaceholder, database)
	expanded := Tables{values.Replace(t.schema), values.Replace(t.prefix)}
	return expanded, expanded.check(expanded.String())
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
		var closed bool
		if part, rest, closed = cutQuoted(s[1:]); !closed {
			return "", "", &NameError{whole, "a double quote is not closed"}
		}
	} else if end := strings.IndexByte(s, '.'); end >= 0 {
		part, rest = s[:end], s[end:]
	} else {
		part = s
	}
	if part == "" {
		return "", "", &NameError{whole, "a part is empty"}
	}
	if invalidPart(part) || !strings.HasPrefix(s, `"`) && strings.Contains(part, `"`) {
		return "", "", &NameError{whole, "a part contains a character that a name cannot contain"}
	}
	return part, rest, nil
}

// cutQuoted cuts a quoted name, without its first quote, where it ends. Two quotes stand for
// one of the name.
func cutQuoted(s string) (name, rest string, closed bool) {
	for {
		before, after, found := strings.Cut(s, `"`)
		name += before
		if !found || !strings.HasPrefix(after, `"`) {
			return name, after, found
		}
		name, s = name+`"`, after[1:]
	}
}

func invalidPart(part string) bool {
	return !utf8.ValidString(part) || strings.ContainsAny(part, "\x00\n\r")
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
	if strings.ContainsAny(part, `."`) {
		return sqltext.QuoteName(part)
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

// Package ledger is the version tables as a codec: SQL text out, rows of text back in.
// It never talks to a server.
//
// Three tables hold what a database knows about its revisions: PREFIX_revision has one
// row per applied revision, PREFIX_event is only ever appended to, and PREFIX_meta has
// one row with the format version and a generation that every change of the ledger
// raises by one. Heads are computed, never stored.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/sqltext"
)

// DefaultName is where the ledger is unless somebody says otherwise.
const DefaultName = "public.ambix"

// Format is the version of the tables this package reads and writes.
const Format = 1

// Name says where the ledger is: a schema and the prefix of its tables. The zero value
// is DefaultName.
type Name struct {
	schema, prefix string
}

// NameError says what is wrong with the name of a ledger or a table.
type NameError struct {
	Name, Problem string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("name %q: %s; write it like %s", e.Name, e.Problem, DefaultName)
}

// ParseName reads SCHEMA.PREFIX. Both parts are taken as they are written, capitals
// too; a part that holds a dot is put in double quotes. "" gives DefaultName. The error
// is a *NameError.
func ParseName(s string) (Name, error) {
	if s == "" {
		return Name{}, nil
	}
	schema, rest, err := namePart(s, s)
	if err != nil {
		return Name{}, err
	}
	if !strings.HasPrefix(rest, ".") {
		return Name{}, &NameError{s, "the schema is missing"}
	}
	prefix, rest, err := namePart(s, rest[1:])
	if err != nil {
		return Name{}, err
	}
	if rest != "" {
		return Name{}, &NameError{s, "there is more than a schema and a prefix"}
	}
	const longest = 63 - len("_revision_pkey") // NAMEDATALEN, PostgreSQL manual 4.1.1
	switch {
	case len(schema) > 63:
		return Name{}, &NameError{s, "a schema name has at most 63 bytes"}
	case len(prefix) > longest:
		return Name{}, &NameError{s, fmt.Sprintf("the prefix has at most %d bytes", longest)}
	case strings.HasPrefix(schema, "pg_"):
		return Name{}, &NameError{s, "schemas that begin with pg_ belong to PostgreSQL"}
	}
	return Name{schema, prefix}, nil
}

// ParseTable reads NAME or SCHEMA.NAME of another tool's table and gives it quoted. The
// error is a *NameError.
func ParseTable(s string) (string, error) {
	first, rest, err := namePart(s, s)
	if err != nil || rest == "" {
		return sqltext.QuoteName(first), err
	}
	second, rest, err := namePart(s, strings.TrimPrefix(rest, "."))
	if err == nil && rest != "" {
		err = &NameError{s, "there is more than a schema and a table"}
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
		return "", "", &NameError{whole, "a part holds a character that a name cannot have"}
	}
	return part, rest, nil
}

// Schema is the schema's plain name.
func (n Name) Schema() string {
	if n.schema == "" {
		return "public"
	}
	return n.schema
}

// Prefix is what the tables' names begin with.
func (n Name) Prefix() string {
	if n.prefix == "" {
		return "ambix"
	}
	return n.prefix
}

// String is the name as ParseName reads it.
func (n Name) String() string {
	return dotted(n.Schema()) + "." + dotted(n.Prefix())
}

func dotted(part string) string {
	if strings.Contains(part, ".") {
		return `"` + part + `"`
	}
	return part
}

func (n Name) table(suffix string) string {
	return sqltext.QuoteName(n.Schema()) + "." + sqltext.QuoteName(n.Prefix()+suffix)
}

// Revisions, Events and Meta are the tables' qualified, quoted names.
func (n Name) Revisions() string { return n.table("_revision") }

// Events is the qualified, quoted name of the event log.
func (n Name) Events() string { return n.table("_event") }

// Meta is the qualified, quoted name of the table with the format and the generation.
func (n Name) Meta() string { return n.table("_meta") }

// LockKey is the advisory lock that a runner of this ledger holds: the first eight
// bytes, big endian, of the SHA-256 of "ambix:" and the quoted name of the revision
// table. Two ledgers in one database do not wait for each other.
func (n Name) LockKey() int64 {
	sum := sha256.Sum256([]byte("ambix:" + n.Revisions()))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

package revision

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"time"
	"unsafe"

	"example.com/ambix/migrator/internal/sqltext"
)

// Script is one file of a pair: what runs, and how. It is used by pointer and not
// changed after it was made.
type Script struct {
	// File is the name to show, "" for a script that is in no file yet.
	File string
	// Text is the file, its bytes unaltered. The header ends at the offset Body. Load
	// leaves the rows of large COPYs in their files: Text has their line ends only, and
	// Rows opens them.
	Text      string
	BodyStart int
	// Transaction says that the body runs in one transaction. That is the rule, but not
	// the zero value: NewScript sets it.
	Transactional bool
	// LockTimeout and StatementTimeout are nil when the header sets none. Zero means no
	// limit.
	LockTimeout, StatementTimeout *time.Duration

	message string // of a down file: kept to be written back

	split      sync.Once
	statements []sqltext.Statement

	left             []leftOut
	source           *source // where they are; nil when there are none
	digest, checksum func() string
}

// NewScript makes a transactional script of SQL that is in no file yet. An empty line
// is put before it: Format would otherwise write a comment at the start of the SQL
// into the header.
func NewScript(sql string) *Script {
	s := &Script{Transactional: true}
	if sql = strings.TrimPrefix(sql, bom); sql != "" {
		s.Text = "\n" + sql
	}
	return s
}

// SQL is the body: what Text holds after the header.
func (s *Script) SQL() string { return s.Text[s.BodyStart:] }

// Statements are the body's statements in their order, found at the first call; their
// offsets are into Text. The caller must not change them.
func (s *Script) Statements() []sqltext.Statement {
	s.split.Do(func() { s.statements, _ = sqltext.Split(s.Text) })
	return s.statements
}

// Empty says that the body holds no statement.
func (s *Script) Empty() bool {
	for t := range sqltext.Tokens(s.Text) {
		switch t.Kind {
		case sqltext.Space, sqltext.Comment, sqltext.Semicolon, sqltext.MetaCommand:
		default:
			return false
		}
	}
	return true
}

// Checksum stands for what the body does: comments, white space and the header do not
// count. It is "" when rows that were left in the file cannot be read any more.
func (s *Script) Checksum() string {
	if s.checksum != nil {
		return s.checksum()
	}
	return sqltext.Checksum(s.SQL())
}

// Digest stands for the bytes of the file, header and body: the first 64 bits of their
// SHA-256, in hex. It is much cheaper than Checksum; while it is the same, so is that, and
// so are the revision's links. It is "" when that is.
func (s *Script) Digest() string {
	if s.digest != nil {
		return s.digest()
	}
	return digest(sha256.Sum256(unsafe.Slice(unsafe.StringData(s.Text), len(s.Text)))) // a copy would cost as much again
}

func digest(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:8]) }

// Options are the header lines that change how the script runs, as the ledger keeps
// them: "key: value" lines joined with \n, in a fixed order, defaults left out; "" when
// there are none. StoredScript reads them.
func (s *Script) Options() string {
	var lines []string
	if !s.Transactional {
		lines = append(lines, keys[keyTransaction]+": off")
	}
	if s.LockTimeout != nil {
		lines = append(lines, keys[keyLockTimeout]+": "+FormatDuration(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		lines = append(lines, keys[keyStatementTimeout]+": "+FormatDuration(*s.StatementTimeout))
	}
	return strings.Join(lines, "\n")
}

// StoredScript makes a script of what the ledger keeps of a revision's down script, its SQL
// and its Options. The script shows itself as ledger:ID.down.sql. The error is of type
// Problems: options that this version does not know, or SQL that it would not take from
// a file.
func StoredScript(id, sql, options string) (*Script, error) {
	s := &Script{File: "ledger:" + id + ".down.sql", Text: sql, Transactional: true}
	p := parser{text: options}
	for at := 0; at < len(options); {
		end := len(options)
		if i := strings.IndexByte(options[at:], '\n'); i >= 0 {
			end = at + i
		}
		p.readOption(at, end)
		at = end + 1
	}
	p.readValues(new(Revision), s)
	problems := locate("ledger:"+id+".down_options", options, p.found)
	problems = append(problems, locate(s.File, sql, s.check())...)
	problems.Sort()
	return s, problems.Err()
}

// readOption reads one line of the options. It is as strict as can be: nobody writes
// them by hand, and an option that is not understood must not be left out.
func (p *parser) readOption(start, end int) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	switch {
	case !ok || key < keyTransaction:
		p.report(start, "unknown option %q: a newer version wrote it, use that one", p.text[start:end])
	case p.entries[key].there:
		p.report(start, "option %q twice", name)
	default:
		p.entries[key] = e
	}
}

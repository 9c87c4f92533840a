package revision

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// Script is one file of a revision. It is immutable and must not be copied.
type Script struct {
	// File is the name to show, "" if the script is not from a file.
	File string
	// Text is the content of the file, unaltered. The header ends at the offset SQLStart. If Load has left the script in
	// its file, Text is only the header until the script is Loaded. If the rows of a large COPY were left there, Text
	// contains line ends in their place, and Rows reads them.
	Text     string
	SQLStart int
	// Transactional reports whether the script runs in a transaction. That is the default of the header, but not the zero
	// value; NewScript sets it.
	Transactional bool
	// LockTimeout and StatementTimeout are nil if the header does not set them. Zero means no limit.
	LockTimeout, StatementTimeout *time.Duration

	message string // of a down file: kept so that Format can write it

	statements atomic.Pointer[[]sqltext.Statement] // nil until they are needed
	large      *largeScript                        // nil for one that Load has read as a whole, like nearly all
}

// largeScript is what is known only of a script that Load has left in its file, before and after it is Loaded.
type largeScript struct {
	left             *leftScript // nil once it is Loaded
	count            int         // of statements
	elided           []sqltext.ElidedRows
	source           *sourceFile // contains the elided rows; nil if there are none
	digest, checksum func() string
}

// NewScript returns a transactional script that is not from a file. Its text begins with an empty line, so that a comment at
// the start of the SQL does not become part of the header when it is written.
func NewScript(sql string) *Script {
	s := &Script{Transactional: true}
	if sql = strings.TrimPrefix(sql, sqltext.ByteOrderMark); sql != "" {
		s.Text = "\n" + sql
	}
	return s
}

// SQL returns Text without the header. It must not be called if the script is in its file.
func (s *Script) SQL() string {
	s.mustBeLoaded()
	return s.Text[s.SQLStart:]
}

// Statements returns the statements of the script in order, as they are sent: without the BEGIN and COMMIT that pg_dump
// writes around large objects. Their offsets are offsets in Text. The slice must not be changed. It must not be called if
// the script is in its file.
func (s *Script) Statements() []sqltext.Statement {
	s.mustBeLoaded()
	if known := s.statements.Load(); known != nil {
		return *known
	}
	count := 0
	if s.large != nil {
		count = s.large.count
	}
	statements, _ := sqltext.SplitSized(s.Text, count)
	if s.Transactional {
		statements = withoutBlocks(s.Text, statements)
	}
	s.statements.Store(&statements)
	return statements
}

// All returns the Statements with their indexes. Those of a large script are not kept, so that it takes no more memory than
// its text. It must not be called if the script is in its file.
func (s *Script) All() iter.Seq2[int, sqltext.Statement] {
	s.mustBeLoaded()
	if s.large == nil || s.statements.Load() != nil {
		return slices.All(s.Statements())
	}
	return func(yield func(int, sqltext.Statement) bool) {
		i := 0
		var b largeObjectBlock
		for st := range sqltext.Statements(s.Text) {
			// Load has made sure that blocks are complete.
			if part, _ := b.add(s.Text, st); part && st.Class == sqltext.TransactionControl && s.Transactional {
				continue
			}
			if !yield(i, st) {
				return
			}
			i++
		}
	}
}

// InMemory reports whether Text is the whole script, except for rows of a large COPY; see Loaded.
func (s *Script) InMemory() bool { return s.large == nil || s.large.left == nil }

// mustBeLoaded keeps a script that is in its file from being taken for an empty one.
func (s *Script) mustBeLoaded() {
	if !s.InMemory() {
		panic("revision: the script " + s.File + " is in its file: call Loaded")
	}
}

// StatementCount returns the number of Statements, also if the script is in its file.
func (s *Script) StatementCount() int {
	if s.large != nil {
		return s.large.count
	}
	return len(s.Statements())
}

// Empty reports whether the script contains no statement.
func (s *Script) Empty() bool {
	if s.large != nil {
		return s.large.count == 0
	}
	return !sqltext.HasStatement(s.Text)
}

// Checksum returns the checksum of the SQL without white space and comments, as the ledger (the version tables)
// records it. It is "" if the script is in its file, and that cannot be read.
func (s *Script) Checksum() string {
	if s.large != nil {
		return s.large.checksum()
	}
	return sqltext.Checksum(s.SQL())
}

// Digest returns the first 64 bits of the SHA-256 of the file, header included, in hexadecimal. It takes much less time than
// Checksum: as long as the digest is the same, so are the header and the checksum.
func (s *Script) Digest() string {
	if s.large != nil {
		return s.large.digest()
	}
	return formatDigest(sha256.Sum256(bytesOf(s.Text)))
}

// bytesOf returns the bytes of a string, which must not be changed. A copy takes as long as a hash.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func formatDigest(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:8]) }

// Options returns the header lines that affect how the script runs, as the ledger records them: "key: value" lines joined
// with \n, in a fixed order, without defaults. It is "" if there are none. StoredScript reads them.
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

// StoredScript returns the down script of a revision as the ledger has recorded it, from its SQL and its Options. Its File is
// "ledger:ID.down.sql". The error is of type Problems: options that this version does not know, or SQL that is not allowed
// in a file.
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

// readOption reads one line of recorded options. It must not skip one that it does not understand.
func (p *parser) readOption(start, end int) {
	name, e, ok := keyValue(p.text, start, end)
	key := keyNamed(name)
	switch {
	case !ok || key < keyTransaction:
		p.report(start, "unknown option %s: it was recorded by a newer version; use that version", text.Quote(p.text[start:end]))
	case p.entries[key].present:
		p.report(start, "option %q appears twice", name)
	default:
		p.entries[key] = e
	}
}

package apply

import (
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// message is parts that are sent together. It maps positions in its SQL to parts.
type message struct {
	pg.Message
	parts       parts
	start       start          // the state of the ledger before a batch
	starts      []int          // byte offset of each part in SQL
	bytes       bool           // the server counts positions in bytes, not in characters
	unconfirmed *pgconn.Notice // the server's warning that the commit was not replicated
}

// maxMessage is the size in bytes up to which statements are sent in one message. The
// server needs several times the size of a message in memory.
const maxMessage = 1 << 20

// pack makes as few messages of all parts as possible. The server decodes and parses a
// message as a whole, so a change of encoding or string syntax takes effect with the next
// one. separately puts each statement of a body into its own message.
func pack(all iter.Seq[part], separately bool) iter.Seq[message] {
	return func(yield func(message) bool) {
		var next parts
		var last part
		size, changed := 0, false // changed: a part has changed the encoding or string syntax
		for p := range all {
			full := size+len(p.sql) > maxMessage
			if separately && (p.kind == body || last.kind == body) {
				full = true
			}
			// The literals of the closing write must not be parsed with the body's settings.
			if len(next) > 0 && (full || changed && (last.changesReading() || p.kind == finishing)) {
				if !yield(newMessage(next)) {
					return
				}
				next, size = nil, 0 // the message keeps them
			}
			next, last = append(next, p), p
			size += len(p.sql)
			changed = changed || p.changesReading()
		}
		if len(next) > 0 {
			yield(newMessage(next))
		}
	}
}

func (p part) changesReading() bool {
	return p.kind == body && changesReading(p.script.Text, p.source)
}

// changesReading reports whether a statement changes how the server parses the next one.
func changesReading(text string, st sqltext.Statement) bool {
	switch sqltext.SettingName(text, st) {
	case "standard_conforming_strings", "client_encoding":
		return true
	}
	return false
}

func newMessage(parts parts) message {
	m := message{parts: parts, starts: make([]int, len(parts))}
	var sql strings.Builder
	for i, p := range parts {
		m.starts[i] = sql.Len()
		sql.WriteString(p.sql)
		sql.WriteString(";\n")
		if p.kind == body && p.source.Class == sqltext.CopyIn {
			m.Copy = append(m.Copy, func() (io.ReadCloser, error) { return p.script.Rows(p.source) })
		}
	}
	m.SQL = sql.String()
	return m
}

// closingApart returns the message with its closing write in a message of its own, which the
// server reads after the reset.
func (m *message) closingApart() []message {
	i := slices.IndexFunc(m.parts, func(p part) bool { return p.kind == finishing })
	if i <= 0 {
		return []message{*m}
	}
	return []message{newMessage(m.parts[:i]), newMessage(m.parts[i:])}
}

// statementsBehind returns how many statements of the body are done once the message is.
func (m *message) statementsBehind() int {
	for _, p := range slices.Backward(m.parts) {
		if p.kind == body {
			return p.index + 1
		}
	}
	return 0
}

// at returns the part that contains a byte offset of the message, and the offset in it.
func (m *message) at(offset int) (part, int) {
	i := len(m.parts) - 1
	for i > 0 && m.starts[i] > offset {
		i--
	}
	return m.parts[i], offset - m.starts[i]
}

package apply

import (
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// message is some parts on their way, with the way back from a position in it.
type message struct {
	pg.Message
	parts  parts
	start  start // where the ledger is before a message that steps share
	starts []int // byte offset of each part in SQL
	bytes  bool  // the server counts its bytes, not its characters
	// unconfirmed is the server's word that its commit was not replicated.
	unconfirmed *pgconn.Notice
}

// pack makes one message of all parts, or several where one would be wrong or heavy: a
// message is decoded and read whole on arrival, so a change of encoding or string syntax
// counts from the next one on, and the server holds all of it at once.
func pack(all parts) []message {
	whole := !changesAnything(all)
	var messages []message
	from, size := 0, 0
	for i, p := range all {
		heavy := size > 0 && size+len(p.sql) > wholeMessage
		// What the closing write quotes must not be read with the body's settings.
		if heavy || !whole && i > from && (all[i-1].changesReading() || p.kind == finishing) {
			messages = append(messages, newMessage(all[from:i]))
			from, size = i, 0
		}
		size += len(p.sql)
	}
	return append(messages, newMessage(all[from:]))
}

func changesAnything(all parts) bool {
	return slices.ContainsFunc(all, part.changesReading)
}

func (p part) changesReading() bool {
	return p.kind == body && changesReading(p.script.Text, p.source())
}

// changesReading says whether a statement changes how the server reads the next one.
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
		if p.kind == body && p.source().Class == sqltext.CopyIn {
			m.Copy = append(m.Copy, func() (io.ReadCloser, error) { return p.script.Rows(p.source()) })
		}
	}
	m.SQL = sql.String()
	return m
}

// at finds the part that holds a byte offset of the message, and the offset in it.
func (m *message) at(offset int) (part, int) {
	i := len(m.parts) - 1
	for i > 0 && m.starts[i] > offset {
		i--
	}
	return m.parts[i], offset - m.starts[i]
}

package apply

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// locate makes the error of a body's statement, or of what ends the transaction, from
// what the server said about a message.
func locate(s plan.Step, m *message, statement int, se *pgconn.PgError) *RevisionError {
	e := &RevisionError{
		Direction: s.Direction, Revision: s.Revision, Message: s.Message, SQLState: se.Code, Text: se.Message, Err: se,
	}
	if s.Script != nil {
		e.File = s.Script.File
	}
	if se.Position > 0 {
		if p, within := m.at(byteOffset(m.SQL, int(se.Position), m.bytes)); p.kind == body {
			e.point(p, within)
			e.Exact = true
			return e
		}
	}
	if statement < len(m.parts) && m.parts[statement].kind == body {
		e.blame(m.parts[statement], se)
	}
	return e
}

// blame points at a statement as a whole, or at the row of a COPY that the server counts.
func (e *RevisionError) blame(p part, se *pgconn.PgError) {
	e.point(p, 0)
	st := p.source()
	if row := copyRow(se.Where); row > 0 && st.Class == sqltext.CopyIn {
		e.pointAtRow(p, row)
		return
	}
	const shown = 5
	last := sqltext.PositionAt(p.script.Text, st.End).Line
	for n := e.Line + 1; n <= min(last, e.Line+shown-1); n++ {
		e.more = append(e.more, sqltext.Line(p.script.Text, n))
	}
}

// copyContext is how a COPY names its row, in any language: COPY account, line 2, …
var copyContext = regexp.MustCompile(`(?m)^COPY [^,]+, \pL+ (\d+)`)

func copyRow(where string) int {
	match := copyContext.FindStringSubmatch(where)
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// pointAtRow sets the place to a row of a COPY, counted from 1.
func (e *RevisionError) pointAtRow(p part, row int) {
	st := p.source()
	first := sqltext.PositionAt(p.script.Text, st.Data).Line
	if line := first + row - 1; line < first+strings.Count(p.script.Text[st.Data:st.DataEnd], "\n")+1 {
		e.Line, e.Column, e.Source = line, 1, p.script.Row(st, row)
	}
}

// findBytes looks for the bytes that the server could not convert: it quotes them, and
// does not say where they are.
func (e *RevisionError) findBytes(m *message) {
	var bytes []byte
	for word := range strings.FieldsSeq(e.Text) {
		if b, err := strconv.ParseUint(word, 0, 8); err == nil && strings.HasPrefix(word, "0x") {
			bytes = append(bytes, byte(b))
		}
	}
	for _, p := range m.parts {
		if within := strings.Index(p.sql, string(bytes)); len(bytes) > 0 && within >= 0 && p.kind == body {
			e.point(p, within)
			e.Exact = true
			return
		}
	}
}

// point sets the place in the file.
func (e *RevisionError) point(p part, within int) {
	st := p.source()
	pos := sqltext.PositionAt(p.script.Text, min(st.Start+within, st.End))
	e.Line, e.Column, e.Source = pos.Line, pos.Column, sqltext.Line(p.script.Text, pos.Line)
	e.Statement = firstLine(p.sql)
}

// firstLine shows a statement in a message.
func firstLine(sql string) string {
	first, _, more := strings.Cut(sql, "\n")
	first = strings.TrimRight(first, "\r")
	if utf8.RuneCountInString(first) > 120 {
		first, more = string([]rune(first)[:120]), true
	}
	if more {
		first += " …"
	}
	return first
}

// byteOffset finds the 1-based position that the server counts in characters, or in
// bytes where the database has no encoding.
func byteOffset(s string, position int, bytes bool) int {
	if bytes {
		return min(position-1, len(s))
	}
	for i := range s {
		if position--; position == 0 {
			return i
		}
	}
	return len(s)
}

package apply

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// locate returns the error for a failed message. If a statement of a body failed, the error
// has its position.
func locate(s plan.Step, m *message, statement int, se *pgconn.PgError) *RevisionError {
	e := &RevisionError{
		Direction: s.Direction, Revision: s.Revision, Message: s.Message, SQLState: se.Code, Text: se.Message, Err: se,
	}
	if s.Script != nil {
		e.File = s.Script.File
	}
	if se.Position > 0 {
		if p, offset := m.at(byteOffset(m.SQL, int(se.Position), m.bytes)); p.kind == body {
			e.pointAt(p, offset)
			e.Exact = true
			return e
		}
	}
	if statement < len(m.parts) && m.parts[statement].kind == body {
		e.pointAtStatement(m.parts[statement], se)
	}
	return e
}

// pointAt sets the position to an offset in a statement.
func (e *RevisionError) pointAt(p part, offset int) {
	st := p.source
	pos := sqltext.PositionAt(p.script.Text, min(st.Start+offset, st.End))
	e.Line, e.Column, e.Source = pos.Line, pos.Column, sqltext.Line(p.script.Text, pos.Line)
	e.Statement = text.FirstLine(p.sql)
}

// pointAtStatement sets the position to a whole statement, or to the row of a COPY that
// the server names.
func (e *RevisionError) pointAtStatement(p part, se *pgconn.PgError) {
	e.pointAt(p, 0)
	st := p.source
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

// copyContext is how the server names the row of a COPY, in any language: COPY account,
// line 2, …
var copyContext = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^COPY [^,]+, \pL+ (\d+)`) })

func copyRow(where string) int {
	match := copyContext().FindStringSubmatch(where)
	if match == nil {
		return 0
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// pointAtRow sets the position to a row of a COPY, counted from 1.
func (e *RevisionError) pointAtRow(p part, row int) {
	st := p.source
	first := sqltext.PositionAt(p.script.Text, st.Data).Line
	if line := first + row - 1; line < first+strings.Count(p.script.Text[st.Data:st.DataEnd], "\n")+1 {
		e.Line, e.Column, e.Source = line, 1, p.script.Row(st, row)
	}
}

// quotedBytes returns the bytes that the server could not convert: it quotes them, but names
// no position.
func (e *RevisionError) quotedBytes() string {
	var bytes []byte
	for word := range strings.FieldsSeq(e.Text) {
		if b, err := strconv.ParseUint(word, 0, 8); err == nil && strings.HasPrefix(word, "0x") {
			bytes = append(bytes, byte(b))
		}
	}
	return string(bytes)
}

// pointAtBytes sets the position to the bytes that the server could not convert, and returns
// the part that contains them; false if no body does.
func (e *RevisionError) pointAtBytes(m *message) (part, bool) {
	bytes := e.quotedBytes()
	for _, p := range m.parts {
		if offset := strings.Index(p.sql, bytes); bytes != "" && offset >= 0 && p.kind == body {
			e.pointAt(p, offset)
			e.Exact = true
			return p, true
		}
	}
	return part{}, false
}

// in reports whether what the ledger records of a step has the bytes that the server could
// not convert.
func (e *RevisionError) in(s plan.Step) bool {
	entry := s.Entry()
	bytes, recorded := e.quotedBytes(), entry.Message
	if entry.DownSQL != nil {
		recorded += *entry.DownSQL
	}
	return bytes != "" && strings.Contains(recorded, bytes)
}

// byteOffset converts the server's 1-based position. The server counts characters, or
// bytes where it does not know the encoding.
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

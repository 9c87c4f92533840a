package sqltext

import (
	"io"
	"strings"
	"unsafe"
)

// Elided is a source without the rows of its large COPYs, which may be larger than the memory.
type Elided struct {
	// Text has line ends in place of the rows, so that the lines after them keep their numbers.
	Text string
	// Rows are the rows that Text lacks, in order.
	Rows []ElidedRows
	// Errors are those that Split would report in the rows.
	Errors []PositionedError
}

// ElidedRows are the rows of one COPY.
type ElidedRows struct {
	Start        int   // where they would begin in the text
	Offset, Size int64 // where they are in the source, in bytes
	LFSize       int64 // their size with LF in place of CRLF
}

// ElideLimits control ElideCopyData, in bytes: how much of the source is read at a time, the size up to which the rows of
// a COPY are kept, and the size of the text.
type ElideLimits struct{ Window, Rows, Text int }

// ElideCopyData reads a source from its beginning. The error is that of reading, or ErrTooLarge if the text would be larger
// than limit.
func ElideCopyData(source io.Reader, limits ElideLimits) (Elided, error) {
	var e Elided
	var text []byte
	pieces := NewPieceReader(source, limits.Window, limits.Text)
	for {
		p, err := pieces.Next()
		switch {
		case err == io.EOF:
			e.Text = unsafe.String(unsafe.SliceData(text), len(text)) // not changed any more
			return e, nil
		case err != nil:
			return Elided{}, err
		}
		text = append(text, p.Text...)
		if len(text) > limits.Text {
			return Elided{}, ErrTooLarge
		}
		if !p.CopyFollows {
			continue
		}
		start := len(text)
		rows, err := pieces.Rows(func(rows []byte) error {
			if len(text)-start <= limits.Rows { // they may be small enough to be kept
				text = append(text, rows...)
			}
			return nil
		})
		if err != nil {
			return Elided{}, err
		}
		if rows.Size > int64(limits.Rows) {
			text = append(text[:start], strings.Repeat("\n", max(rows.Lines, 1))...)
			e.Rows = append(e.Rows, ElidedRows{Start: start, Offset: rows.Offset, Size: rows.Size, LFSize: rows.LFSize})
			e.Errors = append(e.Errors, rows.Errors...)
		}
		text = append(text, rows.Marker...)
	}
}

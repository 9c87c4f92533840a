package sqltext

import (
	"bytes"
	"errors"
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
	Errors []ElidedError
}

// ElidedRows are the rows of one COPY.
type ElidedRows struct {
	Start        int   // where they would begin in the text
	Offset, Size int64 // where they are in the source, in bytes
	LFSize       int64 // their size with LF in place of CRLF
}

// ElidedError is an error in rows that a text lacks.
type ElidedError struct {
	Position
	Message string
}

// ElideLimits control ElideCopyData, in bytes: how much of the source is read at a time at first, and the size up to
// which the rows of a COPY are kept.
type ElideLimits struct{ Window, Rows int }

// MentionsStdin reports whether a source contains the word STDIN or STDOUT, which the server accepts for the same thing, in
// lower or upper case. Without it there is nothing to elide. Mixed case is not found, as nobody writes it.
func MentionsStdin(source io.Reader) (bool, error) {
	const longest = len("stdout")
	buffer := make([]byte, 256<<10)
	kept := 0
	for {
		n, err := source.Read(buffer[kept:])
		piece := buffer[:kept+n]
		for _, word := range [...]string{"stdin", "STDIN", "stdout", "STDOUT"} {
			if bytes.Contains(piece, []byte(word)) {
				return true, nil
			}
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buffer, piece[max(0, len(piece)-longest+1):])
	}
}

// ElideCopyData reads a source from its beginning. The error is that of reading.
func ElideCopyData(source io.Reader, limits ElideLimits) (Elided, error) {
	e := elider{limits: limits, source: source}
	seen, want, backslashes := 0, limits.Window, false
	for {
		n := len(e.text)
		e.text = append(e.text, make([]byte, want)...)
		got, err := io.ReadFull(&e, e.text[n:])
		e.text = e.text[:n+got]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return Elided{}, err
		}
		start, off := trailingCopyData(string(e.text[seen:]), backslashes)
		switch {
		case start < 0 && end:
			e.result.Text = string(e.text)
			e.locateErrors()
			return e.result, nil
		case start < 0:
			want = len(e.text) - seen // doubled each time, so that scanning again and again takes linear time
		default:
			start += seen
			e.unread(e.text[start:])
			e.text = e.text[:start]
			if err := e.readRows(); err != nil {
				return Elided{}, err
			}
			seen, want, backslashes = len(e.text), limits.Window, off
		}
	}
}

// elider reads one source.
type elider struct {
	limits ElideLimits
	source io.Reader
	ahead  []byte // bytes that were unread
	pos    int64  // of the next byte in the source
	text   []byte
	result Elided
	errors []rowError
}

func (e *elider) Read(b []byte) (n int, err error) {
	if len(e.ahead) > 0 {
		n = copy(b, e.ahead)
		e.ahead = e.ahead[n:]
	} else {
		n, err = e.source.Read(b)
	}
	e.pos += int64(n)
	return n, err
}

// unread makes the last bytes that were read the next ones.
func (e *elider) unread(b []byte) {
	e.ahead = append(bytes.Clone(b), e.ahead...)
	e.pos -= int64(len(b))
}

// readRows reads the rows of one COPY and the line that ends them, which is kept.
func (e *elider) readRows() error {
	r := rowReader{lineStart: true, start: len(e.text)}
	offset := e.pos
	var rows []byte // while they are small enough to be kept
	buffer := make([]byte, e.limits.Rows)
	for pending, end := 0, false; !r.ended && !end; {
		n, err := e.Read(buffer[pending:])
		n += pending
		if end = err == io.EOF; err != nil && !end {
			return err
		}
		used := r.read(unsafe.String(unsafe.SliceData(buffer), n), end) // not kept, so it need not be copied
		if r.size <= int64(e.limits.Rows) {
			rows = append(rows, buffer[:used]...)
		}
		if r.ended {
			e.unread(buffer[used:n])
		}
		pending = copy(buffer, buffer[used:n])
	}
	if r.size <= int64(e.limits.Rows) {
		e.text = append(e.text, rows...)
	} else {
		e.text = append(e.text, strings.Repeat("\n", max(r.lines, 1))...)
		e.result.Rows = append(e.result.Rows, ElidedRows{Start: r.start, Offset: offset, Size: r.size, LFSize: r.size - r.crlf})
		e.errors = append(e.errors, r.errors...)
	}
	n := len(e.text)
	e.text = append(e.text, make([]byte, r.marker)...)
	_, err := io.ReadFull(e, e.text[n:])
	return err
}

func (e *elider) locateErrors() {
	lines := NewLocator(e.result.Text)
	for _, err := range e.errors {
		at := Position{lines.At(err.start).Line + err.line, err.column + 1}
		e.result.Errors = append(e.result.Errors, ElidedError{at, err.message})
	}
}

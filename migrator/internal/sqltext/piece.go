package sqltext

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unsafe"
)

// Piece is a part of a source that consists of whole statements.
type Piece struct {
	// Text is valid until the next call of a method of the PieceReader.
	Text string
	// Start is where Text begins in the source.
	Start Position
	// Statements and Errors are those of Split, with offsets in Text.
	Statements []Statement
	Errors     []Error
	// CopyFollows reports that Text ends with the line of a COPY … FROM stdin, the last of Statements. Its rows follow, and
	// must be read with Rows.
	CopyFollows bool

	first       bool // Text begins the source
	backslashes bool // standard_conforming_strings is off where Text begins
}

// Locator returns a Locator of offsets in Text, for positions in the source.
func (p *Piece) Locator() *Locator {
	if p.first {
		return NewLocator(p.Text)
	}
	return &Locator{src: p.Text, at: p.Start}
}

// scanner returns a scanner of text, which is Text or begins with it.
func (p *Piece) scanner(text string, mentionsSetting bool) statementScanner {
	l := lexer{src: text, inner: !p.first, backslashes: p.backslashes}
	return statementScanner{lexer: l, full: text, mentionsSetting: mentionsSetting, setter: -1}
}

// CopyRows describes the rows of a COPY that were read.
type CopyRows struct {
	Offset, Size int64  // where they are in the source, in bytes
	LFSize       int64  // their size with LF in place of CRLF
	Lines        int    // the number of their line ends
	Marker       string // the line \. that ends them, with its line end; "" if the source ends without it
	Errors       []PositionedError
}

// PositionedError is an error at a position in a source.
type PositionedError struct {
	Position
	Message string
}

// ErrTooLarge reports that a statement, with the white space and the comments before it, is larger than the limit of a
// PieceReader.
var ErrTooLarge = errors.New("statement too large")

// PieceReader reads a source of any size in pieces. It needs memory for one piece only: for the largest statement, and
// never for the rows of a COPY.
type PieceReader struct {
	source io.Reader
	window int // bytes that are read at least
	limit  int

	buf    []byte
	start  int   // of what was not yet returned in buf
	offset int64 // of buf[start] in the source
	at     Position
	eof    bool

	backslashes     bool  // standard_conforming_strings is off
	mentionsSetting bool  // buf contains that name
	lastNUL         int64 // offset in the source of the last NUL in buf, or -1
	nul, invalid    bool  // reported already
}

// NewPieceReader returns a reader of a source that reads at least window bytes at a time, and returns ErrTooLarge for a
// statement larger than limit.
func NewPieceReader(source io.Reader, window, limit int) *PieceReader {
	return &PieceReader{source: source, window: window, limit: limit, at: Position{1, 1}, lastNUL: -1}
}

// Next returns the next piece. The error is io.EOF at the end of the source, ErrTooLarge, or that of reading. A source with
// a NUL byte in its last, unfinished statement ends there: a file that is full of them is not read to its end.
func (r *PieceReader) Next() (Piece, error) {
	for {
		avail := r.view()
		if len(avail) > 0 {
			if p, end := r.split(avail); end > 0 {
				l := p.Locator()
				r.at = l.At(end)
				r.skip(end)
				return p, nil
			}
		}
		switch {
		case r.eof:
			return Piece{}, io.EOF
		case len(avail) > r.limit:
			return Piece{}, ErrTooLarge
		}
		// Twice as much each time, so that splitting again and again takes linear time.
		if err := r.fill(max(r.window, 2*len(avail))); err != nil {
			return Piece{}, err
		}
	}
}

// split returns the piece that avail begins with and its length, 0 if more must be read.
func (r *PieceReader) split(avail string) (p Piece, end int) {
	p = Piece{Start: r.at, first: r.offset == 0, backslashes: r.backslashes}
	s := splitter{statementScanner: p.scanner(avail, r.mentionsSetting)}
	statements, problems := 0, 0 // before end
	off := r.backslashes
	for {
		t, ok := s.next()
		if !ok {
			break
		}
		s.add(t)
		if s.copyStarts && s.pos == len(s.src) && s.src[len(s.src)-1] == '\n' {
			p.CopyFollows, end = true, len(s.src)
			statements, problems, off = len(s.statements), len(s.errors), s.backslashes
			break
		}
		if t.Kind == Semicolon && !s.copyStarts {
			end = t.End
			statements, problems, off = len(s.statements), len(s.errors), s.backslashes
		}
	}
	switch {
	case p.CopyFollows:
	case r.lastNUL >= r.offset+int64(end):
		end += strings.IndexByte(avail[end:], 0) + 1
		r.eof = true
		r.buf = r.buf[:r.start+end]
	case r.eof && end < len(avail):
		if s.current.End > 0 {
			s.finish(s.stage, len(avail))
		}
		end, statements, problems, off = len(avail), len(s.statements), len(s.errors), s.backslashes
	}
	p.Text, p.Statements = avail[:end], s.statements[:statements]
	p.Errors = r.withInvalidBytes(p.Text, s.errors[:problems])
	r.backslashes = off
	return p, end
}

// withInvalidBytes adds the first NUL and the first byte of the source that is not UTF-8.
func (r *PieceReader) withInvalidBytes(text string, errs []Error) []Error {
	all := withInvalidBytes(text, errs)
	kept := all[:0]
	for _, e := range all {
		switch {
		case e.Message == nulMessage && r.nul, e.Message == invalidMessage && r.invalid:
			continue
		case e.Message == nulMessage:
			r.nul = true
		case e.Message == invalidMessage:
			r.invalid = true
		}
		kept = append(kept, e)
	}
	return kept
}

// Rows reads the rows that follow a piece with CopyFollows, and the line that ends them. It calls f, unless it is nil, for
// one part of the rows after the other. The error is that of f or of reading.
func (r *PieceReader) Rows(f func(rows []byte) error) (CopyRows, error) {
	rows := rowReader{lineStart: true, nul: r.nul, invalid: r.invalid}
	found := CopyRows{Offset: r.offset}
	for {
		avail := r.view()
		n := rows.read(avail, r.eof)
		if f != nil && n > 0 {
			if err := f(r.buf[r.start : r.start+n]); err != nil {
				return found, err
			}
		}
		r.skip(n)
		if rows.ended || r.eof {
			break
		}
		if err := r.fill(len(avail) - n + r.window); err != nil {
			return found, err
		}
	}
	found.Size, found.LFSize, found.Lines = rows.size, rows.size-rows.crlf, rows.lines
	found.Marker = strings.Clone(r.view()[:rows.marker])
	for _, e := range rows.errors {
		found.Errors = append(found.Errors, PositionedError{Position{r.at.Line + e.line, e.column + 1}, e.message})
	}
	r.nul, r.invalid = rows.nul, rows.invalid
	r.at.Line += rows.lines
	if rows.marker > 0 {
		r.at.Line++
	} else {
		r.at.Column += rows.column
	}
	r.skip(rows.marker)
	return found, nil
}

// view returns what was read and not yet returned.
func (r *PieceReader) view() string {
	return unsafe.String(unsafe.SliceData(r.buf[r.start:]), len(r.buf)-r.start)
}

// fill reads until n bytes are available, or to the end of the source.
func (r *PieceReader) fill(n int) error {
	if r.start > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.start:])]
		r.start = 0
	}
	have := len(r.buf)
	if n > cap(r.buf) {
		grown := make([]byte, have, n)
		copy(grown, r.buf)
		r.buf = grown
	}
	got, err := io.ReadFull(r.source, r.buf[have:n])
	r.buf = r.buf[:have+got]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.eof, err = true, nil
	}
	if i := bytes.LastIndexByte(r.buf[have:], 0); i >= 0 {
		r.lastNUL = r.offset + int64(have+i)
	}
	r.mentionsSetting = mentionsConformingStrings(r.view())
	return err
}

func (r *PieceReader) skip(n int) {
	r.start += n
	r.offset += int64(n)
}

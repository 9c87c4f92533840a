package revision

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/sqltext"
)

// sizes, in bytes, say what is too large to be kept. A file larger than whole is read in
// windows, and rows larger than rows are left out of its text.
type sizes struct{ whole, window, rows int }

var usual = sizes{whole: 1 << 20, window: 1 << 20, rows: 256 << 10}

// condensed is a file without the rows of its large COPYs.
type condensed struct {
	text  string // line ends stand for the rows, so that lines keep their numbers
	left  []leftOut
	found []misplaced
}

// leftOut are rows that a condensed text lacks.
type leftOut struct {
	at           int   // where they would begin in the text
	offset, size int64 // where they are in the file
	crlf         int64 // line ends of two bytes among them
}

// misplaced is a byte among left out rows that no script can hold.
type misplaced struct {
	at           int // of the rows
	line, column int // in the rows, line 0 is their first
	text         string
}

// condenser reads one file. What was read too far is read again from ahead.
type condenser struct {
	sizes
	file  io.Reader
	ahead []byte
	pos   int64 // of the next byte in the file
	text  []byte
	condensed
}

func (c *condenser) Read(b []byte) (n int, err error) {
	if len(c.ahead) > 0 {
		n = copy(b, c.ahead)
		c.ahead = c.ahead[n:]
	} else {
		n, err = c.file.Read(b)
	}
	c.pos += int64(n)
	return n, err
}

// unread gives back the last bytes that were read.
func (c *condenser) unread(b []byte) {
	c.ahead = append(bytes.Clone(b), c.ahead...)
	c.pos -= int64(len(b))
}

// mentionsStdio looks for stdin, or stdout, which PostgreSQL takes for the same. Who
// writes them in small and capital letters at once has the rows in memory.
func mentionsStdio(file io.Reader) (bool, error) {
	const longest = len("stdout")
	buffer := make([]byte, 256<<10)
	held := 0
	for {
		n, err := file.Read(buffer[held:])
		piece := buffer[:held+n]
		for _, word := range [...]string{"stdin", "STDIN", "stdout", "STDOUT"} {
			if bytes.Contains(piece, []byte(word)) {
				return true, nil
			}
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return false, err
		}
		held = copy(buffer, piece[max(0, len(piece)-longest+1):])
	}
}

// condense reads a file from its beginning.
func condense(file io.Reader, limits sizes) (condensed, error) {
	c := condenser{sizes: limits, file: file}
	seen, want, backslashes := 0, c.window, false
	for {
		n := len(c.text)
		c.text = append(c.text, make([]byte, want)...)
		got, err := io.ReadFull(&c, c.text[n:])
		c.text = c.text[:n+got]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return condensed{}, err
		}
		start, off := sqltext.OpenRows(string(c.text[seen:]), backslashes)
		switch {
		case start < 0 && end:
			c.condensed.text = string(c.text)
			return c.condensed, nil
		case start < 0:
			want = len(c.text) - seen // twice as much as there was, so that all the looking costs no more than twice the last
		default:
			start += seen
			c.unread(c.text[start:])
			c.text = c.text[:start]
			if err := c.readRows(); err != nil {
				return condensed{}, err
			}
			seen, want, backslashes = len(c.text), c.window, off
		}
	}
}

// readRows reads the rows of one COPY and the line that ends them, which is kept.
func (c *condenser) readRows() error {
	r := rowReader{lineStart: true}
	at, offset := len(c.text), c.pos
	var kept []byte // the rows, while they are few
	buffer := make([]byte, c.sizes.rows)
	held := 0
	for !r.ended {
		n, err := c.Read(buffer[held:])
		n += held
		end := err == io.EOF
		if err != nil && !end {
			return err
		}
		used := r.read(buffer[:n], end)
		if r.size <= int64(c.sizes.rows) {
			kept = append(kept, buffer[:used]...)
		}
		if r.ended {
			c.unread(buffer[used:n])
			break
		}
		if end {
			break
		}
		held = copy(buffer, buffer[used:n])
	}
	if r.size <= int64(c.sizes.rows) {
		c.text = append(c.text, kept...)
	} else {
		c.text = append(c.text, bytes.Repeat([]byte{'\n'}, max(r.lines, 1))...)
		c.left = append(c.left, leftOut{at: at, offset: offset, size: r.size, crlf: r.crlf})
		for _, m := range r.found {
			m.at = at
			c.found = append(c.found, m)
		}
	}
	if r.ended { // the line \. itself
		mark := make([]byte, r.mark)
		if _, err := io.ReadFull(c, mark); err != nil {
			return err
		}
		c.text = append(c.text, mark...)
	}
	return nil
}

// rowReader finds the end of rows that come in pieces, and what is wrong with them.
type rowReader struct {
	size, crlf    int64
	lines, column int
	lineStart     bool
	ended         bool
	mark          int // the length of the line \. that follows
	found         []misplaced
	nul, bad      bool
}

// read takes in as much of a piece as can be judged and returns how much that is: the
// rest has to come again with what follows it.
func (r *rowReader) read(piece []byte, last bool) int {
	n, mark := r.findEnd(piece, last)
	r.ended, r.mark = mark > 0, mark
	if !r.ended && !last {
		n = whole(piece[:n])
	}
	r.add(piece[:n])
	return n
}

// findEnd finds the line \. and its length. Without one mark is 0, and behind n it may
// still begin.
func (r *rowReader) findEnd(piece []byte, last bool) (n, mark int) {
	at := 0
	if !r.lineStart {
		at = bytes.IndexByte(piece, '\n') + 1
		if at == 0 {
			return len(piece), 0
		}
	}
	for at < len(piece) {
		if piece[at] != '\\' {
			i := bytes.Index(piece[at:], []byte("\n\\"))
			if i < 0 {
				return len(piece), 0
			}
			at += i + 1
		}
		line, _, complete := bytes.Cut(piece[at:], []byte{'\n'})
		if (complete || last) && (string(line) == `\.` || string(line) == "\\.\r") {
			return at, min(len(line)+1, len(piece)-at)
		}
		if !complete {
			if !last && bytes.HasPrefix([]byte("\\.\r"), line) {
				return at, 0
			}
			return len(piece), 0
		}
		at += len(line) + 1
	}
	return at, 0
}

// whole leaves out what may be half of a character or of a line end.
func whole(piece []byte) int {
	n := len(piece)
	if n > 0 && piece[n-1] == '\r' {
		return n - 1
	}
	for i := 1; i <= min(utf8.UTFMax-1, n); i++ {
		if c := piece[n-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(piece[n-i:]) {
				return n - i
			}
			break
		}
	}
	return n
}

func (r *rowReader) add(b []byte) {
	if len(b) == 0 {
		return
	}
	if i := bytes.IndexByte(b, 0); i >= 0 && !r.nul {
		r.nul = true
		r.misplaced(b[:i], "NUL byte: a script is text")
	}
	if !r.bad && !utf8.Valid(b) {
		r.bad = true
		r.misplaced(b[:firstInvalid(b)], "invalid UTF-8: save the file as UTF-8")
	}
	feeds, crlf, returns := bytes.Count(b, []byte{'\n'}), 0, bytes.Count(b, []byte{'\r'})
	if returns > 0 {
		crlf = bytes.Count(b, []byte("\r\n"))
	}
	if n := feeds + returns - crlf; n > 0 {
		r.lines += n
		r.column = 0
	}
	r.column += utf8.RuneCount(b[bytes.LastIndexAny(b, "\r\n")+1:])
	r.size += int64(len(b))
	r.crlf += int64(crlf)
	r.lineStart = b[len(b)-1] == '\n'
}

// misplaced notes a byte that stands behind passed.
func (r *rowReader) misplaced(passed []byte, text string) {
	m := misplaced{line: r.lines + lineEnds(string(passed)), column: r.column, text: text}
	if m.line > r.lines {
		m.column = 0
	}
	m.column += utf8.RuneCount(passed[bytes.LastIndexAny(passed, "\r\n")+1:])
	r.found = append(r.found, m)
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		c, size := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

package sqltext

import (
	"strings"
	"unicode/utf8"
)

// rowReader finds the end of rows that are read in pieces, and the bytes in them that no script may contain.
type rowReader struct {
	size, crlf    int64 // in bytes, and the CRLFs among them
	lines, column int   // position in the rows, counted from 0
	lineStart     bool
	ended         bool
	marker        int // length of the line \. that follows
	errors        []rowError
	nul, invalid  bool // reported already
}

// rowError is an error in rows. Line and column are counted from 0, line 0 is the first row.
type rowError struct {
	line, column int
	message      string
}

// read reads as much of a piece as can be decided and returns the number of bytes. The rest must be passed again,
// followed by more; last reports that there is no more.
func (r *rowReader) read(piece string, last bool) int {
	n, marker := copyEnd(piece, r.lineStart, last)
	r.ended, r.marker = marker > 0, marker
	if !r.ended && !last {
		n = wholeCharacters(piece[:n])
	}
	r.add(piece[:n])
	return n
}

// wholeCharacters returns the length of piece without what may be a part of a character or of a CRLF at its end.
func wholeCharacters(piece string) int {
	n := len(piece)
	if strings.HasSuffix(piece, "\r") {
		return n - 1
	}
	for i := 1; i <= min(utf8.UTFMax-1, n); i++ {
		if c := piece[n-i]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRuneInString(piece[n-i:]) {
				return n - i
			}
			break
		}
	}
	return n
}

func (r *rowReader) add(piece string) {
	if piece == "" {
		return
	}
	if i := strings.IndexByte(piece, 0); i >= 0 && !r.nul {
		r.nul = true
		r.fail(piece[:i], nulMessage)
	}
	if i := firstInvalid(piece); i >= 0 && !r.invalid {
		r.invalid = true
		r.fail(piece[:i], invalidMessage)
	}
	r.lines, r.column = r.after(piece)
	r.size += int64(len(piece))
	r.crlf += int64(strings.Count(piece, "\r\n"))
	r.lineStart = strings.HasSuffix(piece, "\n")
}

// after returns the position after a piece that follows.
func (r *rowReader) after(piece string) (line, column int) {
	line, column = r.lines, r.column
	if n := LineEnds(piece); n > 0 {
		line, column = line+n, 0
		piece = piece[strings.LastIndexAny(piece, "\r\n")+1:]
	}
	return line, column + utf8.RuneCountInString(piece)
}

func (r *rowReader) fail(before, message string) {
	line, column := r.after(before)
	r.errors = append(r.errors, rowError{line: line, column: column, message: message})
}

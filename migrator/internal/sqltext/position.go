package sqltext

import (
	"strings"
	"unicode/utf8"
)

// ByteOrderMark is the mark that some editors write at the start of a UTF-8 file.
const ByteOrderMark = "\ufeff"

// Position is a position in a source as editors show it. Lines and columns start at 1. A column counts characters, and
// a byte order mark at the start of the source does not count.
type Position struct{ Line, Column int }

// PositionAt returns the position of the byte at offset. Lines end with LF, CRLF or CR. An offset outside src is
// clamped to it; an offset inside a character or a CRLF is that of its first byte.
func PositionAt(src string, offset int) Position {
	return NewLocator(src).At(offset)
}

// Locator returns the positions of ascending offsets in a single pass over the source.
type Locator struct {
	src    string
	offset int // the text before it has been counted
	at     Position
}

// NewLocator returns a Locator at the start of src.
func NewLocator(src string) *Locator {
	return &Locator{src: src, offset: BOMSize(src), at: Position{1, 1}}
}

// At returns what PositionAt does. Offsets must not decrease from call to call.
func (l *Locator) At(offset int) Position {
	offset = max(l.offset, characterStart(l.src, min(offset, len(l.src))))
	passed := l.src[l.offset:offset]
	if n := LineEnds(passed); n > 0 {
		l.at = Position{l.at.Line + n, 1}
		passed = passed[strings.LastIndexAny(passed, "\r\n")+1:]
	}
	l.at.Column += utf8.RuneCountInString(passed)
	l.offset = offset
	return l.at
}

// characterStart returns where the character or CRLF that offset is in begins. A byte that is not UTF-8 is a character.
func characterStart(src string, offset int) int {
	for start := offset - 1; start >= max(0, offset-utf8.UTFMax+1); start-- {
		if _, size := utf8.DecodeRuneInString(src[start:]); start+size > offset {
			return start
		}
	}
	if offset > 0 && strings.HasPrefix(src[offset-1:], "\r\n") {
		return offset - 1
	}
	return offset
}

// LineEnds returns the number of line ends in s: LF, CRLF or CR.
func LineEnds(s string) int {
	n := strings.Count(s, "\n")
	if returns := strings.Count(s, "\r"); returns > 0 {
		n += returns - strings.Count(s, "\r\n")
	}
	return n
}

// Line returns the text of line n, counted from 1, without its line end and without a byte order mark. It returns ""
// if there is no such line.
func Line(src string, n int) string {
	rest := src[BOMSize(src):]
	for ; n > 0; n-- {
		end := strings.IndexAny(rest, "\r\n")
		switch {
		case n == 1 && end < 0:
			return rest
		case n == 1:
			return rest[:end]
		case end < 0:
			return ""
		}
		if strings.HasPrefix(rest[end:], "\r\n") {
			end++
		}
		rest = rest[end+1:]
	}
	return ""
}

// BOMSize returns the length of the byte order mark at the start of src, 0 if there is none.
func BOMSize(src string) int {
	if strings.HasPrefix(src, ByteOrderMark) {
		return len(ByteOrderMark)
	}
	return 0
}

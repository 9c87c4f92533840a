package sqltext

import (
	"strings"
	"unicode/utf8"
)

// Position is a place in a source as people count. Both numbers begin with 1; a column is a character, not a byte,
// and a byte order mark at the beginning of the source is none.
type Position struct{ Line, Column int }

// PositionAt returns the position of the byte at offset. Lines end with LF, CRLF or CR. An offset outside src is moved
// to its nearest end; one inside a character means that character.
func PositionAt(src string, offset int) Position {
	offset = max(0, min(offset, len(src)))
	line, start := 1, textStart(src)
	for {
		end, next := lineEnd(src, start)
		if next > offset || next == end {
			end = min(max(offset, start), end)
			return Position{Line: line, Column: 1 + characters(src, start, end)}
		}
		line, start = line+1, next
	}
}

// Line returns the text of line n, counted from 1, without its line end and without a byte order mark; "" when there
// is no such line.
func Line(src string, n int) string {
	start := textStart(src)
	for line := 1; line <= n; line++ {
		end, next := lineEnd(src, start)
		if line == n {
			return src[start:end]
		}
		if next == end {
			break
		}
		start = next
	}
	return ""
}

func textStart(src string) int {
	if strings.HasPrefix(src, byteOrderMark) {
		return len(byteOrderMark)
	}
	return 0
}

// lineEnd returns where the text of the line that begins at start ends, and where the next line begins; the same for
// the last line.
func lineEnd(src string, start int) (end, next int) {
	n := strings.IndexAny(src[start:], "\r\n")
	if n < 0 {
		return len(src), len(src)
	}
	end = start + n
	if strings.HasPrefix(src[end:], "\r\n") {
		return end, end + 2
	}
	return end, end + 1
}

// characters counts those between start and end, without one that end would cut. A byte that is no UTF-8 counts as one.
func characters(src string, start, end int) int {
	for first := end - 1; first >= max(start, end-utf8.UTFMax+1); first-- {
		if _, size := utf8.DecodeRuneInString(src[first:]); first+size > end {
			end = first
			break
		}
	}
	return utf8.RuneCountInString(src[start:end])
}

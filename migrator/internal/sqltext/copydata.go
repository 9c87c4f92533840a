package sqltext

import "strings"

// copyEnd finds the line \. that ends the rows of a COPY. lineStart reports whether piece begins at the start of a line,
// last whether the source ends with it. It returns the number of bytes before that line, and the length of the line with
// its line end. If piece does not contain the line, marker is 0, and whatever follows the first n bytes may be the
// beginning of it.
func copyEnd(piece string, lineStart, last bool) (n, marker int) {
	at := 0
	if !lineStart {
		if at = strings.IndexByte(piece, '\n') + 1; at == 0 {
			return len(piece), 0
		}
	}
	for at < len(piece) {
		if piece[at] != '\\' {
			i := strings.Index(piece[at:], "\n\\")
			if i < 0 {
				return len(piece), 0
			}
			at += i + 1
		}
		line, _, complete := strings.Cut(piece[at:], "\n")
		switch {
		case (complete || last) && (line == `\.` || line == "\\.\r"):
			return at, min(len(line)+1, len(piece)-at)
		case !complete && !last && strings.HasPrefix("\\.\r", line):
			return at, 0
		case !complete:
			return len(piece), 0
		}
		at += len(line) + 1
	}
	return at, 0
}

// copyDataEnd returns where the rows that begin at start end, and where the line \. after them ends. Without that line
// both are the end of src.
func copyDataEnd(src string, start int) (end, next int) {
	n, marker := copyEnd(src[start:], true, true)
	return start + n, start + n + marker
}

package sqltext

import (
	"bytes"
	"io"
)

// OpenRows is for sources that are too large to be held at once. src is a part of one, from the beginning of a
// statement on; backslashes says that standard_conforming_strings is off there. It finds the first COPY … FROM stdin
// whose rows go up to the end of src, and may go on behind it, and returns where they begin and what backslashes is
// by then; start is -1 when there is none.
func OpenRows(src string, backslashes bool) (start int, off bool) {
	c := newStatementScanner(src)
	c.backslashes = backslashes
	for {
		t, ok := c.next()
		if !ok {
			return -1, backslashes
		}
		behind := c.rows && c.pos == len(src) && src[len(src)-1] == '\n'
		switch {
		case t.Kind == CopyData && t.End == len(src):
			return t.Start, c.backslashes
		case behind: // the rows begin with what follows
			return len(src), c.backslashes
		}
	}
}

// Rows are those of a COPY that a source does not hold: in their place it has only line ends.
type Rows struct {
	// Size is their length in bytes, CRLF counted as LF.
	Size int64
	// Open opens them as they are.
	Open func() (io.ReadCloser, error)
}

// ChecksumWith is Checksum of a source that lacks the rows of some COPYs. rows gives them by the offset where they
// would begin. The error is that of reading them.
func ChecksumWith(src string, rows func(start int) (Rows, bool)) (string, error) {
	d := newDigest()
	c := newStatementScanner(src)
	for t, ok := c.next(); ok; t, ok = c.next() {
		if t.Kind == CopyData {
			if r, ok := rows(t.Start); ok {
				if err := d.addRows(r); err != nil {
					return "", err
				}
				continue
			}
		}
		d.addToken(src, t, c.backslashes)
	}
	return d.sum(), nil
}

// addRows takes in rows that are nowhere held as a whole.
func (d *digest) addRows(rows Rows) error {
	from, err := rows.Open()
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	d.begin(marks[CopyData], rows.Size)
	d.flush()
	chunk := make([]byte, 256<<10)
	held := 0 // a carriage return from the chunk before, whose line feed may follow
	for {
		n, err := from.Read(chunk[held:])
		n += held
		end := err == io.EOF
		if err != nil && !end {
			return err
		}
		held = 0
		if !end && n > 0 && chunk[n-1] == '\r' {
			n, held = n-1, 1
		}
		d.writeLines(chunk[:n])
		if end {
			return nil
		}
		if held > 0 {
			chunk[0] = '\r'
		}
	}
}

// writeLines hashes text with LF for each CRLF.
func (d *digest) writeLines(text []byte) {
	for len(text) > 0 {
		n := carriageReturn(text)
		d.hash.Write(text[:n])
		text = text[min(n+1, len(text)):]
	}
}

// carriageReturn finds the first one that a line feed follows; the length of text when there is none.
func carriageReturn(text []byte) int {
	for i := 0; i+1 < len(text); i++ {
		n := bytes.IndexByte(text[i:], '\r')
		if n < 0 {
			break
		}
		if i += n; i+1 < len(text) && text[i+1] == '\n' {
			return i
		}
	}
	return len(text)
}

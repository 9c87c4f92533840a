package sqltext

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// Checksum returns "v1:" and the SHA-256, in hexadecimal, of the tokens of src that the server acts on, each with its
// kind and length. Two sources have the same checksum if they differ only in white space and comments; in the case of
// keywords, unquoted names, numbers and the prefixes of strings; in CRLF and LF, everywhere, even in literals and rows; or
// in the keys of \restrict and \unrestrict.
//
// A string that is continued on a later line differs from the same string in one part, and from two strings. The rows
// of COPY are compared as text, without the line \. after them.
//
// Checksums are stored in ledgers: the format v1 never changes.
func Checksum(src string) string {
	sum, _ := ChecksumElided(src, nil, nil) // nothing is read that could fail
	return sum
}

// ChecksumElided returns the checksum of a source of which text lacks rows. open returns the rows as they are in the
// source. The error is that of opening or reading them.
func ChecksumElided(text string, rows []ElidedRows, open func(ElidedRows) (io.ReadCloser, error)) (string, error) {
	d := &digest{hash: sha256.New()}
	s := newStatementScanner(text)
	for t, ok := s.next(); ok; t, ok = s.next() {
		if t.Kind != CopyData || len(rows) == 0 || rows[0].Start != t.Start {
			d.addToken(text, t, s.backslashes)
			continue
		}
		if err := d.addRows(rows[0], open); err != nil {
			return "", err
		}
		rows = rows[1:]
	}
	return d.sum(), nil
}

// kindMarks identify the kinds of tokens in the hashed text; continuedMark is that of a continued part of a string.
const (
	kindMarks     = "  wqsdnpo;\\c"
	continuedMark = '+'
)

// digest hashes tokens. It collects small writes, because calling the hash for each token would be slow.
type digest struct {
	hash hash.Hash
	buf  []byte
}

func (d *digest) addToken(src string, t Token, backslashes bool) {
	text := src[t.Start:t.End]
	switch {
	case t.Kind.skipped():
	case t.Kind == Word, t.Kind == Number:
		d.add(kindMarks[t.Kind], text, len(text))
	case t.Kind == String:
		d.addString(text, backslashes)
	case t.Kind == CopyData:
		end, _ := copyDataEnd(text, 0)
		d.add(kindMarks[t.Kind], text[:end], 0)
	default:
		d.add(kindMarks[t.Kind], text, 0)
	}
}

// add adds a token, its first fold bytes in lower case.
func (d *digest) add(mark byte, text string, fold int) {
	if strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	d.begin(mark, int64(len(text)))
	from := len(d.buf)
	d.buf = append(d.buf, text...)
	for i := from; i < from+fold; i++ {
		d.buf[i] = lowerByte(d.buf[i])
	}
	if len(d.buf) >= 4096 {
		d.flush()
	}
}

// begin adds what precedes the text of a token.
func (d *digest) begin(mark byte, length int64) {
	d.buf = binary.AppendUvarint(append(d.buf, mark), uint64(length))
}

// addString adds the parts of a string, without what is between them.
func (d *digest) addString(text string, backslashes bool) {
	quote := strings.IndexByte(text, '\'')
	l := lexer{src: text}
	escapes, doubles := stringRules(text[0], backslashes)
	mark, start, fold := byte(kindMarks[String]), 0, quote
	for quote >= 0 {
		l.stringPart(quote, escapes, doubles)
		d.add(mark, text[start:l.pos], fold)
		quote = continuation(text, l.pos)
		mark, start, fold = continuedMark, quote, 0
	}
}

// addRows adds rows that are nowhere in memory as a whole.
func (d *digest) addRows(rows ElidedRows, open func(ElidedRows) (io.ReadCloser, error)) error {
	r, err := open(rows)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	d.begin(kindMarks[CopyData], rows.LFSize)
	d.flush()
	buffer := make([]byte, 256<<10)
	for pending, end := 0, false; !end; {
		n, err := r.Read(buffer[pending:])
		n += pending
		if end = err == io.EOF; err != nil && !end {
			return err
		}
		pending = 0
		if !end && n > 0 && buffer[n-1] == '\r' { // the LF may follow in the next piece
			pending = 1
		}
		d.writeLines(buffer[:n-pending])
		if pending > 0 {
			buffer[0] = '\r'
		}
	}
	return nil
}

// writeLines hashes text with LF in place of CRLF.
func (d *digest) writeLines(text []byte) {
	for {
		before, _, found := bytes.Cut(text, []byte("\r\n"))
		d.hash.Write(before)
		if !found {
			return
		}
		text = text[len(before)+len("\r"):]
	}
}

func (d *digest) flush() {
	d.hash.Write(d.buf)
	d.buf = d.buf[:0]
}

func (d *digest) sum() string {
	d.flush()
	return "v1:" + hex.EncodeToString(d.hash.Sum(nil))
}

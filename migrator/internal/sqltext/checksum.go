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
	d := &digest{hash: sha256.New()}
	s := newStatementScanner(src)
	for t, ok := s.next(); ok; t, ok = s.next() {
		d.addToken(src, t, s.backslashes)
	}
	return d.sum()
}

// ChecksumPieces returns the checksum of the source of a reader. rows are the COPYs' rows in it, which an earlier reader
// has returned: their size precedes them in what is hashed. The error is that of reading, or io.ErrUnexpectedEOF if the
// rows are not those of this source.
func ChecksumPieces(r *PieceReader, rows []CopyRows) (string, error) {
	d := &digest{hash: sha256.New()}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return d.sum(), nil
		}
		if err != nil {
			return "", err
		}
		s := p.scanner(p.Text, r.mentionsSetting)
		for t, ok := s.next(); ok; t, ok = s.next() {
			d.addToken(p.Text, t, s.backslashes)
		}
		if !p.CopyFollows {
			continue
		}
		if len(rows) == 0 {
			return "", io.ErrUnexpectedEOF
		}
		if err := d.addRows(r, rows[0]); err != nil {
			return "", err
		}
		rows = rows[1:]
	}
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

// addRows adds rows that are nowhere in memory as a whole. A COPY at the very end of a source has none, not even empty ones.
func (d *digest) addRows(r *PieceReader, rows CopyRows) error {
	if rows.Size > 0 || rows.Marker != "" {
		d.begin(kindMarks[CopyData], rows.LFSize)
		d.flush()
	}
	read, err := r.Rows(func(rows []byte) error { // a CRLF is never in two parts
		d.writeLines(rows)
		return nil
	})
	if err == nil && read.LFSize != rows.LFSize {
		err = io.ErrUnexpectedEOF
	}
	return err
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

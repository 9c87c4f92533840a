package sqltext

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
)

// Checksum returns "v1:" and the SHA-256 in hexadecimal of what the server would be sent: of the tokens without white
// space and comments, each with its kind and length. Two sources have the same one when they differ only in white
// space, comments, the case of key words, unquoted names, numbers and the letters before a string, in CRLF and LF
// (everywhere, also inside literals and rows), or in the keys of \restrict and \unrestrict.
//
// Two strings that become one because a line end stands between them differ from two that do not, and from the one
// string with the same content. The rows of COPY are compared as text, without the line \. after them.
//
// The result is stored in ledgers: the format of v1 never changes.
func Checksum(src string) string {
	// Nothing is read, so nothing fails.
	sum, _ := ChecksumWith(src, func(int) (Rows, bool) { return Rows{}, false })
	return sum
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

func (d *digest) addToken(src string, t Token, backslashes bool) {
	text := src[t.Start:t.End]
	switch t.Kind {
	case Space, Comment, MetaCommand:
	case Word, Number:
		d.add(marks[t.Kind], text, len(text))
	case String:
		d.addString(text, backslashes)
	case CopyData:
		end, _ := rowsEnd(text, 0)
		d.add(marks[t.Kind], text[:end], 0)
	default:
		d.add(marks[t.Kind], text, 0)
	}
}

// marks are the kinds' names in the hashed text. A continued piece of a string has one of its own.
const (
	marks     = "  wqsdnpo;\\c"
	pieceMark = '+'
)

// digest collects small writes, so that a token costs no call of the hash.
type digest struct {
	hash hash.Hash
	buf  []byte
}

// add takes in one token, the first fold bytes of it in lower case.
func (d *digest) add(mark byte, text string, fold int) {
	if strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	d.begin(mark, int64(len(text)))
	from := len(d.buf)
	d.buf = append(d.buf, text...)
	for i := from; i < from+fold; i++ {
		if c := d.buf[i]; c >= 'A' && c <= 'Z' {
			d.buf[i] = c - 'A' + 'a'
		}
	}
	if len(d.buf) >= 4096 {
		d.flush()
	}
}

// begin takes in what stands before a token's text.
func (d *digest) begin(mark byte, length int64) {
	d.buf = binary.AppendUvarint(append(d.buf, mark), uint64(length))
}

func (d *digest) flush() {
	d.hash.Write(d.buf)
	d.buf = d.buf[:0]
}

// addString takes in the pieces of a string one by one, without what stands between them.
func (d *digest) addString(text string, backslashes bool) {
	quote := strings.IndexByte(text, '\'')
	l := lexer{src: text}
	escapes, doubles := stringRules(text[0], backslashes)
	mark, start, fold := marks[String], 0, quote
	for quote >= 0 {
		l.piece(quote, escapes, doubles)
		d.add(mark, text[start:l.pos], fold)
		quote = continuation(text, l.pos)
		mark, start, fold = pieceMark, quote, 0
	}
}

func (d *digest) sum() string {
	d.flush()
	return "v1:" + hex.EncodeToString(d.hash.Sum(nil))
}

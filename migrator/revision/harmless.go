package revision

import (
	"strings"
	"unicode/utf8"
)

// harmless says that check would surely find nothing in a transactional file. A set of
// ten thousand revisions is read at every start of a container, so the bodies that need
// no closer look, nearly all, get none: no backslash or block comment, quotes that end,
// and, outside of quotes and comments, no word that any refused statement must contain.
// Where it is not sure it says false; it never has to agree with the server, only with
// sqltext.Split.
func harmless(text string, from int) bool {
	body := text[from:]
	// Without backslashes all kinds of '…' end at the next quote that is not doubled.
	if strings.IndexByte(body, '\\') >= 0 || strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return false
	}
	for i := 0; i < len(body); {
		n := 1
		switch kinds[body[i]] {
		case letter:
			for i+n < len(body) && (kinds[body[i+n]] == letter || kinds[body[i+n]] >= digit) {
				n++
			}
			if mayBeRisky(body[i], n) && isRisky(body[i:i+n]) {
				return false
			}
		case mark, digit, dollar:
			if n = pass(body[i:]); n == 0 {
				return false
			}
		}
		i += n
	}
	return true
}

// What a byte can be the beginning of.
const (
	nothing = iota
	letter  // a word; bytes from 0x80 on are letters
	mark    // a quote or, perhaps, a comment
	digit   // a number; continues a word
	dollar  // a dollar quote; continues a word
)

var kinds = func() (kinds [256]uint8) {
	for c := range kinds {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c >= 0x80:
			kinds[c] = letter
		case '0' <= c && c <= '9':
			kinds[c] = digit
		case c == '$':
			kinds[c] = dollar
		case c == '\'', c == '"', c == '-', c == '/':
			kinds[c] = mark
		}
	}
	return kinds
}()

// pass is the length of the quote, comment or number that begins here, 0 when it is
// not surely harmless.
func pass(s string) int {
	switch s[0] {
	case '\'', '"':
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return end + 2
		}
		return 0
	case '-':
		if strings.HasPrefix(s, "--") {
			return passComment(s)
		}
	case '/':
		if strings.HasPrefix(s, "/*") {
			return 0
		}
	case '$':
		return passDollar(s)
	default:
		return passNumber(s)
	}
	return 1
}

// passComment gives 0 when a carriage return in the line may end the comment earlier.
func passComment(s string) int {
	n := strings.IndexByte(s, '\n') + 1
	if n == 0 {
		n = len(s)
	}
	if strings.IndexByte(strings.TrimSuffix(s[:n], "\r\n"), '\r') >= 0 {
		return 0
	}
	return n
}

// passNumber gives 0 when letters follow: where 1.e5$$ ends is not for us to say.
func passNumber(s string) int {
	n := 1
	for n < len(s) && (kinds[s[n]] == digit || s[n] == '.') {
		n++
	}
	if n < len(s) && kinds[s[n]] == letter {
		return 0
	}
	return n
}

// passDollar takes a dollar quote, or the first digit of a parameter ($1).
func passDollar(s string) int {
	n := 1
	for n < len(s) && (kinds[s[n]] == letter || kinds[s[n]] == digit) {
		n++
	}
	if n > 1 && kinds[s[1]] == digit {
		return 2
	}
	if n == len(s) || s[n] != '$' {
		return 0
	}
	tag := s[:n+1]
	end := strings.Index(s[len(tag):], tag)
	if end < 0 {
		return 0
	}
	return len(tag) + end + len(tag)
}

// riskyLengths has, for each first letter, a bit for each length of isRisky's words.
var riskyLengths = [...]uint16{
	0:         1 << 5,
	'b' - 'a': 1 << 5,
	'c' - 'a': 1<<4 | 1<<6 | 1<<7 | 1<<12,
	'd' - 'a': 1<<7 | 1<<8,
	'e' - 'a': 1 << 3,
	'p' - 'a': 1 << 7,
	'r' - 'a': 1<<7 | 1<<8,
	's' - 'a': 1<<5 | 1<<6 | 1<<12,
	't' - 'a': 1<<10 | 1<<11,
	'v' - 'a': 1 << 6,
}

func mayBeRisky(first byte, length int) bool {
	i := int(first|0x20) - 'a'
	return 0 <= i && i < len(riskyLengths) && length < 16 && riskyLengths[i]>>length&1 != 0
}

// isRisky knows the words without which no statement is refused: each refused statement
// has one of them. COPY has data to skip, BEGIN and END may be a function's. The word is
// one that mayBeRisky lets through.
func isRisky(word string) bool {
	var lower [len("concurrently")]byte
	for i := range len(word) {
		lower[i] = word[i] | 0x20 // no other byte of a word becomes a letter
	}
	switch string(lower[:len(word)]) {
	case "end", "copy", "begin", "start", "abort", "commit", "vacuum", "system",
		"prepare", "discard", "reindex", "cluster", "rollback", "database",
		"tablespace", "transaction", "concurrently", "subscription":
		return true
	}
	return false
}

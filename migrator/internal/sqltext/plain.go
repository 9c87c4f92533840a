package sqltext

import (
	"strings"
	"unicode/utf8"
)

// IsPlain reports whether Split would certainly return no errors and only statements of class Ordinary. It may return
// false for such a source too, but never true for another. It is several times faster than Split: a program with ten
// thousand revisions checks all of them each time it starts.
func IsPlain(src string) bool {
	// Without backslashes there are no meta-commands, and every kind of string ends at the next quote.
	if strings.IndexByte(src, '\\') >= 0 || strings.IndexByte(src, 0) >= 0 || !utf8.ValidString(src) {
		return false
	}
	ascii := isASCII(src)
	l := lexer{src: src, pos: BOMSize(src)}
	for l.pos < len(src) {
		c := src[l.pos]
		switch kind := charKinds[c]; {
		case kind&letterChar != 0:
			start := l.pos
			l.skip(wordChar)
			if word := src[start:l.pos]; isSpecial(word) || !ascii && hasInvisible(word) {
				return false
			}
		case kind&spaceChar != 0, kind == 0 && c != '\'' && c != '"': // white space and punctuation
			l.pos++
		default:
			if l.next(); l.open {
				return false
			}
		}
	}
	return true
}

// specialWords contain at least one word of every statement whose class is not Ordinary.
var specialWords = [...]string{
	"END", "COPY", "BEGIN", "START", "ABORT", "COMMIT", "VACUUM", "SYSTEM", "PREPARE", "DISCARD", "REINDEX", "CLUSTER",
	"ROLLBACK", "DATABASE", "TABLESPACE", "TRANSACTION", "CONCURRENTLY", "SUBSCRIPTION",
}

// specialLengths has, for the first byte of a word, a bit for each length of a special word that begins with it.
var specialLengths = func() (lengths [256]uint16) {
	for _, w := range specialWords {
		lengths[w[0]] |= 1 << len(w)
		lengths[w[0]-'A'+'a'] |= 1 << len(w)
	}
	return lengths
}()

func isSpecial(word string) bool {
	if specialLengths[word[0]]>>len(word)&1 == 0 {
		return false
	}
	for _, k := range specialWords {
		if isWord(word, k) {
			return true
		}
	}
	return false
}

func hasInvisible(word string) bool {
	at, _ := invisibleProblem(word)
	return at >= 0
}

// isASCII is faster than the check of each word.
func isASCII(src string) bool {
	var all byte
	for i := 0; i < len(src); i++ {
		all |= src[i]
	}
	return all < utf8.RuneSelf
}

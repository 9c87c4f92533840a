package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s with every character that a reader cannot see, or that could move the
// cursor or reorder the line, written as an escape of Go: control characters, line and
// paragraph separators, bidirectional and other format characters, spaces other than the
// ASCII one, fillers and variation selectors, and bytes that are not UTF-8. Messages that
// repeat text of a file, a ledger or a server without quotes use it; see Quote.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i])>>4, 16) + strconv.FormatUint(uint64(s[i])&0xf, 16))
		case IsInvisible(r):
			b.WriteString(escape(r))
		default:
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// Quote returns s in double quotes, with the escapes of Visible and of Go. Only the beginning of a long text is quoted,
// followed by "…".
func Quote(s string) string {
	const longest = 100
	cut := ""
	if len(s) > longest {
		end := longest
		for end > longest-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s, cut = s[:end], "…"
	}
	return Visible(strconv.Quote(s)) + cut // strconv takes a few for letters or marks
}

// IsInvisible reports whether Visible escapes a character.
func IsInvisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return !unicode.IsPrint(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == '\u2800'
}

func isVisible(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return strings.IndexFunc(s[i:], IsInvisible) < 0 && utf8.ValidString(s[i:])
		}
	}
	return true
}

// escape returns an invisible character as strconv.Quote would write it.
func escape(r rune) string {
	quoted := strconv.QuoteRuneToASCII(r)
	return quoted[1 : len(quoted)-1]
}

// CodePoint returns a character as Unicode names it: U+200B.
func CodePoint(r rune) string {
	hex := strings.ToUpper(strconv.FormatInt(int64(r), 16))
	return "U+" + strings.Repeat("0", max(0, 4-len(hex))) + hex
}

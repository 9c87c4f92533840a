package revision

import (
	"strings"
	"unicode/utf16"
)

// otherEncoding returns the problem of a file that is not UTF-8 from its first character on, "" if it may be. header is
// then what can be read of its beginning, so that the links of the revision count and no other file is reported for lack
// of it.
func otherEncoding(text string) (problem, header string) {
	if len(text) < 4 || text[0] != 0 && text[1] != 0 && text[0] < 0xfe {
		return "", "" // as nearly all are
	}
	switch {
	case strings.HasPrefix(text, "\x00\x00\xfe\xff"), strings.HasPrefix(text, "\xff\xfe\x00\x00"), strings.HasPrefix(text, "\x00\x00\x00"):
		if strings.HasPrefix(text, "\x00\x00\x00\x00") {
			break
		}
		return "the file is UTF-32; save it as UTF-8", ""
	case strings.HasPrefix(text, "\xfe\xff"), isWide(text, 0):
		return "the file is UTF-16; save it as UTF-8", decodeUTF16(text, 1, 0)
	case strings.HasPrefix(text, "\xff\xfe"), isWide(text, 1):
		return "the file is UTF-16; save it as UTF-8", decodeUTF16(text, 0, 1)
	}
	if text[0] == 0 {
		return "the file begins with a NUL byte: it is not a text file", ""
	}
	return "", ""
}

// isWide reports whether most of the first characters are ASCII in UTF-16, whose zero byte is at the offset zero of each.
func isWide(text string, zero int) bool {
	const looked = 128
	ascii, n := 0, 0
	for i := 0; i+1 < min(len(text), looked); i += 2 {
		n++
		if text[i+zero] == 0 && text[i+1-zero] != 0 {
			ascii++
		}
	}
	return ascii > n/2
}

// decodeUTF16 decodes the beginning of a text. low and high are the offsets of the bytes of a character.
func decodeUTF16(text string, low, high int) string {
	const longest = 64 << 10
	var units []uint16
	for i := 0; i+1 < min(len(text), longest); i += 2 {
		units = append(units, uint16(text[i+low])|uint16(text[i+high])<<8)
	}
	return string(utf16.Decode(units))
}

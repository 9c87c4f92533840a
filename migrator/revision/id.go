package revision

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
	"unicode"
)

// maxSlug is the length of the longest slug, in characters.
const maxSlug = 40

// NewID makes an id of 12 random hex digits that is not taken; nil means that nothing
// is. At least one digit is a letter other than e: YAML reads 123456789012 and
// 1234567890e1 as numbers.
func NewID(taken func(id string) bool) string {
	for {
		var b [6]byte
		rand.Read(b[:]) // never fails: the program would end
		id := hex.EncodeToString(b[:])
		if strings.ContainsAny(id, "abcdf") && (taken == nil || !taken(id)) {
			return id
		}
	}
}

// Slug makes the readable part of a file name of a message's first line: its letters
// and digits in small letters, words joined with _, at most 40 characters and no word
// cut in two unless it is the only one. It is "" when the message has neither.
func Slug(message string) string {
	subject, _, _ := strings.Cut(message, "\n")
	var b strings.Builder
	gap := false
	for _, c := range subject {
		c = unicode.ToLower(c)
		// go:embed takes letters of all scripts, but no other digits.
		if !unicode.IsLetter(c) && (c < '0' || c > '9') {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(c)
	}
	slug := []rune(b.String())
	if len(slug) <= maxSlug {
		return string(slug)
	}
	short := string(slug[:maxSlug])
	if i := strings.LastIndexByte(short, '_'); i > 0 && slug[maxSlug] != '_' {
		short = short[:i]
	}
	return short
}

// FileStem is the stem of a revision's files: date_id_slug, the date in UTC, so that
// the newest file is the last one.
func FileStem(id, message string, at time.Time) string {
	stem := at.UTC().Format(time.DateOnly) + "_" + id
	if slug := Slug(message); slug != "" {
		stem += "_" + slug
	}
	return stem
}

package revision

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"example.com/ambix/migrator/internal/text"
)

// maxSlug is the length of the longest slug, in characters.
const maxSlug = 40

// NewID returns a random id of 12 hexadecimal digits for which taken returns false; a nil taken means that every id is free.
// At least one digit is a letter other than e, because YAML reads 123456789012 and 1234567890e1 as numbers.
func NewID(taken func(id string) bool) string {
	for {
		var b [6]byte
		rand.Read(b[:]) // never returns an error
		id := hex.EncodeToString(b[:])
		if strings.ContainsAny(id, "abcdf") && (taken == nil || !taken(id)) {
			return id
		}
	}
}

// Slug returns the readable part of a file name for a message: the letters and digits of its first line in lower case,
// with "_" between words. It has at most 40 characters and ends at the end of a word, unless the first word is longer. It
// is "" if the line contains neither letters nor digits.
func Slug(message string) string {
	var b strings.Builder
	gap := false
	for _, c := range text.Subject(message) {
		c = unicode.ToLower(c)
		// go:embed accepts letters of all alphabets, but of the digits only these.
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

// FileStem returns the stem of a revision's files, DATE_ID_SLUG, with the date in UTC, so that files sort by date.
func FileStem(id, message string, at time.Time) string {
	stem := at.UTC().Format(time.DateOnly) + "_" + id
	if slug := Slug(message); slug != "" {
		stem += "_" + slug
	}
	return stem
}

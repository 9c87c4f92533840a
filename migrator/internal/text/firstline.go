package text

import (
	"strings"
	"unicode/utf8"
)

// Subject returns the first line of a revision's message.
func Subject(message string) string {
	subject, _, _ := strings.Cut(message, "\n")
	return subject
}

const maxFirstLine = 120 // characters

// FirstLine returns the first line of s, at most 120 characters of it. It ends with " …"
// if something is left out.
func FirstLine(s string) string {
	first, _, more := strings.Cut(s, "\n")
	first = strings.TrimRight(first, "\r")
	if utf8.RuneCountInString(first) > maxFirstLine {
		first, more = string([]rune(first)[:maxFirstLine]), true
	}
	if more {
		first += " …"
	}
	return first
}

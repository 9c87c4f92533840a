package name

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// MaxLength is the length of the longest name.
const MaxLength = 64

// Fault is the rule that a name violates.
type Fault uint8

// The faults. The zero value is for a name without one.
const (
	None Fault = iota
	BadLength
	BadCharacter
	ReservedWord
)

// Check returns the first fault of a name and a description of it, None and "" if the name is valid.
func Check(name string) (Fault, string) {
	if name == "" {
		return BadLength, "must not be empty"
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			c, _ := utf8.DecodeRuneInString(name[i:])
			return BadCharacter, fmt.Sprintf("forbidden character %q: only A-Z a-z 0-9 _ and . are allowed", c)
		}
	}
	if len(name) > MaxLength {
		return BadLength, fmt.Sprintf("%d characters, but at most %d are allowed", len(name), MaxLength)
	}
	if IsReserved(name) {
		return ReservedWord, "reserved word: head, heads, base and current have a special meaning"
	}
	return None, ""
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.'
}

// Reserved returns the words that denote a place in every graph, so that nothing can be named like them.
func Reserved() []string { return []string{"head", "heads", "base", "current"} }

// IsReserved reports whether word is one of Reserved.
func IsReserved(word string) bool { return slices.Contains(Reserved(), word) }

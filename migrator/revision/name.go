package revision

import (
	"fmt"
	"unicode/utf8"
)

// maxName is the length of the longest id or label.
const maxName = 64

// reserved words mean places in the graph.
var reserved = [...]string{"head", "heads", "base", "current"}

// NameError says why a word can be no id or label.
type NameError struct {
	What string // "id", "label" or "id or label"
	Name string
	Text string // what is wrong and what is allowed
}

func (e *NameError) Error() string { return fmt.Sprintf("%s %q: %s", e.What, e.Name, e.Text) }

// CheckID says whether a word can be the id of a revision: 1 to 64 of A-Z a-z 0-9 _ .
// and none of head, heads, base, current. The error is a *NameError.
func CheckID(id string) error { return checkName("id", id) }

// CheckLabel says whether a word can be a branch label. The rules are those of ids, as
// both stand in the same places.
func CheckLabel(label string) error { return checkName("label", label) }

func checkName(what, name string) error {
	if name == "" {
		return &NameError{what, name, "it is empty"}
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			r, _ := utf8.DecodeRuneInString(name[i:])
			return &NameError{what, name, fmt.Sprintf("forbidden character %q: A-Z a-z 0-9 _ and . are allowed", r)}
		}
	}
	if len(name) > maxName {
		return &NameError{what, name, fmt.Sprintf("%d characters are too many: at most %d", len(name), maxName)}
	}
	for _, word := range reserved {
		if name == word {
			return &NameError{what, name, "reserved, like head, heads, base and current: choose another"}
		}
	}
	return nil
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.'
}

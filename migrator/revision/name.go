package revision

import (
	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

// NameError reports a word that is not a valid id or label.
type NameError struct {
	What string // "id", "label" or "id or label"
	Name string
	Text string // the rule that is violated
}

func (e *NameError) Error() string { return e.What + " " + text.Quote(e.Name) + ": " + e.Text }

// CheckID checks whether a word can be the id of a revision: it consists of 1 to 64 of the characters A-Z a-z 0-9 _ and .
// and is not head, heads, base or current. The error is a *NameError.
func CheckID(id string) error { return checkName("id", id) }

// CheckLabel checks whether a word can be a branch label. The rules are those for ids.
func CheckLabel(label string) error { return checkName("label", label) }

func checkName(what, word string) error {
	if fault, problem := name.Check(word); fault != name.None {
		return &NameError{what, word, problem}
	}
	return nil
}

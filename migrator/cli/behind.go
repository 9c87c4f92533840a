package cli

import (
	"slices"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// behindError says which revisions of the program a database lacks, for current
// --check-heads. Where the database is was printed.
type behindError struct{ text string }

func (e *behindError) Error() string { return e.text }

// behind is nil when every revision of the program is applied. What a newer program has
// applied on top does not count.
func (l *look) behind() error {
	var missing, heads []string
	for _, s := range l.Revisions {
		if s.File == "" || s.State != migrator.Pending && s.State != migrator.Unfinished {
			continue
		}
		missing = append(missing, s.Revision)
		if slices.Contains(l.Heads, s.Revision) {
			heads = append(heads, s.Revision)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(heads) == 0: // inserted below applied ones
		return &behindError{terminal.FirstFew(missing) + ", below applied revisions, " + terminal.Plural(len(missing), "is", "are") + " not applied"}
	}
	return &behindError{terminal.Plural(len(heads), "head ", "heads ") + terminal.FirstFew(heads) + terminal.Plural(len(heads), " is", " are") + " not applied: " +
		terminal.Count(len(missing), "revision") + " to go"}
}

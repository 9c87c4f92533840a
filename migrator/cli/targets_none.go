package cli

import (
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func anyName(string) bool { return true }

// matching returns the targets that the pattern of --each-schema or --each-database matches. all are those
// that exist; noun is what they are.
func (e *eachFlags) matching(all []migrator.Target, noun string, match func(string) bool) ([]migrator.Target, error) {
	targets := slices.DeleteFunc(slices.Clone(all), func(t migrator.Target) bool { return !match(t.Name) })
	if len(targets) == 0 {
		pattern := string(e.schema) + string(e.database)
		return nil, &settings.UsageError{Text: "no " + noun + " matches " + e.source() + insteadOf(pattern, noun, all)}
	}
	return targets, nil
}

// noTargets is the error for a source without targets.
func (e *eachFlags) noTargets() error {
	if e.file != "" {
		return &settings.UsageError{Text: e.source() + " contains no targets: write a schema, or the URL of a database, on each line"}
	}
	return &settings.UsageError{Text: "no targets: the query returned no rows: " + e.source()}
}

// checkFirst returns an error if --first names what is not a target.
func (e *eachFlags) checkFirst(targets []migrator.Target) error {
	for _, name := range e.first {
		if !slices.ContainsFunc(targets, func(t migrator.Target) bool { return t.Name == name }) {
			return &settings.UsageError{Text: "--first " + terminal.Quote(name) + ": no target has this name" + insteadOf(name, "target", targets)}
		}
	}
	return nil
}

// insteadOf completes the error for a name or pattern that matches none of the targets: with the name that was
// probably meant, or the first few of them.
func insteadOf(pattern, noun string, targets []migrator.Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.Name
	}
	if near := text.Nearest(strings.Trim(pattern, "*?"), names); near != "" {
		return "; did you mean " + terminal.Quote(near) + "?"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = terminal.Quote(name)
	}
	switch len(names) {
	case 0:
		return "; there are no " + noun + "s"
	case 1:
		return "; the only " + noun + " is " + quoted[0]
	}
	return "; the " + noun + "s are " + text.List(quoted, "and")
}

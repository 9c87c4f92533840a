package cli

import (
	"errors"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// dependsOnState reports whether a target or a range depends on the database's state.
func dependsOnState(target string) bool {
	for part := range strings.SplitSeq(target, ":") {
		_, symbol, branch := strings.Cut(part, "@")
		if !branch {
			symbol = part
		}
		if strings.HasPrefix(symbol, "current") {
			return true
		}
	}
	return strings.HasPrefix(target, "+") || strings.Contains(target, "@+")
}

// resolveOnDisk returns the ids that targets name without a database; none for base. flag
// is the word before them, for errors.
func resolveOnDisk(set *migrator.Migrator, flag string, targets []string) ([]string, error) {
	var ids []string
	for _, target := range targets {
		if dependsOnState(target) {
			return nil, &settings.UsageError{Text: flag + " " + terminal.Quote(target) + ": this needs a database; use the id of the revision"}
		}
		found, err := set.EmptyStatus().Resolve(target)
		if err != nil {
			return nil, withCommand(flag, err)
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

// withCommand returns a target error with another word before the target.
func withCommand(word string, err error) error {
	e, ok := errors.AsType[*migrator.TargetError](err)
	if !ok {
		return err
	}
	named := *e
	named.Verb = migrator.Verb(word)
	return &named
}

// resolveEach is uniqueIDs without a database.
func resolveEach(set *migrator.Migrator, command string, targets []string) ([]string, error) {
	return uniqueIDs(command, targets, func(target string) ([]string, error) { return resolveOnDisk(set, command, []string{target}) })
}

const notARevision = ": base is not a revision, but the state before the first one"

// uniqueIDs returns the ids that targets name, each once. It is an error if one is base.
func uniqueIDs(command string, targets []string, find func(target string) ([]string, error)) ([]string, error) {
	var ids []string
	for _, target := range targets {
		found, err := find(target)
		if err != nil {
			return nil, withCommand(command, err)
		}
		if len(found) == 0 {
			return nil, &settings.UsageError{Text: command + " " + terminal.Quote(target) + notARevision}
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

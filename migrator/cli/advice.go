package cli

import (
	"errors"
	"strconv"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
)

// message returns the text of an error. For a refused target it adds what to type.
func message(err error) string {
	e, ok := errors.AsType[*migrator.TargetError](err)
	if !ok {
		return err.Error()
	}
	shown := *e
	shown.Verb = typedVerb(e)
	return shown.Error() + targetAdvice(e)
}

// typedVerb returns what precedes the target on the command line.
func typedVerb(e *migrator.TargetError) string {
	switch e.Verb {
	case "history":
		return "history -r"
	case "from":
		return "--from"
	case "adopt":
		return "adopt --baseline"
	}
	return e.Verb
}

// targetAdvice returns what to type instead of a refused target, "" if nothing is known.
func targetAdvice(e *migrator.TargetError) string {
	commands := make([]string, len(e.Choices))
	for i, c := range e.Choices {
		commands[i] = asCommand(e, c)
	}
	or := func(list []string) string { return text.List(list, "or") }
	last := len(commands) - 1
	switch {
	case e.Kind == graph.AmbiguousPrefix:
		return "; type more of it"
	case e.Kind == graph.WrongDirection && e.Verb == "up":
		return `; type "down ` + e.Target + `"`
	case e.Kind == graph.WrongDirection:
		return `; type "up ` + e.Target + `"`
	case e.Kind == graph.RangeNotAllowed:
		return "; ranges are for history -r and --sql: type " + asCommand(e, e.Example)
	case e.Example != "":
		return ", as in " + asCommand(e, e.Example)
	case last < 0:
		return ""
	case e.Kind == graph.BranchBase && e.Verb == "to":
		return "; type " + commands[0] + `, or "down ` + e.Target + `" for the branch only`
	case e.Kind == graph.NothingOnBranch && last == 0:
		return "; type " + commands[0] + " to revert it too"
	case e.Kind == graph.MultipleHeads && strings.HasSuffix(e.Choices[0], "heads"):
		advice := "; type " + commands[0] + " for all, " + or(commands[1:]) + " for one"
		if e.Choices[0] == "heads" && e.Verb == "up" && len(e.Revisions) <= text.MaxListed {
			advice += `, or "merge ` + strings.Join(e.Revisions, " ") + `" to join them`
		}
		return advice
	case last > 0 && strings.Contains(e.Choices[last], " "):
		return "; type " + or(commands[:last]) + ", or " + commands[last] + " for the state before the merge"
	}
	return "; type " + or(commands)
}

// asCommand quotes a command line with this target.
func asCommand(e *migrator.TargetError, target string) string {
	verb := typedVerb(e)
	if strings.Contains(target, ":") && e.Verb != "history" {
		verb += " --sql"
	}
	return strconv.Quote(verb + " " + target)
}

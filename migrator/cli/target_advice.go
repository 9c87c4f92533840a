package cli

import (
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
)

// verbOnLine returns the words that precede the target on the command line.
func verbOnLine(e *migrator.TargetError) migrator.Verb {
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

// target returns what to type instead of a refused target.
func (a adviser) target(e *migrator.TargetError) advice {
	switch {
	case e.Problem == graph.AmbiguousPrefix:
		return advice{"type more of it", a.steps(e).suggestions}
	case e.Problem == graph.WrongDirection && e.Verb == migrator.Up:
		return advice{"", []suggestion{to("revert", a.otherVerb(migrator.Down, e.Target))}}
	case e.Problem == graph.WrongDirection:
		return advice{"", []suggestion{to("apply", a.otherVerb(migrator.Up, e.Target))}}
	case e.Problem == graph.RangeNotAllowed:
		return advice{"ranges are for history -r and --sql", []suggestion{{"", a.instead(e, e.Example)}}}
	case e.Example != "" && strings.Contains(e.Example, "FROM"):
		return advice{"write it as " + e.Example, nil}
	case e.Example != "":
		return advice{"", []suggestion{{"for example,", a.instead(e, e.Example)}}}
	case len(e.Choices) == 0:
		return a.steps(e)
	}
	return advice{"", a.choices(e)}
}

// choices returns a command for each target that is accepted.
func (a adviser) choices(e *migrator.TargetError) []suggestion {
	last := len(e.Choices) - 1
	switch e.Verb {
	case "repair":
		return []suggestion{to("see what can be repaired", a.other("status"))}
	case "merge": // one revision is not enough
		last = 0
	}
	var choices []suggestion
	for _, c := range e.Choices[:last+1] {
		choices = append(choices, suggestion{"", a.instead(e, c)})
	}
	switch {
	case e.Problem == graph.BranchBase && e.Verb == migrator.To:
		choices[0].purpose = "to revert everything,"
		choices = append(choices[:1], to("revert the branch only", a.otherVerb(migrator.Down, e.Target)))
	case e.Problem == graph.NothingOnBranch && last == 0:
		choices[0].purpose = "to revert it too,"
	case e.Problem == graph.MultipleHeads && strings.HasSuffix(e.Choices[0], "heads"):
		for i := range choices {
			choices[i].purpose = "for one,"
		}
		choices[0].purpose = "for all,"
		if e.Choices[0] == "heads" && e.Verb == migrator.Up && len(e.Revisions) <= text.MaxListed && a.onDisk(e.Revisions) {
			choices = append(choices, to("join them", a.other(append([]string{"merge"}, e.Revisions...)...)))
		}
	case last > 0 && strings.Contains(e.Choices[last], " "):
		choices[last].purpose = "for the state before the merge,"
	}
	return choices
}

// steps suggests a number of steps for a number without a sign: down -1 for down 1.
func (a adviser) steps(e *migrator.TargetError) advice {
	if e.Problem != graph.NotFound && e.Problem != graph.AmbiguousPrefix || len(e.Target) > 3 || strings.Trim(e.Target, "0123456789") != "" || strings.Trim(e.Target, "0") == "" {
		return advice{}
	}
	switch e.Verb {
	case migrator.Down:
		return advice{"", []suggestion{to("revert "+text.Count(atoi(e.Target), "revision"), a.instead(e, "-"+e.Target))}}
	case migrator.Up:
		return advice{"", []suggestion{to("apply "+text.Count(atoi(e.Target), "revision"), a.instead(e, "+"+e.Target))}}
	}
	return advice{}
}

// atoi returns the value of a few digits.
func atoi(digits string) int {
	n := 0
	for _, d := range digits {
		n = 10*n + int(d-'0')
	}
	return n
}

// instead returns the running command with another target in place of the refused one. A
// target with a space is a list of targets.
func (a adviser) instead(e *migrator.TargetError, target string) string {
	verb := string(verbOnLine(e))
	if _, flag, ok := strings.Cut(verb, "--"); ok {
		return a.sameLine(a.cmd, flagValue{flag, target})
	}
	if e.Verb == "history" {
		return a.sameLine(a.cmd, flagValue{"rev-range", target})
	}
	args := slices.Clone(a.args)
	if i := slices.Index(args, e.Target); i >= 0 {
		args = slices.Replace(args, i, i+1, strings.Fields(target)...)
	} else {
		args = append(args, strings.Fields(target)...)
	}
	return a.sameLineWith(a.cmd, args)
}

// otherVerb returns the command line of another operation, or of its plan.
func (a adviser) otherVerb(verb migrator.Verb, target string) string {
	words := []string{string(verb), target}
	if a.cmd.Name() == "plan" {
		return a.sameLineWith(a.cmd, words)
	}
	return a.other(words...)
}

// onDisk reports whether the folder that merge reads contains all these revisions.
func (a adviser) onDisk(ids []string) bool {
	dir := a.settings.Dir
	defer func() { a.settings.Dir = dir }()
	a.settings.Dir = a.dir()
	set, err := a.load(a.config())
	return err == nil && !slices.ContainsFunc(ids, func(id string) bool { return set.Files().Revision(id) == nil })
}

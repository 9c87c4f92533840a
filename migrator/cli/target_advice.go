package cli

import (
	"slices"
	"strconv"
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
		return advice{"type more of it", a.withoutChoice(e)}
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
		return advice{"", a.withoutChoice(e)}
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
	case "squash":
		return a.squashChoices(e)
	}
	var choices []suggestion
	for _, c := range e.Choices[:last+1] {
		choices = append(choices, suggestion{"", a.instead(e, c)})
	}
	switch {
	case e.Problem == graph.NotFound && slices.Contains([]migrator.Verb{migrator.Stamp, migrator.Purge, "adopt"}, e.Verb):
		for i, c := range e.Choices[:last+1] { // such as the one in the place of a replaced revision, which makes more
			choices[i].purpose = "to record that " + c + " is applied, if the schema is exactly the one that it makes,"
		}
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
	case e.Reverts != nil:
		for i := range choices {
			choices[i].purpose = revertPurpose(e, i)
		}
	case last > 0 && strings.Contains(e.Choices[last], " "):
		choices[last].purpose = "for the state before the merge,"
	}
	return choices
}

// revertPurpose returns what a choice of a downgrade across a merge is for.
func revertPurpose(e *migrator.TargetError, i int) string {
	if e.Reverts[i] == 0 {
		return "to choose again further down,"
	}
	same := 0
	for _, n := range e.Reverts {
		if n == e.Reverts[i] {
			same++
		}
	}
	purpose := "to revert " + text.Count(e.Reverts[i], "revision")
	if same > 1 {
		way, _, _ := strings.Cut(e.Choices[i], "-") // [branch@]id[-steps]
		way = way[strings.Index(way, "@")+1:]
		purpose += " by way of " + way
	}
	return purpose + ","
}

// withoutChoice is for a target that has no valid alternative.
func (a adviser) withoutChoice(e *migrator.TargetError) []suggestion {
	switch {
	case e.Steps == "base":
		return []suggestion{to("revert all of them", a.instead(e, e.Steps))}
	case e.Steps != "" && e.Verb == migrator.Down:
		return []suggestion{to("revert "+countSteps(e.Steps), a.instead(e, e.Steps))}
	case e.Steps != "":
		return []suggestion{to("apply "+countSteps(e.Steps), a.instead(e, e.Steps))}
	case e.Problem == graph.NotFound && e.Verb == "repair":
		return []suggestion{to("see what can be repaired", a.other("status"))}
	case e.Problem == graph.NotFound:
		return []suggestion{to("list the revisions", a.other("history"))}
	}
	return nil
}

// countSteps returns what -N or +N counts, in words.
func countSteps(steps string) string {
	n, _ := strconv.Atoi(steps[1:])
	return text.Count(n, "revision")
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

package cli

import (
	"errors"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// afterFailure returns what was committed before a failure, and what to do next.
func (rep *reporter) afterFailure(set *migrator.Set, report *migrator.Report, err error) string {
	if !rep.planned {
		return ""
	}
	var lines []string
	if rep.settings.SingleTransaction && len(report.Steps) == 0 {
		lines = append(lines, "nothing of the whole run was kept")
	}
	failed, isFailed := errors.AsType[*apply.RevisionError](err)
	interrupted, isInterrupted := errors.AsType[*apply.InterruptedError](err)
	switch {
	case is[*apply.UnknownOutcomeError](err):
		return rep.doneBefore(report)
	case isFailed && failed.Outside:
		lines = append(lines, partlyDone(failed.Revision, failed.Done))
	case isInterrupted && interrupted.Outside:
		lines = append(lines, partlyDone(interrupted.Revision, interrupted.Done))
	case len(lines) > 0: // rolled back as a whole
	case isFailed && failed.SQLState != "":
		lines = append(lines, "nothing of "+failed.Revision+" was kept")
	case isInterrupted && interrupted.Revision != "":
		lines = append(lines, "nothing of "+interrupted.Revision+" was kept")
	case len(report.Steps) == 0:
		return ""
	}
	if stays := rep.doneBefore(report); stays != "" {
		lines = append(lines, stays)
	}
	lines = append(lines, "the database is "+located(set, report.To))
	return strings.Join(lines, "; ") + "\n" + rep.nextStep(err, failed)
}

// partlyDone returns the state of a non-transactional revision that failed.
func partlyDone(id string, done int) string {
	return terminal.Count(done, "statement") + " of " + id + " " + terminal.Plural(done, "is", "are") + " done and " + terminal.Plural(done, "stays", "stay") +
		", the next run goes on after " + terminal.Plural(done, "it", "them")
}

// doneBefore returns what was committed before a failure.
func (rep *reporter) doneBefore(report *migrator.Report) string {
	switch up, down := countDirections(report.Steps); {
	case up+down == 0:
		return ""
	case down == 0:
		return terminal.Count(up, "revision") + " before it " + terminal.Plural(up, "stays", "stay") + " applied"
	case up == 0:
		return terminal.Count(down, "revision") + " before it " + terminal.Plural(down, "stays", "stay") + " taken down"
	default:
		return terminal.Count(up+down, "step") + " before it " + terminal.Plural(up+down, "stays", "stay") + " done"
	}
}

// nextStep returns what to do after a failure.
func (rep *reporter) nextStep(err error, failed *apply.RevisionError) string {
	again := "run again: " + rep.retryCommand()
	switch {
	case failed == nil || is[*apply.LockTimeoutError](err):
		return again
	case strings.HasPrefix(failed.File, "ledger:"):
		return "the script comes from the ledger: mend what it meets in the database, or use a program that has the revision's files; then " + again
	case rep.embedded():
		return "correct " + failed.File + ", build the program again, then " + again
	}
	return "correct " + failed.File + ", then " + again
}

// retryCommand returns the command that finishes the run. Targets relative to the current
// revision have another meaning now, so it names the revisions where the plan ends.
func (rep *reporter) retryCommand() string {
	counted := rep.cmd.Name() == "redo" || rep.cmd.Name() == "down" && len(rep.args) == 0 ||
		slices.ContainsFunc(rep.args, func(a string) bool { return strings.ContainsAny(a, "+-") })
	if !counted {
		return rep.commandLine()
	}
	verb, to := rep.cmd.Name(), rep.to
	switch {
	case verb == "redo":
		verb = "up"
	case verb == "down" && len(to) > 1:
		verb = "to"
	}
	if len(to) == 0 {
		to = []string{"base"}
	}
	return rep.commandLineFor(rep.cmd.Parent().CommandPath()+" "+verb, to)
}

// finishAdvice returns how to finish an unfinished revision. words are the command that
// does; if they are nil, it takes another program or a decision.
func (r *run) finishAdvice(id string, words []string) string {
	if words == nil {
		return "finish it with the program that began it, or settle it: " + r.commandLineFor(r.cmd.Parent().CommandPath()+" repair "+id, nil) + " --applied or --not-applied"
	}
	return "go on with " + r.commandLineFor(r.cmd.Parent().CommandPath()+" "+strings.Join(words, " "), nil)
}

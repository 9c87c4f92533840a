package cli

import (
	"errors"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// afterFailure returns what was committed before a failure, and what to do next.
func (rep *reporter) afterFailure(set *migrator.Migrator, report *migrator.Report, err error) advice {
	if is[*migrator.RefusedError](err) && len(report.Steps) == 0 {
		return advice{"nothing was run", nil}
	}
	if !rep.planned {
		return advice{}
	}
	rep.again = rep.retryWords()
	var lines []string
	if rep.settings.SingleTransaction && len(report.Steps) == 0 {
		lines = append(lines, "the whole run was rolled back")
	}
	failed, isFailed := errors.AsType[*migrator.RevisionError](err)
	interrupted, isInterrupted := errors.AsType[*migrator.InterruptedError](err)
	switch {
	case is[*migrator.UnknownOutcomeError](err):
		return advice{doneBefore(report), nil}
	case isFailed && failed.NonTransactional:
		lines = append(lines, partlyDone(failed.Revision, failed.StatementsDone))
	case isInterrupted && interrupted.NonTransactional:
		lines = append(lines, partlyDone(interrupted.Revision, interrupted.StatementsDone))
	case len(lines) > 0: // rolled back as a whole
	case isFailed && (failed.SQLState != "" || is[*migrator.GuardError](err)):
		lines = append(lines, failed.Revision+" was rolled back")
	case isInterrupted && interrupted.Revision != "":
		lines = append(lines, interrupted.Revision+" was rolled back")
	case len(report.Steps) == 0:
		return advice{}
	}
	if stays := doneBefore(report); stays != "" {
		lines = append(lines, stays)
	}
	lines = append(lines, "the database is "+located(set, report.To))
	return advice{strings.Join(lines, "; "), []suggestion{rep.nextStep(set, failed)}}
}

// partlyDone returns the state of a non-transactional revision that failed.
func partlyDone(id string, done int) string {
	if done == 0 {
		return "no statement of " + id + " is done"
	}
	return text.Count(done, "statement") + " of " + id + terminal.Plural(done, " stays", " stay") + " done, and the next run continues after " + terminal.Plural(done, "it", "them")
}

// doneBefore returns what was committed before a failure.
func doneBefore(report *migrator.Report) string {
	switch up, down := countDirections(report.Steps); {
	case up+down == 0:
		return ""
	case down == 0:
		return text.Count(up, "revision") + " before it " + terminal.Plural(up, "stays", "stay") + " applied"
	case up == 0:
		return text.Count(down, "revision") + " before it " + terminal.Plural(down, "stays", "stay") + " reverted"
	default:
		return text.Count(up+down, "step") + " before it " + terminal.Plural(up+down, "stays", "stay") + " done"
	}
}

// nextStep returns what to do after a failure that has no advice of its own. failed is nil
// if no revision is at fault.
func (rep *reporter) nextStep(set *migrator.Migrator, failed *migrator.RevisionError) suggestion {
	a := adviser{rep.program, rep.cmd}
	again := a.retry()
	switch {
	case failed != nil && rep.hitTimeoutOfRun(set, failed):
		return to("allow more time", a.retry(flagValue{"statement-timeout", revision.FormatDuration(2 * rep.settings.StatementTimeout)}))
	case failed == nil || failed.Kind() != migrator.KindRevision || failed.Cause == migrator.CauseFileUnreadable:
		return to("try again", again)
	case strings.HasPrefix(failed.File, "ledger:"):
		return suggestion{"next: fix the cause in the database, or use a program that contains the revision (the down script is stored in the ledger), then", again}
	}
	fix := "fix " + terminal.Quote(failed.File)
	if rep.embedded() && !rep.builtOnRun() {
		fix += ", rebuild the program"
	}
	switch {
	case failed.Cause == migrator.CauseMissingExtension:
		fix = "install it on the server"
	case failed.Cause == migrator.CauseServerSetting:
		fix = "configure the server"
	case failed.Cause == migrator.CauseMissingRole:
		fix = "create the role, or " + fix
	case failed.Cause == migrator.CauseMissingPrivilege:
		fix = "grant what is missing, or " + fix
	case strings.HasPrefix(failed.SQLState, integrityViolation):
		fix = "correct the rows, or " + fix
	}
	return suggestion{"next: " + fix + ", then", again}
}

// integrityViolation begins the SQLSTATEs of rows that violate a constraint.
const integrityViolation = "23"

// hitTimeoutOfRun reports whether a revision failed because of --statement-timeout, and not
// of a limit that its file sets.
func (rep *reporter) hitTimeoutOfRun(set *migrator.Migrator, failed *migrator.RevisionError) bool {
	rev := set.Files().Revision(failed.Revision)
	if failed.Cause != migrator.CauseStatementTimeout || rep.settings.StatementTimeout == 0 || rev == nil {
		return false
	}
	script := rev.Up
	if failed.Direction == migrator.Downgrade {
		script = rev.Down
	}
	return script != nil && script.StatementTimeout == nil && !(script.InMemory() && strings.Contains(script.Text, "statement_timeout"))
}

// retryWords returns the operation and the targets that finish the run; nil if those that
// were given do. Targets relative to the current revision have another meaning now, so it
// names the revisions where the plan ends.
func (rep *reporter) retryWords() []string {
	counted := rep.cmd.Name() == "redo" || rep.cmd.Name() == "down" && len(rep.args) == 0 ||
		slices.ContainsFunc(rep.args, func(a string) bool { return strings.ContainsAny(a, "+-") })
	if !counted {
		return nil
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
	return append([]string{verb}, to...)
}

package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// advice is what to do about an error. Errors of package migrator state facts only, because
// a program that is not a command line has no flags and no commands.
type advice struct {
	text        string // completes the message, after a semicolon; or ""
	suggestions []suggestion
}

// suggestedError is an error with commands to type.
type suggestedError struct {
	err         error
	suggestions []suggestion
}

func (e *suggestedError) Error() string { return e.err.Error() }

func (e *suggestedError) Unwrap() error { return e.err }

// suggest returns err with commands to type.
func suggest(err error, suggestions ...suggestion) error { return &suggestedError{err, suggestions} }

// adviser gives advice about the failure of a command.
type adviser struct {
	*program
	cmd *cobra.Command
}

// retry returns the command that tries again what failed.
func (a adviser) retry(changes ...flagValue) string {
	switch {
	case a.again == nil:
		return a.sameLine(a.cmd, changes...)
	case a.again[0] == a.cmd.Name():
		return a.sameLineWith(a.cmd, a.again[1:], changes...)
	}
	return a.otherLine(a.cmd, a.again, changes...)
}

// other returns the command line of another command.
func (a adviser) other(words ...string) string { return a.otherLine(a.cmd, words) }

// message returns the text of an error with the text of the advice. Its address is omitted
// if brief is true.
func (a adviser) message(err error, brief bool) string {
	message := text.Error(err)
	if e, ok := err.(*migrator.ConnectError); ok && brief {
		message = e.Reason
	}
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		shown := *e
		shown.Verb = verbOnLine(e)
		message = shown.Error()
	}
	if more := a.advice(err).text; more != "" {
		message += "; " + more
	}
	if is[*migrator.ConnectError](err) {
		return terminal.Line(message) // the server repeats the names that it was sent
	}
	return message
}

// advice returns what to do about an error; the zero value if nothing is known.
func (a adviser) advice(err error) advice {
	if e, ok := errors.AsType[*suggestedError](err); ok {
		return advice{"", e.suggestions}
	}
	if e, ok := errors.AsType[*migrator.FilesError](err); ok {
		return advice{"", a.importFiles(e)}
	}
	if is[*fleetError](err) {
		return advice{} // it comes with its own
	}
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		return a.target(e)
	}
	if found, ok := a.aboutSchemas(err); ok {
		return found
	}
	if e, ok := errors.AsType[*migrator.ConnectError](err); ok {
		return a.connect(e)
	}
	if e, ok := errors.AsType[*migrator.RefusedError](err); ok {
		return a.refused(e)
	}
	if e, ok := errors.AsType[*migrator.PolicyError](err); ok {
		return a.policy(e)
	}
	if e, ok := errors.AsType[*migrator.SquashError](err); ok {
		return a.squashProblem(e)
	}
	if e, ok := errors.AsType[*migrator.ReplacedError](err); ok {
		return a.replaced(e.Replacement)
	}
	if e, ok := errors.AsType[*migrator.AdoptError](err); ok {
		return a.adopt(e)
	}
	if e, ok := errors.AsType[*migrator.CitusError](err); ok {
		return a.citus(e)
	}
	if e, ok := errors.AsType[*migrator.ConfigError](err); ok && e.Setting == "send" && len(e.Choices) == 0 {
		return advice{"", []suggestion{to("let the database decide", a.retry(flagValue{"send", "auto"}))}}
	}
	if e, ok := errors.AsType[*migrator.ConfigError](err); ok && e.Setting == "sizes" {
		return advice{"", a.saveSizesAgain()}
	}
	if e, ok := errors.AsType[*migrator.ConfigError](err); ok && e.Setting == "schema" && a.focus != nil {
		return advice{missingSchema(e.Value, a.focus.name), nil}
	}
	if e, ok := errors.AsType[*migrator.LedgerError](err); ok {
		return a.ledger(e)
	}
	if e, ok := errors.AsType[*migrator.GuardError](err); ok {
		return a.guard(e)
	}
	if e, ok := errors.AsType[*migrator.ConfigError](err); ok && e.Setting == "guard" {
		return advice{"", []suggestion{to("run without it", a.retry(flagValue{"guard", "0"}))}}
	}
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok && e.Undecided {
		return advice{"", a.decide(e.Revision)}
	}
	if e, ok := errors.AsType[*revision.WriteError](err); ok {
		return a.write(e)
	}
	switch {
	case is[*terminal.WriteError](err):
		return advice{"nothing else failed", nil}
	case is[*revision.MovedError](err):
		return advice{"", []suggestion{to("try again", a.retry())}}
	case is[*migrator.UnconfirmedError](err):
		return advice{"check the standbys before you try again", []suggestion{to("try again", a.retry())}}
	case is[*migrator.BusyError](err):
		return advice{"", a.waitForRunner()}
	case is[*migrator.LockTimeoutError](err):
		return advice{"", []suggestion{to("try again", a.retry())}}
	case is[*migrator.UnknownOutcomeError](err):
		return advice{"", a.afterLoss()}
	case is[*migrator.InterruptedError](err):
		return advice{"", []suggestion{to("try again", a.retry())}}
	}
	return advice{}
}

// longerRunner is the --wait-runner that is suggested after a shorter one.
const longerRunner = time.Hour

func (a adviser) waitForRunner() []suggestion {
	list := []suggestion{to("try again when it has ended", a.retry())}
	if a.settings.WaitRunner < longerRunner {
		list = append(list, to("wait longer for it", a.retry(flagValue{"wait-runner", revision.FormatDuration(longerRunner)})))
	}
	return list
}

func (a adviser) policy(e *migrator.PolicyError) advice {
	switch {
	case len(e.Foreign) > 0:
		return a.foreign(e.Adoptable, a.retry(flagValue{"ahead", "ok"}))
	case e.Policy == "ahead" && len(e.Pending) == 0:
		return advice{"", []suggestion{to("allow that", a.retry(flagValue{"ahead", "auto"}))}}
	case e.Policy == "ahead":
		return advice{"build a program that has both", []suggestion{to("apply them anyway", a.retry(flagValue{"ahead", "ok"}))}}
	case e.Policy == "changed":
		return advice{"", []suggestion{to("see what was modified", a.other("status")), to("allow it", a.retry(flagValue{"changed", "ok"}))}}
	}
	return advice{"", []suggestion{to("apply them although revisions above are applied", a.retry(flagValue{"out-of-order", "ok"}))}}
}

// guard is for a revision that was stopped because of the size of a table.
func (a adviser) guard(e *migrator.GuardError) advice {
	word := revision.AcceptScans
	if e.Rewrites {
		word = revision.AcceptRewrites
	}
	list := []suggestion{{"next: write " + terminal.Quote(e.File) + " so that it does not need that, or accept it with this line in the header of the up file: -- accept: " + word + " " + e.Table, ""}}
	return advice{"", append(list, to("run it all the same, at a quiet hour", a.retry(flagValue{"guard", higherGuard(e.Size)})))}
}

// higherGuard returns a limit that allows a table of this size, in one of PostgreSQL's units. An UPDATE that was rolled back
// has made the table up to twice as large.
func higherGuard(size int64) string {
	size *= 2
	unit := int64(1)
	for size/unit >= 1024 && unit < 1<<40 {
		unit *= 1024
	}
	return strings.ReplaceAll(text.Size((size/unit+1)*unit), " ", "")
}

// decide returns the two commands that record the outcome of a revision.
func (a adviser) decide(id string) []suggestion {
	return []suggestion{
		to("record that it took effect", a.other("repair", id, "--applied")),
		to("record that it did not", a.other("repair", id, "--not-applied")),
	}
}

func (a adviser) refused(e *migrator.RefusedError) advice {
	switch e.Reason {
	case migrator.RefusedIrreversible:
		switch {
		case e.Recorded != "":
			return advice{"use a program that contains " + e.Recorded, nil}
		case e.File == "":
			return advice{"the ledger has no down script for it either", nil}
		case e.Replaces > 0 && !e.Unwritten:
			return a.belowReplacement(e)
		case e.Unwritten:
			return advice{"", []suggestion{{"next: replace the TODO line of " + terminal.Quote(e.File), ""}}}
		}
		return advice{"", []suggestion{{"next: create " + terminal.Quote(e.File) + " (without SQL if there is nothing to revert)", ""}}}
	case migrator.RefusedUnfinished:
		return a.finish(e.Revision, e.Finish)
	case migrator.RefusedPooler:
		return advice{a.variables("host", "port") + " must be those of PostgreSQL, not of the pooler", nil}
	case migrator.RefusedSingleTransaction:
		return advice{"", []suggestion{to("run each revision on its own", a.retry(flagValue{"single-transaction", ""}))}}
	case migrator.RefusedFileModified:
		return advice{"restore the file, or check what it did and record the outcome", a.decide(e.Revision)}
	case migrator.RefusedUnknownOutcome:
		return advice{"check whether it took effect, record that, and run again", a.decide(e.Revision)}
	case migrator.RefusedIndexBuild:
		return advice{"", []suggestion{to("try again when it has ended", a.retry())}}
	}
	return advice{}
}

// finish returns how to finish an unfinished revision. words are the command that finishes
// it; nil if this program cannot.
func (a adviser) finish(id string, words []string) advice {
	if words == nil {
		return advice{"finish it with the program that started it, or check what it did and record the outcome", a.decide(id)}
	}
	return advice{"", append([]suggestion{to("finish it", a.other(words...))}, a.decide(id)...)}
}

// excerpt returns the excerpt of a failed revision. Its last line, the hint, is completed by
// what a flag can do.
func excerpt(e *migrator.RevisionError) string {
	flags := map[migrator.Cause]string{
		migrator.CauseLedgerRemoved:    "--ledger SCHEMA.PREFIX selects another schema for it",
		migrator.CauseLockTimeout:      "--lock-timeout is that of revisions without one",
		migrator.CauseStatementTimeout: "--statement-timeout is that of revisions without one",
		migrator.CauseMissingPrivilege: "--role ROLE runs revisions as another role, such as the owner",
	}
	text := e.Excerpt()
	if more := flags[e.Cause]; more != "" && e.Hint != "" {
		text = strings.TrimSuffix(text, "\n") + "; " + more + "\n"
	}
	return text
}

// onceEach removes suggestions with the same command.
func onceEach(list []suggestion) []suggestion {
	var once []suggestion
	for _, s := range list {
		if !slices.ContainsFunc(once, func(o suggestion) bool { return o.command == s.command }) {
			once = append(once, s)
		}
	}
	return once
}

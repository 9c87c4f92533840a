package cli

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/sqltext"
)

// targetFocus is the target of many that advice is about.
type targetFocus struct {
	name   string
	here   bool          // it is in the configured database, where --ledger selects it
	ledger string        // of a schema
	source *dbenv.Source // of a line of --each-file, or nil
}

// focusOn returns the focus on a target; nil if there is none with this name.
func (f *fleetRun) focusOn(name string) *targetFocus {
	i, known := f.index[name]
	if !known {
		return nil
	}
	t := f.targets[i]
	focus := &targetFocus{name: name, here: t.Config == f.configured, ledger: t.Ledger}
	if i := slices.IndexFunc(f.listed, func(l listedTarget) bool { return l.name == name }); i >= 0 {
		focus.source = f.listed[i].source
	}
	return focus
}

// suggestions returns what finishes the run.
func (f *fleetRun) suggestions() []suggestion {
	f.again = nil
	if f.isCounted() && !f.endAlike() {
		// A target that has moved would move again.
		if f.document.Changed > 0 || slices.ContainsFunc(f.failures, func(g *failureGroup) bool { return is[*migrator.UnknownOutcomeError](g.err) }) {
			return []suggestion{to("see where they are", f.otherLine(f.cmd, []string{"status"}))}
		}
	} else {
		f.again = f.retryWords()
	}
	if code := ExitCode(f.worst); code == exitUsage || code == exitPolicy {
		return f.afterRefusal() // the same again would fail again
	}
	var failed *migrator.RevisionError
	for _, g := range f.failures {
		if e, ok := errors.AsType[*migrator.RevisionError](g.err); ok && failed == nil && kindOf(g.err) == migrator.KindRevision {
			failed = e
		}
	}
	return []suggestion{f.nextStep(f.set, failed)}
}

// isCounted reports whether the targets are relative to where a database is.
func (f *fleetRun) isCounted() bool { return f.retryWords() != nil }

// endAlike reports whether the plans of all targets are known and end at the same revisions. These
// become those of the reporter.
func (f *fleetRun) endAlike() bool {
	if len(f.ends) < len(f.document.Targets) {
		return false
	}
	first := true
	for _, end := range f.ends {
		if !first && !slices.Equal(end, f.to) {
			return false
		}
		f.to, first = end, false
	}
	return true
}

// afterRefusal returns what to do about the worst failure. Commands for one database are for its
// target; they are left out if its database is not the configured one.
func (f *fleetRun) afterRefusal() []suggestion {
	f.focus = f.focused
	defer func() { f.focus = nil }()
	if is[*migrator.TargetError](f.worst) && f.isCounted() {
		return []suggestion{to("see where they are", f.otherLine(f.cmd, []string{"status"}))} // a choice for one is none for all
	}
	var list []suggestion
	for _, s := range (adviser{f.program, f.cmd}).advice(f.worst).suggestions {
		switch {
		case s.command == "" || strings.Contains(s.command, " --each-"):
		case f.focus == nil || !f.focus.here:
			continue
		default:
			s.purpose = strings.TrimSuffix(s.purpose, ",") + " in " + terminal.Quote(f.focus.name) + ","
		}
		if len(list) > 0 && s.command != "" {
			s.purpose = strings.TrimSpace("or " + s.purpose)
		}
		list = append(list, s)
	}
	return list
}

// forTargets returns the flags that another command needs to be for the targets of the running
// one: those that select them, or the ledger of the target that advice is about if the other
// command is for a single database.
func (p *program) forTargets(cmd, other *cobra.Command) []flagValue {
	many, own := false, []flagValue{}
	for _, name := range []string{"each-schema", "each-database", "each-query", "each-file", "skip", "failed-from"} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		many = true
		if slice, ok := flag.Value.(pflag.SliceValue); ok {
			for _, value := range slice.GetSlice() {
				own = append(own, flagValue{name, value})
			}
		} else {
			own = append(own, flagValue{name, flag.Value.String()})
		}
	}
	switch {
	case !many:
		return nil
	case p.focusOnly != nil:
		return p.focusOnly
	case other != nil && other.Flags().Lookup("each-schema") != nil:
		return own
	case p.focus != nil && p.focus.ledger != "":
		return []flagValue{{"ledger", p.focus.ledger}}
	}
	return nil
}

// only returns a suggestion for the target that the advice is about, where it would do harm to others. That is the database of a
// command for one.
func (a adviser) only(purpose string, words []string, changes ...flagValue) suggestion {
	if a.focus == nil {
		return to(purpose, a.otherLine(a.cmd, words, changes...))
	}
	for _, name := range []string{"each-schema", "each-database"} {
		if flag := a.cmd.Flags().Lookup(name); flag != nil && flag.Changed {
			a.focusOnly = []flagValue{{name, globOf(a.focus.name)}}
		}
	}
	if a.focusOnly == nil {
		return suggestion{"next, in " + terminal.Quote(a.focus.name) + " only: " + purpose, ""}
	}
	defer func() { a.focusOnly = nil }()
	for _, name := range []string{"skip", "failed-from", "canary", "first", "max-failed"} {
		changes = append(changes, flagValue{name, ""})
	}
	return to(purpose, a.otherLine(a.cmd, words, changes...))
}

// replacedIn returns what to do about a target between replaced revisions.
func (f *fleetRun) replacedIn(target string, r migrator.Replacement) []suggestion {
	f.focus = f.focusOn(target)
	defer func() { f.focus = nil }()
	return adviser{f.program, f.cmd}.replaced(r).suggestions
}

// missingSchema returns what to do about a target whose schema does not exist.
func missingSchema(schema, target string) string {
	skip := "leave it out: --skip " + terminal.Quote(globOf(target))
	if name := sqltext.QuoteName(schema); terminal.Line(name) == name {
		return "create it: CREATE SCHEMA " + name + ", or " + skip
	}
	return skip
}

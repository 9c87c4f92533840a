package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) current() *cobra.Command {
	var checkHeads settings.Switch
	return p.command(action{
		use: "current", short: "show the current revisions of the database",
		long: `Shows the current revisions of the database: the applied revisions that no other applied
revision descends from or depends on.`,
		example: "current\ncurrent --verbose\ncurrent --check-heads\ncurrent --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &checkHeads, "check-heads", "", "", "exit with 3 unless all revisions are applied")
		},
		run: func(r *run) error {
			o, err := r.overview(true)
			if err != nil {
				return err
			}
			headsErr := o.checkHeads()
			r.document = &currentDocument{list(o.Current), headsErr == nil, o.documents(o.Current), runnerText(o.Status)}
			if len(o.Current) == 0 {
				r.say("base")
			} else {
				o.print(o.Current, false)
			}
			if o.Runner != nil {
				r.info(eventRunner, "another runner is at work: "+runnerText(o.Status), "pid", o.Runner.PID, "application", o.Runner.Application)
			}
			if checkHeads {
				return headsErr
			}
			return nil
		},
	})
}

// notAtHeadsError is the error of current --check-heads: which revisions are not applied.
type notAtHeadsError struct{ text string }

func (e *notAtHeadsError) Error() string { return e.text }

// Kind returns kindFound.
func (e *notAtHeadsError) Kind() migrator.Kind { return kindFound }

// checkHeads returns an error unless every revision of the program is applied. It ignores
// revisions that the program does not know.
func (o *overview) checkHeads() error {
	var missing, heads []string
	for _, s := range o.Revisions {
		if s.File == "" || s.State != migrator.Pending && s.State != migrator.Unfinished {
			continue
		}
		missing = append(missing, s.Revision)
		if slices.Contains(o.Heads, s.Revision) {
			heads = append(heads, s.Revision)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(heads) == 0: // added below applied ones
		return &notAtHeadsError{text.List(missing, "and") + terminal.Plural(len(missing), " is", " are") + " not applied, but revisions above are"}
	}
	return &notAtHeadsError{terminal.Plural(len(heads), "head ", "heads ") + text.List(heads, "and") + terminal.Plural(len(heads), " is", " are") + " not applied: " +
		text.Count(len(missing), "revision") + terminal.Plural(len(missing), " is", " are") + " pending"}
}

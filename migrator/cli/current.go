package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

func (p *program) current() *cobra.Command {
	var checkHeads settings.Switch
	return p.command(action{
		use: "current", short: "the current revisions of the database",
		example: "current\ncurrent --verbose\ncurrent --check-heads\ncurrent --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &checkHeads, "check-heads", "", "", "exit code 3 unless all revisions are applied")
		},
		run: func(r *run) error {
			o, err := r.overview(true)
			if err != nil {
				return err
			}
			headsErr := o.checkHeads()
			r.document = &currentDocument{list(o.Current), headsErr == nil, o.documents(o.Current)}
			if len(o.Current) == 0 {
				r.say("base")
			} else {
				o.print(o.Current, false)
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
		return &notAtHeadsError{terminal.FirstFew(missing) + ", below applied revisions, " + terminal.Plural(len(missing), "is", "are") + " not applied"}
	}
	return &notAtHeadsError{terminal.Plural(len(heads), "head ", "heads ") + terminal.FirstFew(heads) + terminal.Plural(len(heads), " is", " are") + " not applied: " +
		terminal.Count(len(missing), "revision") + " to go"}
}

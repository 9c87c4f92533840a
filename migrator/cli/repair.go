package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) repair() *cobra.Command {
	var applied, notApplied, accept settings.Switch
	return p.command(action{
		use: "repair REV", targets: true,
		short: "settle an unfinished or changed revision on purpose",
		long: `Records a decision that only a person can make. A revision with "transaction: off" that
was interrupted is settled with --applied or --not-applied: when nobody saw the end of
one of its statements, that statement is meant, otherwise the whole revision. A changed
file is taken as what was applied with --accept. Nothing is run.`,
		example: "repair 9f3c --applied\nrepair 9f3c --not-applied\nrepair 9f3c --accept",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if len(args) != 1 {
				return &migrator.UsageError{Text: "name one revision: repair REV --applied, --not-applied or --accept"}
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &applied, "applied", "", "", "it happened")
			settings.AddFlag(f, &notApplied, "not-applied", "", "", "it did not happen")
			settings.AddFlag(f, &accept, "accept", "", "", "the file as it is now is what was applied")
		},
		run: func(r *run) error {
			decision, err := parseDecision(bool(applied), bool(notApplied), bool(accept))
			if err != nil {
				return err
			}
			set, cfg, err := r.open((&reporter{run: r}).event)
			if err != nil {
				return err
			}
			done, err := set.Repair(r.ctx, cfg, r.args[0], decision)
			if err != nil {
				return err
			}
			r.document = &repairDocument{Recorded: done}
			r.say(done)
			return nil
		},
	})
}

func parseDecision(applied, notApplied, accept bool) (migrator.Decision, error) {
	switch {
	case applied && !notApplied && !accept:
		return migrator.DecideApplied, nil
	case notApplied && !applied && !accept:
		return migrator.DecideNotApplied, nil
	case accept && !applied && !notApplied:
		return migrator.AcceptFile, nil
	}
	return "", &migrator.UsageError{Text: "say one of --applied, --not-applied and --accept: nobody but you can know"}
}

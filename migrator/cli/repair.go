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
		short: "record a decision about an unfinished or modified revision",
		long: `Records a decision that only a person can make, and runs no SQL of the revision.

--applied and --not-applied are for a non-transactional revision that was interrupted.
They record the outcome of the statement whose outcome is unknown, or, if there is no
such statement, of the whole revision. --accept is for a modified revision: it records
the files as they are now.`,
		example: "repair 9f3c --applied\nrepair 9f3c --not-applied\nrepair 9f3c --accept",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		check:   exactlyOne("repair", "revision", "missing revision: repair REV --applied, --not-applied or --accept"),
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &applied, "applied", "", "", "record that it took effect")
			settings.AddFlag(f, &notApplied, "not-applied", "", "", "record that it did not take effect")
			settings.AddFlag(f, &accept, "accept", "", "", "record the files as they are now")
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
	return "", &settings.UsageError{Text: "exactly one of --applied, --not-applied and --accept is required"}
}

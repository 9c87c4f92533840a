package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/revision"
)

func (p *program) show() *cobra.Command {
	return p.command(action{
		use: "show REV…", short: "show revisions in full", targets: true,
		long: `Shows revisions in full: message, parents and children, and scripts. If a database is
configured and can be reached, their state is shown too.`,
		example: "show head\nshow ae10\nshow current",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne(missingRevision),
		run:     (*run).show,
	})
}

func (r *run) show() error {
	o, err := r.overview(slices.ContainsFunc(r.args, dependsOnState))
	if err != nil {
		return err
	}
	ids, err := uniqueIDs("show", r.args, o.Resolve)
	if err != nil {
		return err
	}
	r.document = o.shown(ids)
	if !r.settings.JSON {
		o.printInFull(ids)
	}
	return nil
}

func (o *overview) shown(ids []string) *showDocument {
	d := &showDocument{Revisions: []shownDocument{}}
	for i, base := range o.documents(ids) {
		shown := shownDocument{revisionDocument: base, Children: list(o.children[ids[i]])}
		if rev := o.set.Files().Revision(ids[i]); rev != nil {
			shown.Message, shown.Up, shown.Down = rev.Message, newScriptDocument(rev.Up), newScriptDocument(rev.Down)
		}
		d.Revisions = append(d.Revisions, shown)
	}
	return d
}

func newScriptDocument(s *revision.Script) *scriptDocument {
	if s == nil {
		return nil
	}
	d := &scriptDocument{File: s.File, Transactional: s.Transactional, Statements: s.StatementCount()}
	if s.LockTimeout != nil {
		d.LockTimeoutMS = new(milliseconds(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		d.StatementTimeoutMS = new(milliseconds(*s.StatementTimeout))
	}
	return d
}

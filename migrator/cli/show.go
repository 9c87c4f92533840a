package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/revision"
)

func (p *program) show() *cobra.Command {
	return p.command(action{
		use: "show REV…", short: "a revision in full", targets: true,
		example: "show head\nshow ae10\nshow current",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne("say which revision: its id or the beginning of it, a label, head or current"),
		run:     (*run).show,
	})
}

func (r *run) show() error {
	o, err := r.overview(slices.ContainsFunc(r.args, dependsOnState))
	if err != nil {
		return err
	}
	var ids []string
	for _, target := range r.args {
		found, err := o.Find(target)
		if err != nil {
			return err
		}
		for _, id := range found {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return &migrator.UsageError{Text: strings.Join(r.args, " ") + " is base, and base is no revision: it comes before the first"}
	}
	r.document = o.shown(ids)
	if !r.settings.JSON {
		r.out.Print(o.fullText(ids))
	}
	return nil
}

func (o *overview) shown(ids []string) *showDocument {
	d := &showDocument{Revisions: []shownDocument{}}
	for i, base := range o.documents(ids) {
		shown := shownDocument{revisionDocument: base, Children: list(o.children[ids[i]])}
		if rev := o.set.Revision(ids[i]); rev != nil {
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
	d := &scriptDocument{File: s.File, Transactional: s.Transactional, Statements: len(s.Statements())}
	if s.LockTimeout != nil {
		d.LockTimeoutMS = new(milliseconds(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		d.StatementTimeoutMS = new(milliseconds(*s.StatementTimeout))
	}
	return d
}

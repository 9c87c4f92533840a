package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

func (p *program) rebase() *cobra.Command {
	var onto settings.List
	return p.command(action{
		use: "rebase REV --onto REV", targets: true,
		short: "give an unreleased revision another down revision",
		long: `Gives a revision on disk another down revision, so that two revisions that were written
at the same time follow one another without a merge. Its descendants move with it. Only
the value of down_revision in its up file is changed.

The revision must not be applied anywhere: a database that has it would report it as
modified. If a database is configured and can be reached, it is checked first.`,
		example: "rebase ae10 --onto 9f3c\nrebase shop@head --onto billing@head\nrebase ae10 --onto base",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			err := exactlyOne("rebase", "revision", "missing revision: rebase REV --onto REV")(args)
			if err == nil && len(onto) == 0 {
				err = &settings.UsageError{Text: "missing --onto: rebase REV --onto REV"}
			}
			return err
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &onto, "onto", "", "REV,…|base", "its new down revisions")
		},
		run: func(r *run) error { return r.rebase(onto) },
	})
}

func (r *run) rebase(onto []string) error {
	set, err := r.diskSet()
	if err != nil {
		return err
	}
	rev, down, err := r.newParents(set, onto)
	if err != nil {
		return err
	}
	d := &rebaseDocument{Revision: rev.ID, From: list(rev.DownRevision), DownRevision: list(down), Files: []string{}, Heads: list(set.Files().Graph().Heads())}
	r.document = d
	if slices.Equal(slices.Sorted(slices.Values(d.From)), slices.Sorted(slices.Values(down))) {
		r.info(eventNothing, "nothing to do: "+rev.ID+" already follows "+idsInSentence(down))
		return nil
	}
	if err := r.requireUnapplied(rev.ID); err != nil {
		return err
	}
	file := filepath.FromSlash(rev.Up.File)
	if err := revision.SetKey(file, "down_revision", strings.Join(down, ", ")); err != nil {
		return err
	}
	r.after.text = "the down_revision in " + file + " was changed"
	if set, err = r.set(); err != nil {
		return err // files were changed meanwhile
	}
	d.Files, d.Heads, d.Next = []string{file}, list(set.Files().Graph().Heads()), r.nextUp()
	r.say(file)
	r.warn(eventMoved, rev.ID+" must not be applied anywhere: a database that has it will report it as modified", "revision", rev.ID)
	r.logNext(d.advice()+"; to apply it,", d.Next)
	return nil
}

// advice returns what has changed in the graph.
func (d *rebaseDocument) advice() string {
	advice := d.Revision + " now follows " + idsInSentence(d.DownRevision) + " instead of " + idsInSentence(d.From)
	if len(d.Heads) > 1 {
		advice += "; there are now " + text.Count(len(d.Heads), "head") + ": " + text.List(d.Heads, "and")
	}
	return advice
}

// newParents returns the revision to move and its new down revisions, after checking that
// the result is a graph.
func (r *run) newParents(set *migrator.Migrator, onto []string) (*revision.Revision, []string, error) {
	ids, err := resolveEach(set, "rebase", r.args)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) > 1 {
		return nil, nil, &settings.UsageError{Text: "rebase " + r.args[0] + ": one revision is required, not " + text.List(ids, "and")}
	}
	down, err := resolveOnDisk(set, "--onto", onto)
	if err != nil {
		return nil, nil, err
	}
	var once []string
	for _, id := range down {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return set.Files().Revision(ids[0]), once, checkParents(set.Files().Graph(), ids[0], once)
}

// checkParents returns an error if a revision cannot have these down revisions.
func checkParents(g *graph.Graph, rev string, down []string) error {
	for _, id := range down {
		switch {
		case id == rev:
			return &settings.UsageError{Text: id + " cannot follow itself"}
		case ancestors(g, id)[rev]:
			return &settings.UsageError{Text: rev + " cannot follow its descendant " + id + "; nothing was written"}
		case g.Closure(graph.NewSet(id)).Has(rev):
			return &settings.UsageError{Text: rev + " cannot follow " + id + ", which depends on it; nothing was written"}
		}
	}
	return requireUnrelated(g, down)
}

// requireUnapplied returns an error if the database has a row of the revision. It is nil if
// no database is named or it cannot be reached.
func (r *run) requireUnapplied(id string) error {
	o, err := r.overview(false)
	if err != nil || !o.stateKnown {
		return err
	}
	s := o.byID[id]
	if s.State == migrator.Pending {
		return nil
	}
	return &settings.UsageError{Text: id + " is in this database (" + stateName(s.State) + ", " + appliedText(*s) + "), and a revision that is applied cannot be rebased; " +
		"revert it first, or write a new revision"}
}

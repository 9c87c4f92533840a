package cli

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/revision"
)

func (p *program) rebase() *cobra.Command {
	var onto settings.List
	return p.command(action{
		use: "rebase REV --onto REV", targets: true,
		short: "move a revision that was never released",
		long: `Gives a revision on disk another down revision: two that were written at the same time
become one line, without a merge. What builds on it moves along. Only the value of
down_revision in its up file changes.

It is for revisions that are applied nowhere. A database that has it would show it as
changed; when one is named and can be reached, that is looked up first.`,
		example: "rebase ae10 --onto 9f3c\nrebase shop@head --onto billing@head\nrebase ae10 --onto base",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if len(args) != 1 || len(onto) == 0 {
				return &migrator.UsageError{Text: "say which revision moves, and what will come before it: rebase REV --onto REV"}
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &onto, "onto", "", "REV,…|base", "what comes before it from now on")
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
	d := &rebaseDocument{Revision: rev.ID, From: list(rev.DownRevision), DownRevision: list(down), Files: []string{}, Heads: list(set.Graph().Heads())}
	r.document = d
	if slices.Equal(slices.Sorted(slices.Values(d.From)), slices.Sorted(slices.Values(down))) {
		r.log.Info("nothing to do: " + rev.ID + " comes after " + idsInSentence(down) + " already")
		return nil
	}
	if err := r.requireUnapplied(rev.ID); err != nil {
		return err
	}
	file := filepath.FromSlash(rev.Up.File)
	if err := revision.SetKey(file, "down_revision", strings.Join(down, ", ")); err != nil {
		if is[*fs.PathError](err) {
			return &fileError{err}
		}
		return err
	}
	r.advice = file + " has another down_revision now"
	if set, err = r.set(); err != nil {
		return err // files were changed meanwhile
	}
	d.Files, d.Heads, d.Next = []string{file}, list(set.Graph().Heads()), r.nextUp()
	r.say(file)
	r.log.Warn(rev.ID + " must not be applied anywhere: a database that has it shows it as changed from now on")
	r.log.Info(d.advice()+"; then: "+d.Next, "next", d.Next)
	return nil
}

// advice returns what has changed in the graph.
func (d *rebaseDocument) advice() string {
	text := d.Revision + " comes after " + idsInSentence(d.DownRevision) + ", no longer after " + idsInSentence(d.From)
	if len(d.Heads) > 1 {
		text += "; there are " + terminal.Count(len(d.Heads), "head") + " now, " + terminal.FirstFew(d.Heads)
	}
	return text
}

// newParents returns the revision to move and its new down revisions, after checking that
// the result is a graph.
func (r *run) newParents(set *migrator.Set, onto []string) (*revision.Revision, []string, error) {
	ids, err := resolveEach(set, "rebase", r.args)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) > 1 {
		return nil, nil, &migrator.UsageError{Text: r.args[0] + " is more than one revision, " + terminal.FirstFew(ids) + "; name the one that moves"}
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
	return set.Revision(ids[0]), once, checkParents(set.Graph(), ids[0], once)
}

// checkParents returns an error if a revision cannot have these down revisions.
func checkParents(g *graph.Graph, rev string, down []string) error {
	for _, id := range down {
		switch {
		case id == rev:
			return &migrator.UsageError{Text: id + " cannot come before itself"}
		case ancestors(g, id)[rev]:
			return &migrator.UsageError{Text: id + " builds on " + rev + ", so it cannot come before it; nothing was written"}
		case g.Closure(graph.NewSet(id)).Has(rev):
			return &migrator.UsageError{Text: id + " depends on " + rev + ", so it cannot come before it; nothing was written"}
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
	return &migrator.UsageError{Text: id + " is in this database (" + string(s.State) + ", " + appliedText(*s) + "), and only a revision that is applied nowhere can move; " +
		"take it down first, or write a new one"}
}

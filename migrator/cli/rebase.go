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
	set, err := r.written()
	if err != nil {
		return err
	}
	rev, down, err := r.moved(set, onto)
	if err != nil {
		return err
	}
	d := &rebaseDocument{Revision: rev.ID, From: list(rev.DownRevision), DownRevision: list(down), Files: []string{}, Heads: list(set.Graph().Heads())}
	r.document = d
	if slices.Equal(slices.Sorted(slices.Values(d.From)), slices.Sorted(slices.Values(down))) {
		r.log.Info("nothing to do: " + rev.ID + " comes after " + joined(down) + " already")
		return nil
	}
	if err := r.unapplied(rev.ID); err != nil {
		return err
	}
	file := filepath.FromSlash(rev.Up.File)
	if err := revision.SetKey(file, "down_revision", strings.Join(down, ", ")); err != nil {
		if is[*fs.PathError](err) {
			return &fileError{err}
		}
		return err
	}
	r.kept = file + " has another down_revision now"
	if set, err = r.set(); err != nil {
		return err // somebody else has changed files meanwhile
	}
	d.Files, d.Heads, d.Next = []string{file}, list(set.Graph().Heads()), r.afterDraft()
	r.say(file)
	r.log.Warn(rev.ID + " must not be applied anywhere: a database that has it shows it as changed from now on")
	r.log.Info(d.advice()+"; then: "+d.Next, "next", d.Next)
	return nil
}

// advice says what has become of the graph.
func (d *rebaseDocument) advice() string {
	text := d.Revision + " comes after " + joined(d.DownRevision) + ", no longer after " + joined(d.From)
	if len(d.Heads) > 1 {
		text += "; there are " + terminal.Count(len(d.Heads), "head") + " now, " + terminal.FirstFew(d.Heads)
	}
	return text
}

// moved gives the revision and what will come before it, when that makes a graph.
func (r *run) moved(set *migrator.Set, onto []string) (*revision.Revision, []string, error) {
	ids, err := namedOnDisk(set, "rebase", r.args)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) > 1 {
		return nil, nil, &migrator.UsageError{Text: r.args[0] + " is more than one revision, " + terminal.FirstFew(ids) + "; name the one that moves"}
	}
	down, err := resolve(set, "--onto", onto)
	if err != nil {
		return nil, nil, err
	}
	var once []string
	for _, id := range down {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return set.Revision(ids[0]), once, fitsOnto(set.Graph(), ids[0], once)
}

// fitsOnto says why a revision cannot have these down revisions.
func fitsOnto(g *graph.Graph, rev string, down []string) error {
	for _, id := range down {
		switch {
		case id == rev:
			return &migrator.UsageError{Text: id + " cannot come before itself"}
		case lineage(g, id)[rev]:
			return &migrator.UsageError{Text: id + " builds on " + rev + ", so it cannot come before it; nothing was written"}
		case g.Closure(graph.NewSet(id)).Has(rev):
			return &migrator.UsageError{Text: id + " depends on " + rev + ", so it cannot come before it; nothing was written"}
		}
	}
	return oneLine(g, down)
}

// unapplied makes sure that the database has no part of a revision, when one is named
// and can be reached.
func (r *run) unapplied(id string) error {
	l, err := r.look(false)
	if err != nil || !l.looked {
		return err
	}
	s := l.byID[id]
	if s.State == migrator.Pending {
		return nil
	}
	return &migrator.UsageError{Text: id + " is in this database (" + string(s.State) + ", " + applied(*s) + "), and only a revision that is applied nowhere can move; " +
		"take it down first, or write a new one"}
}

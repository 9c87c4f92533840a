package cli

import (
	"slices"
	"strings"

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
			l, err := r.look(true)
			if err != nil {
				return err
			}
			behind := l.behind()
			r.document = &currentDocument{list(l.Current), behind == nil, l.documents(l.Current)}
			if len(l.Current) == 0 {
				r.say("base")
			} else {
				l.print(l.Current, false)
			}
			if checkHeads {
				return behind
			}
			return nil
		},
	})
}

func (p *program) heads() *cobra.Command {
	return p.command(action{
		use: "heads", short: "the revisions that none builds on",
		long:    "Shows the revisions without a child. What is current and pending is marked when a\ndatabase is named and can be reached.",
		example: "heads\nheads --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run: func(r *run) error {
			l, err := r.look(false)
			if err != nil {
				return err
			}
			r.document = &headsDocument{list(l.Heads), l.documents(l.Heads)}
			l.print(l.Heads, false)
			return nil
		},
	})
}

func (p *program) history() *cobra.Command {
	var span settings.Text
	return p.command(action{
		use: "history", short: "all revisions, newest first",
		long: `Lists the revisions, each with its down revisions, newest first. What is current and
pending is marked when a database is named and can be reached.`,
		example: "history\nhistory -r ae1027a6acf1:head\nhistory -r -3:current\nhistory --verbose",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &span, "rev-range", p.shorthand("range"), "A:B", "only from A up to B")
		},
		run: func(r *run) error { return r.history(string(span)) },
	})
}

func (r *run) history(span string) error {
	l, err := r.look(needsDatabase(span))
	if err != nil {
		return err
	}
	var ids []string
	if span != "" {
		if ids, err = l.Range(span); err != nil {
			return err
		}
	} else {
		for _, s := range l.Revisions {
			ids = append(ids, s.Revision)
		}
	}
	slices.Reverse(ids)
	r.document = &historyDocument{l.documents(ids)}
	l.print(ids, true)
	return nil
}

// needsDatabase says whether a target or a range means something only where something
// is applied.
func needsDatabase(target string) bool {
	for part := range strings.SplitSeq(target, ":") {
		_, symbol, branch := strings.Cut(part, "@")
		if !branch {
			symbol = part
		}
		if strings.HasPrefix(symbol, "current") {
			return true
		}
	}
	return strings.HasPrefix(target, "+") || strings.Contains(target, "@+")
}

// print lists revisions, each on a line, or with --verbose in full.
func (l *look) print(ids []string, parents bool) {
	if l.settings.JSON {
		return
	}
	if l.settings.Verbose {
		l.out.Print(l.full(ids))
		return
	}
	var t terminal.Table
	for _, id := range ids {
		t.Add(l.line(l.byID[id], parents)...)
	}
	l.out.Print(l.out.Format(t))
}

// full shows revisions with an empty line between them.
func (l *look) full(ids []string) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = l.details(id)
	}
	return strings.Join(texts, "\n")
}

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
	l, err := r.look(slices.ContainsFunc(r.args, needsDatabase))
	if err != nil {
		return err
	}
	var ids []string
	for _, target := range r.args {
		found, err := l.Find(target)
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
	r.document = l.shown(ids)
	if !r.settings.JSON {
		r.out.Print(l.full(ids))
	}
	return nil
}

func (l *look) shown(ids []string) *showDocument {
	d := &showDocument{Revisions: []shownDocument{}}
	for i, base := range l.documents(ids) {
		shown := shownDocument{revisionDocument: base, Children: list(l.children[ids[i]])}
		if rev := l.set.Revision(ids[i]); rev != nil {
			shown.Message, shown.Up, shown.Down = rev.Message, newScriptDocument(rev.Up), newScriptDocument(rev.Down)
		}
		d.Revisions = append(d.Revisions, shown)
	}
	return d
}

package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// squashFlags are the flags of squash.
type squashFlags struct {
	message               settings.Message
	id, versionPath       settings.Text
	withData, withoutData settings.List
	down, dryRun          settings.Switch
}

func (p *program) squash() *cobra.Command {
	var f squashFlags
	return p.command(action{
		use: "squash [TARGET] -m MESSAGE", targets: true,
		short: "replace old revisions by one that makes the same schema",
		long: `Creates a revision that makes what the target (default: head) and all revisions below it
make, and moves the files of those to .replaced below --dir. It is proven in scratch
databases before a file is written: both make the same schema, owners and privileges
included, and what follows makes the same as well.

A database that has all of the replaced revisions counts the new one as applied; the next
run records that. One that has some of them has to be upgraded first, by a program that
still contains them.

Rows that the replaced revisions leave in tables, and sequences that are not at their
start, are kept with --with-data or left out with --without-data: name each in one of them.`,
		example: "squash -m \"initial schema\" --dry-run\nsquash 433a -m \"initial schema\" --with-data currency,country\nsquash -m \"initial schema\" --without-data '*'",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		check:   anyArgs,
		flags: func(fs *pflag.FlagSet) {
			settings.AddFlag(fs, &f.message, "message", p.shorthand("message"), "MESSAGE", "what the revision does")
			settings.AddFlag(fs, &f.withData, "with-data", "", "TABLE,…", "keep rows and sequences of these tables (* and ?)")
			settings.AddFlag(fs, &f.withoutData, "without-data", "", "TABLE,…", "leave out rows and sequences of these tables")
			settings.AddFlag(fs, &f.down, "with-down", "", "", "write a down script, which drops everything with all rows")
			settings.AddFlag(fs, &f.dryRun, "dry-run", "", "", "prove and print the revision, and write nothing")
			settings.AddFlag(fs, &f.id, "rev-id", "", "ID", "id of the revision (default: 12 random hex digits)")
			settings.AddFlag(fs, &f.versionPath, "version-path", "", "DIR", "create the files in this folder below --dir")
		},
		run: func(r *run) error { return r.squash(&f) },
	})
}

func (r *run) squash(f *squashFlags) error {
	message := revision.CleanMessage(string(f.message))
	switch {
	case message == "":
		return &settings.UsageError{Text: `missing message: -m "initial schema"`}
	case len(r.args) > 1:
		return &settings.UsageError{Text: fmt.Sprintf("squash takes one target, not %d: a word of the message must be in quotes", len(r.args))}
	case len(r.args) == 1 && dependsOnState(r.args[0]):
		return &settings.UsageError{Text: "squash " + terminal.Quote(r.args[0]) + ": this needs a database; use the id of the revision"}
	}
	r.dirGiven = r.dirGiven || r.settings.Dir != ""
	r.settings.Dir = r.dir()
	if err := r.checkVersionPath(string(f.versionPath)); err != nil {
		return err
	}
	set, _, err := r.openScratch(false)
	if err != nil {
		return err
	}
	o := migrator.SquashOptions{Message: message, ID: string(f.id), WithData: f.withData, WithoutData: f.withoutData, Down: bool(f.down)}
	if len(r.args) == 1 {
		o.Target = r.args[0]
	}
	s, err := set.Squash(r.ctx, o)
	if err != nil {
		return r.scratchFailed(err)
	}
	d := newSquashDocument(s)
	r.document = d
	if bool(f.dryRun) {
		return r.showSquash(s, d)
	}
	return r.writeSquash(s, d, string(f.versionPath))
}

func newSquashDocument(s *migrator.Squash) *squashDocument {
	d := &squashDocument{
		Revision: s.Revision.ID, Message: s.Revision.Subject(), Replaces: []string{}, Files: []string{}, Data: []squashDataDocument{}, Unqualified: s.Unqualified,
		Omissions: []omissionDocument{}, Version: s.ServerVersion,
	}
	for _, rev := range s.Replaced {
		d.Replaces = append(d.Replaces, rev.ID)
	}
	for _, data := range s.Data {
		one := squashDataDocument{Name: data.Name, Kind: "table", Kept: data.Kept}
		if data.Sequence {
			one.Kind, one.Position = "sequence", &data.Position
		} else {
			one.Rows = &data.Rows
		}
		d.Data = append(d.Data, one)
	}
	for _, o := range s.Omissions {
		d.Omissions = append(d.Omissions, omissionDocument{o.File, o.Line, o.What})
	}
	return d
}

// showSquash prints the scripts.
func (r *run) showSquash(s *migrator.Squash, d *squashDocument) error {
	up, down := s.Revision.Format()
	if d.Up, d.Down = up, down; !r.settings.JSON {
		r.out.PrintSQL(up)
		if s.Revision.Down != nil {
			r.out.PrintSQL("\n" + down)
		}
	}
	r.reportSquash(s)
	r.info(eventNothing, "nothing was written (dry run)")
	return nil
}

// writeSquash writes the files, and moves those of the replaced revisions.
func (r *run) writeSquash(s *migrator.Squash, d *squashDocument, versionPath string) error {
	folder, undo, err := r.versionFolder(versionPath)
	if err != nil {
		return err
	}
	up, down, archive, err := s.Write(r.dir(), folder)
	if err != nil {
		undo()
		return err
	}
	d.Archive = filepath.ToSlash(archive)
	for _, file := range []string{up, down} {
		if file != "" {
			d.Files = append(d.Files, file)
			r.say(file)
		}
	}
	r.reportSquash(s)
	d.Next = r.nextUp()
	r.info(eventMovedAway, fmt.Sprintf("replaces %s, whose files are now in %s: delete them once every database has moved on", text.Count(len(s.Replaced), "revision"), terminal.Quote(archive)),
		"revision", s.Revision.ID, "replaced", d.Replaces)
	r.logNext("next: read it, and commit it with the moved files; then", d.Next)
	return nil
}

// reportSquash logs what the revision contains of the data, and what it lacks.
func (r *run) reportSquash(s *migrator.Squash) {
	for _, data := range s.Data {
		word := "left out"
		if data.Kept {
			word = "kept"
		}
		r.info(eventData, word+": "+data.String(), "name", data.Name, "kept", data.Kept)
	}
	for _, o := range s.Omissions {
		where := ""
		if o.File != "" {
			where = fmt.Sprintf(" (%s:%d)", terminal.Quote(o.File), o.Line)
		}
		r.warn(eventOmitted, "not part of a schema, and not in the new revision: "+o.What+where+"; add it by hand if a new database needs it", "file", o.File, "line", o.Line, "what", o.What)
	}
}

// squashProblem returns what to do about revisions that cannot be replaced by one.
func (a adviser) squashProblem(e *migrator.SquashError) advice {
	switch e.Problem {
	case migrator.SquashUndecided:
		var names []string
		for _, d := range e.Data {
			names = append(names, d.Name)
		}
		return advice{"", []suggestion{
			to("keep all of them", a.retry(flagValue{"with-data", a.listWith("with-data", names)})),
			to("leave them out", a.retry(flagValue{"without-data", a.listWith("without-data", names)})),
		}}
	case migrator.SquashSeveral:
		return advice{"", []suggestion{to("join them first", a.other("merge"))}}
	case migrator.SquashDiffers, migrator.SquashNotEmpty:
		return advice{"nothing was written; please report this", nil}
	case migrator.SquashFails, migrator.SquashNoPlace:
		return advice{"nothing was written", nil}
	}
	return advice{}
}

// squashChoices returns a command for each revision that the target may mean. Several have to be joined first.
func (a adviser) squashChoices(e *migrator.TargetError) []suggestion {
	var choices []suggestion
	for _, c := range e.Choices {
		if a.isAboveOthers(c) {
			choices = append(choices, to("replace one with what is below it", a.instead(e, c)))
		}
	}
	if e.Problem == graph.MultipleHeads && len(e.Choices) > 1 && e.Choices[0] == "heads" {
		choices = append(choices, to("join them first", a.other("merge")))
	}
	return choices
}

// isAboveOthers reports whether a target is one revision with others below it.
func (a adviser) isAboveOthers(target string) bool {
	set, err := a.load(a.config()) // squash has set the folder
	if err != nil {
		return false
	}
	ids, err := set.EmptyStatus().Resolve(target)
	return err == nil && len(ids) == 1 && len(set.Files().Graph().Closure(graph.NewSet(ids...))) > 1
}

// listWith returns the value of a list flag with more items.
func (a adviser) listWith(flag string, more []string) string {
	var items []string
	if f := a.cmd.Flags().Lookup(flag); f != nil && f.Changed {
		items = strings.Split(f.Value.String(), ",")
	}
	for _, name := range more {
		if !slices.Contains(items, name) {
			items = append(items, name)
		}
	}
	return strings.Join(items, ",")
}

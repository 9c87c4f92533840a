package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

// missingRevision is the error of commands that need at least one revision.
const missingRevision = "missing revision: an id or the beginning of one, a label, head or current"

func (p *program) edit() *cobra.Command {
	var down settings.Switch
	return p.command(action{
		use: "edit REV…", targets: true,
		short: "open a revision in your editor",
		long: `Opens the up file of a revision on disk in the editor that VISUAL or EDITOR names.
Afterwards all files are checked.`,
		example: "edit head\nedit ae10 --down\nedit current",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne(missingRevision),
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &down, "down", "", "", "open the down file")
		},
		run: func(r *run) error { return r.edit(bool(down)) },
	})
}

func (r *run) edit(down bool) error {
	revs, err := r.revisionsToEdit()
	if err != nil {
		return err
	}
	files, err := scriptFiles(revs, down)
	if err != nil {
		return err
	}
	before, err := readFiles(files)
	if err != nil {
		return err
	}
	if err := r.editor(files); err != nil {
		return err
	}
	// The editor may have deleted or renamed files.
	if _, err := r.set(); err != nil {
		return err
	}
	after, err := readFiles(files)
	if err != nil {
		return err
	}
	d := &editDocument{Files: files, Changed: []string{}}
	for i, file := range files {
		if before[i] != after[i] {
			d.Changed = append(d.Changed, file)
		}
	}
	r.document = d
	if len(d.Changed) == 0 {
		r.info(eventNothing, "nothing was changed")
		return nil
	}
	d.Next = r.nextUp()
	r.say(strings.Join(d.Changed, "\n"))
	r.logNext("to apply pending revisions,", d.Next)
	return nil
}

// scriptFiles returns the names of the up files or down files of revisions.
func scriptFiles(revs []*revision.Revision, down bool) ([]string, error) {
	var files []string
	for _, rev := range revs {
		script := rev.Up
		if down {
			script = rev.Down
		}
		if script == nil {
			return nil, &settings.UsageError{Text: rev.ID + " has no down file; to make it reversible, create " + rev.DownFile()}
		}
		files = append(files, filepath.FromSlash(script.File))
	}
	return files, nil
}

// readFiles returns the contents of files.
func readFiles(files []string) ([]string, error) {
	var list []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &fileError{err}
		}
		list = append(list, string(text))
	}
	return list, nil
}

// revisionsToEdit returns the revisions that the arguments name. Invalid files make no
// graph, but must be editable to be fixed: then the arguments may only be ids or prefixes.
func (r *run) revisionsToEdit() ([]*revision.Revision, error) {
	set, err := r.diskSet()
	problems, wrong := errors.AsType[revision.Problems](err)
	switch {
	case wrong:
		return r.findInvalid(problems)
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(r.args, dependsOnState):
		ids, err := resolveEach(set, "edit", r.args)
		return r.revisionsOnDisk(set, ids, err)
	}
	o, err := r.overview(true)
	if err != nil {
		return nil, err
	}
	ids, err := uniqueIDs("edit", r.args, o.Resolve)
	return r.revisionsOnDisk(o.set, ids, err)
}

// revisionsOnDisk returns the revisions with these ids. It passes on err.
func (r *run) revisionsOnDisk(set *migrator.Migrator, ids []string, err error) ([]*revision.Revision, error) {
	if err != nil {
		return nil, err
	}
	var revs []*revision.Revision
	for _, id := range ids {
		rev := set.Files().Revision(id)
		if rev == nil {
			return nil, &settings.UsageError{Text: id + " is applied, but " + terminal.Quote(r.dir()) + " does not contain it; copy its files from the program that applied it"}
		}
		revs = append(revs, rev)
	}
	return revs, nil
}

// findInvalid returns the revisions that the arguments name among invalid files, or the
// problems if one is not found.
func (r *run) findInvalid(problems revision.Problems) ([]*revision.Revision, error) {
	fsys, prefix, err := r.files()
	if err != nil {
		return nil, err
	}
	all, _, err := revision.Load(fsys, prefix)
	if err != nil {
		return nil, &fileError{err}
	}
	var revs []*revision.Revision
	for _, target := range r.args {
		those := func(matches func(id string) bool) []*revision.Revision {
			return slices.DeleteFunc(slices.Clone(all), func(rev *revision.Revision) bool { return !matches(rev.ID) })
		}
		found := those(func(id string) bool { return id == target }) // several if the id is used twice
		if len(found) == 0 {
			if found = those(func(id string) bool { return strings.HasPrefix(id, target) }); len(found) != 1 {
				return nil, problems
			}
		}
		revs = append(revs, found...)
	}
	return revs, nil
}

package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

func (p *program) edit() *cobra.Command {
	var down settings.Switch
	return p.command(action{
		use: "edit REV…", targets: true,
		short: "open a revision's file in your editor",
		long: `Opens the up file on disk in the editor that VISUAL or EDITOR names, and looks afterwards
at what is wrong with the files.`,
		example: "edit head\nedit ae10 --down\nedit current",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		check:   atLeastOne("say which revision: its id or the beginning of it, a label, head or current"),
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &down, "down", "", "", "open the down file")
		},
		run: func(r *run) error { return r.edit(bool(down)) },
	})
}

func (r *run) edit(down bool) error {
	revs, err := r.editable()
	if err != nil {
		return err
	}
	files, err := scriptFiles(revs, down)
	if err != nil {
		return err
	}
	before, err := texts(files)
	if err != nil {
		return err
	}
	if err := r.editor(files); err != nil {
		return err
	}
	// What an editor has deleted or renamed shows in the set.
	if _, err := r.set(); err != nil {
		return err
	}
	after, err := texts(files)
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
		r.log.Info("nothing was changed")
		return nil
	}
	d.Next = r.afterDraft()
	r.say(strings.Join(d.Changed, "\n"))
	r.log.Info("then: "+d.Next, "next", d.Next)
	return nil
}

// scriptFiles are the up files of revisions, or the down files.
func scriptFiles(revs []*revision.Revision, down bool) ([]string, error) {
	var files []string
	for _, rev := range revs {
		script := rev.Up
		if down {
			script = rev.Down
		}
		if script == nil {
			return nil, &migrator.UsageError{Text: rev.ID + " has no down file; write " + rev.DownFile() + " when there is a way back"}
		}
		files = append(files, filepath.FromSlash(script.File))
	}
	return files, nil
}

// editable are the revisions that the arguments name. Where the files are wrong there is
// no graph, and yet one of them has to be opened to mend it: then an id, or the beginning
// of one, is enough.
func (r *run) editable() ([]*revision.Revision, error) {
	set, err := r.written()
	problems, wrong := errors.AsType[revision.Problems](err)
	switch {
	case wrong:
		return r.wrong(problems)
	case err != nil:
		return nil, err
	case !slices.ContainsFunc(r.args, needsDatabase):
		ids, err := namedOnDisk(set, "edit", r.args)
		return r.onDisk(set, ids, err)
	}
	l, err := r.look(true)
	if err != nil {
		return nil, err
	}
	ids, err := named("edit", r.args, l.Find)
	return r.onDisk(l.set, ids, err)
}

// onDisk gives the revisions of ids.
func (r *run) onDisk(set *migrator.Set, ids []string, err error) ([]*revision.Revision, error) {
	if err != nil {
		return nil, err
	}
	var revs []*revision.Revision
	for _, id := range ids {
		rev := set.Revision(id)
		if rev == nil {
			return nil, &migrator.UsageError{Text: id + " is applied, but no file in " + terminal.Quote(r.dir()) + " has it: take the files from the program that applied it"}
		}
		revs = append(revs, rev)
	}
	return revs, nil
}

// wrong finds revisions among files with problems.
func (r *run) wrong(problems revision.Problems) ([]*revision.Revision, error) {
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
		found := those(func(id string) bool { return id == target }) // several: that is what is wrong
		if len(found) == 0 {
			if found = those(func(id string) bool { return strings.HasPrefix(id, target) }); len(found) != 1 {
				return nil, problems
			}
		}
		revs = append(revs, found...)
	}
	return revs, nil
}

// texts are the contents of files.
func texts(files []string) ([]string, error) {
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

// editor opens files and waits until the editor has ended.
func (r *run) editor(files []string) error {
	command := ""
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if command == "" {
			command = strings.TrimSpace(variable(r.environ(), name))
		}
	}
	if command == "" {
		return &migrator.UsageError{Text: "no editor is named: set VISUAL or EDITOR, or open " + strings.Join(files, " ")}
	}
	// The variable holds a command line, such as code --wait, for a shell. (Package os/exec
	// would make the program 40 kB larger.)
	attr := &os.ProcAttr{Env: r.environ(), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}}
	if r.settings.JSON {
		attr.Files[1] = os.Stderr // the document stands alone on the other one
	}
	process, err := os.StartProcess("/bin/sh", append([]string{"sh", "-c", command + ` "$@"`, command}, files...), attr)
	if err != nil {
		return &fileError{err}
	}
	// Ctrl+C in the editor reaches this process too, but is not meant for it. Ignored any
	// earlier, it would be ignored by the editor as well.
	signal.Ignore(os.Interrupt)
	stop := context.AfterFunc(r.ctx, func() { _ = process.Signal(syscall.SIGTERM) })
	state, err := process.Wait()
	stop()
	signal.Reset(os.Interrupt)
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case err != nil:
		return err
	case !state.Success():
		return &migrator.UsageError{Text: "the editor " + terminal.Printable(command) + ": " + state.String() + "; the files are as it left them"}
	}
	return nil
}

// variable is one of the environment; of several with its name the last.
func variable(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

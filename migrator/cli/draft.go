package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/revision"
)

// draft is what the command revision was told.
type draft struct {
	message                 settings.Message
	id, versionPath         settings.Text
	head, labels, dependsOn settings.List
	splice                  settings.Switch
}

func (p *program) revision() *cobra.Command {
	var d draft
	return p.command(action{
		use: "revision -m MESSAGE", short: "write the two files of a new revision",
		long: `Writes an up and a down file into the folder of revisions, on top of the head. It works
on disk: the next build embeds what was written.`,
		example: "revision -m \"add email to account\"\nrevision -m \"add coupon\" --head shop@head\nrevision -m \"new branch\" --head base --branch-label shop",
		groups:  []string{settings.GroupFiles, settings.GroupOutput},
		check: func(args []string) error {
			if len(args) > 0 {
				return &migrator.UsageError{Text: "the message belongs after -m, in quotes: revision -m " + terminal.Quote(strings.Join(args, " "))}
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &d.message, "message", p.shorthand("message"), "MESSAGE", "what the revision does")
			settings.AddFlag(f, &d.head, "head", "", "TARGET", "what comes before; default: the head; base begins a branch")
			settings.AddFlag(f, &d.splice, "splice", "", "", "allow a --head that is no head: a branch begins there")
			settings.AddFlag(f, &d.labels, "branch-label", "", "LABEL", "name the branch that begins here")
			settings.AddFlag(f, &d.dependsOn, "depends-on", "", "TARGET", "what has to be applied before, beside what comes before")
			settings.AddFlag(f, &d.id, "rev-id", "", "ID", "default: 12 random hex digits")
			settings.AddFlag(f, &d.versionPath, "version-path", "", "DIR", "write into this folder below --dir")
		},
		run: func(r *run) error { return r.draft(&d) },
	})
}

func (r *run) draft(d *draft) error {
	message := revision.CleanMessage(string(d.message))
	if message == "" {
		return &migrator.UsageError{Text: `say what the revision does: -m "add email to account"`}
	}
	set, err := r.written()
	if err != nil {
		return err
	}
	rev, err := d.revision(set)
	if err != nil {
		return err
	}
	rev.Message = message
	return r.write(rev, string(d.versionPath), "write the SQL, and delete the down file when there is no way back")
}

// written is the set of revisions on disk, whatever is built in: where authoring
// commands work.
func (r *run) written() (*migrator.Set, error) {
	r.settings.Dir = r.dir()
	return r.set()
}

// write writes a revision's files and says what to do with them.
func (r *run) write(rev *revision.Revision, versionPath, advice string) error {
	folder, err := r.folder(versionPath)
	if err != nil {
		return err
	}
	up, down, err := revision.Write(folder, rev, rev.Created)
	if err != nil {
		if is[*fs.PathError](err) {
			return &fileError{err}
		}
		return err
	}
	next := r.afterDraft()
	r.document = &draftDocument{Revision: rev.ID, DownRevision: list(rev.DownRevision), Files: []string{up, down}, Next: next}
	if !r.settings.JSON {
		r.out.Print(up + "\n" + down + "\n")
	}
	r.log.Info(advice+"; then: "+next, "next", next)
	return nil
}

// revision makes the revision, checked against those that are there.
func (d *draft) revision(set *migrator.Set) (*revision.Revision, error) {
	rev := &revision.Revision{
		ID: string(d.id), BranchLabels: d.labels, Created: time.Now().UTC().Truncate(time.Second),
		// An empty line parts the header from what will be written.
		Up: &revision.Script{Text: "\n", Transactional: true}, Down: &revision.Script{Text: "\n", Transactional: true},
	}
	if rev.ID == "" {
		rev.ID = revision.NewID(func(id string) bool { return set.Revision(id) != nil })
	}
	if err := revision.CheckID(rev.ID); err != nil {
		return nil, err
	}
	if old := set.Revision(rev.ID); old != nil {
		return nil, &revision.ExistsError{ID: rev.ID, File: old.Up.File}
	}
	var err error
	if rev.DownRevision, err = d.parents(set); err != nil {
		return nil, err
	}
	if rev.DependsOn, err = resolve(set, "--depends-on", d.dependsOn); err != nil {
		return nil, err
	}
	return rev, d.fits(set, rev)
}

// parents are the down revisions.
func (d *draft) parents(set *migrator.Set) ([]string, error) {
	heads := set.Graph().Heads()
	if len(d.head) == 0 {
		if len(heads) > 1 {
			return nil, &migrator.UsageError{Text: "there are " + terminal.Count(len(heads), "head") + ", " + terminal.FirstFew(heads) +
				"; say which of them comes before: --head " + strings.Join(heads[:min(len(heads), 3)], " or --head ")}
		}
		return heads, nil
	}
	ids, err := resolve(set, "--head", d.head)
	if err != nil || bool(d.splice) {
		return ids, err
	}
	for _, id := range ids {
		if !slices.Contains(heads, id) {
			return nil, &migrator.UsageError{Text: id + " is no head: " + terminal.FirstFew(set.Graph().Children(id)) +
				" builds on it; --splice begins a branch there"}
		}
	}
	return ids, nil
}

// resolve gives the ids that targets name; none for base.
func resolve(set *migrator.Set, flag string, targets []string) ([]string, error) {
	var ids []string
	for _, target := range targets {
		if needsDatabase(target) {
			return nil, &migrator.UsageError{Text: flag + " " + terminal.Quote(target) + ": only a database has a current revision; name the revision"}
		}
		found, err := set.Offline().Find(target)
		if err != nil {
			return nil, typedAfter(flag, err)
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

// typedAfter is the error of a target that was typed after another word than show.
func typedAfter(word string, err error) error {
	e, ok := errors.AsType[*migrator.TargetError](err)
	if !ok {
		return err
	}
	named := *e
	named.Verb = word
	return &named
}

// fits makes sure that the new revision and the others make one graph.
func (d *draft) fits(set *migrator.Set, rev *revision.Revision) error {
	nodes := []graph.Node{{ID: rev.ID, DownRevision: rev.DownRevision, DependsOn: rev.DependsOn, BranchLabels: rev.BranchLabels}}
	for _, old := range set.Revisions() {
		nodes = append(nodes, graph.Node{ID: old.ID, DownRevision: old.DownRevision, DependsOn: old.DependsOn, BranchLabels: old.BranchLabels})
	}
	_, problems := graph.New(nodes)
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Text)
	}
	if len(texts) > 0 {
		return &migrator.UsageError{Text: "nothing was written: " + strings.Join(texts, "; ")}
	}
	return nil
}

// folder is where the files go: --dir, or a folder below it that is made when it is
// missing.
func (r *run) folder(versionPath string) (string, error) {
	if versionPath == "" {
		return r.dir(), nil
	}
	base, err := filepath.Abs(r.dir())
	if err != nil {
		return "", &fileError{err}
	}
	path, err := filepath.Abs(versionPath)
	if err != nil {
		return "", &fileError{err}
	}
	below, err := filepath.Rel(base, path)
	if err != nil || below == ".." || strings.HasPrefix(below, ".."+string(filepath.Separator)) {
		return "", &migrator.UsageError{Text: "--version-path " + terminal.Quote(versionPath) + " is not below " + terminal.Quote(r.dir()) + ", so nothing in it would be read"}
	}
	if err := os.MkdirAll(versionPath, 0o777); err != nil {
		return "", &fileError{err}
	}
	return filepath.Clean(versionPath), nil
}

// afterDraft is the command that applies what was written: a new build, when revisions
// are built in.
func (r *run) afterDraft() string {
	path := r.cmd.Parent().CommandPath()
	if r.FS == nil {
		next := path + " up"
		if r.dir() != defaultDir {
			next += " --dir " + terminal.Quote(r.dir())
		}
		return next
	}
	_, below, _ := strings.Cut(path, " ")
	return "go run . " + below + " up"
}

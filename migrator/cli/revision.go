package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

func (p *program) revision() *cobra.Command {
	var n newRevision
	var o draftFlags
	return p.command(action{
		use: "revision -m MESSAGE", elsewhere: []string{"create", "new", "add", "make", "generate"}, short: "create the files of a new revision",
		long: `Creates the up and the down file of a revision that follows the head. The files are
created on disk, and embedded when the program is built.

With --autogenerate they contain the SQL that leads from the schema of all revisions to a
desired one, such as schema.sql, and back. Both directions are run in a scratch database
before the files are written. What would block the users of a table that exists gets
revisions of its own, such as indexes, which are built concurrently.`,
		example: "revision -m \"add email to account\"\nrevision -m \"add coupon\" --head shop@head\nrevision -m \"new branch\" --head base --branch-label shop\n" +
			"revision -m \"add email to account\" --autogenerate\nrevision -m \"rename nick\" --autogenerate --rename public.account.nick:nickname --dry-run",
		groups: []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		check:  anyArgs,
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &n.message, "message", p.shorthand("message"), "MESSAGE", "what the revision does")
			settings.AddFlag(f, &n.head, "head", "", "TARGET", "its down revision (default: the head; base begins a branch)")
			settings.AddFlag(f, &n.splice, "splice", "", "", "allow a --head that is not a head: a branch begins there")
			settings.AddFlag(f, &n.labels, "branch-label", "", "LABEL", "label of the branch that begins here")
			settings.AddFlag(f, &n.dependsOn, "depends-on", "", "TARGET", "another revision that must be applied first")
			settings.AddFlag(f, &n.id, "rev-id", "", "ID", "id of the revision (default: 12 random hex digits)")
			settings.AddFlag(f, &n.versionPath, "version-path", "", "DIR", "create the files in this folder below --dir")
			o.flags(f)
		},
		run: func(r *run) error {
			message, err := r.messageOf(&n)
			switch {
			case err != nil:
				return err
			case bool(o.autogenerate):
				return r.autogenerate(&n, &o, message)
			}
			if err := o.refuse(r.cmd); err != nil {
				return err
			}
			return r.writeNewRevision(&n, message)
		},
	})
}

// newRevision is the flags that describe a new revision.
type newRevision struct {
	message                 settings.Message
	id, versionPath         settings.Text
	head, labels, dependsOn settings.List
	splice                  settings.Switch
}

// messageOf returns the message of a new revision.
func (r *run) messageOf(n *newRevision) (string, error) {
	if len(r.args) > 0 {
		message := strings.Join(append(strings.Fields(string(n.message)), r.args...), " ")
		return "", suggest(&settings.UsageError{Text: "the message must follow -m, in quotes"},
			suggestion{"", r.sameLineWith(r.cmd, nil, flagValue{"message", message})})
	}
	message := revision.CleanMessage(string(n.message))
	if message == "" {
		return "", &settings.UsageError{Text: `missing message: -m "add email to account"`}
	}
	return message, nil
}

func (r *run) writeNewRevision(n *newRevision, message string) error {
	set, err := r.diskSet()
	if err != nil {
		return err
	}
	rev, err := r.build(n, set)
	if err != nil {
		return err
	}
	rev.Message = message
	return r.writeRevision(rev, string(n.versionPath), "next: write the SQL (delete the down file if the revision is irreversible), then")
}

// build returns the revision, checked against the existing ones.
func (r *run) build(n *newRevision, set *migrator.Migrator) (*revision.Revision, error) {
	rev := &revision.Revision{
		ID: string(n.id), BranchLabels: n.labels, Created: time.Now().UTC().Truncate(time.Second),
	}
	if rev.ID == "" {
		rev.ID = revision.NewID(func(id string) bool { return set.Files().Revision(id) != nil })
	}
	if err := revision.CheckID(rev.ID); err != nil {
		return nil, err
	}
	if old := set.Files().Revision(rev.ID); old != nil {
		return nil, &revision.ExistsError{ID: rev.ID, File: old.Up.File}
	}
	var err error
	if rev.DownRevision, err = r.parents(n, set); err != nil {
		return nil, err
	}
	rev.AddSkeleton()
	if rev.DependsOn, err = resolveOnDisk(set, "--depends-on", n.dependsOn); err != nil {
		return nil, err
	}
	return rev, checkGraph(set, rev)
}

// parents returns the down revisions.
func (r *run) parents(n *newRevision, set *migrator.Migrator) ([]string, error) {
	heads := set.Files().Graph().Heads()
	if len(n.head) == 0 {
		if len(heads) > 1 {
			return nil, r.selectHead(heads)
		}
		return heads, nil
	}
	ids, err := resolveOnDisk(set, "--head", n.head)
	if err != nil || bool(n.splice) {
		return ids, err
	}
	for _, id := range ids {
		if !slices.Contains(heads, id) {
			return nil, suggest(&settings.UsageError{Text: notAHead(set.Files().Graph(), id)},
				to("begin a branch there", r.sameLine(r.cmd, flagValue{"splice", "true"})))
		}
	}
	return ids, nil
}

// selectHead returns the error for a new revision that could follow several heads.
func (r *run) selectHead(heads []string) error {
	var choices []suggestion
	for _, id := range heads[:min(len(heads), 3)] {
		choices = append(choices, to("follow "+id, r.sameLine(r.cmd, flagValue{"head", id})))
	}
	return suggest(&settings.UsageError{Text: "there are " + text.Count(len(heads), "head") + ", " + text.List(heads, "and")}, choices...)
}

// checkGraph returns an error unless rev and the existing revisions are a graph.
func checkGraph(set *migrator.Migrator, rev *revision.Revision) error {
	nodes := []graph.Node{{ID: rev.ID, DownRevision: rev.DownRevision, DependsOn: rev.DependsOn, BranchLabels: rev.BranchLabels}}
	for _, old := range set.Files().Revisions() {
		nodes = append(nodes, graph.Node{ID: old.ID, DownRevision: old.DownRevision, DependsOn: old.DependsOn, BranchLabels: old.BranchLabels, Replaces: old.ReplacedIDs()})
	}
	_, problems := graph.New(nodes)
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Text)
	}
	if len(texts) > 0 {
		return &settings.UsageError{Text: "nothing was written: " + strings.Join(texts, "; ")}
	}
	return nil
}

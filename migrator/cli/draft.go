package cli

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// headingAutogenerate is the heading in the help for the flags of --autogenerate.
const headingAutogenerate = "Autogenerate"

// defaultSchema is the file with the desired schema.
const defaultSchema = "schema.sql"

// draftFlags are the flags of revision --autogenerate.
type draftFlags struct {
	autogenerate, dryRun settings.Switch
	schema               settings.Text
	rename, ignore       settings.List
	noRename, noSplit    settings.Switch
	destructive          settings.Switch
	owners, privileges   settings.Switch
}

func (o *draftFlags) flags(f *pflag.FlagSet) {
	o.schema = defaultSchema
	for _, one := range []struct {
		value              pflag.Value
		name, holder, help string
	}{
		{&o.autogenerate, "autogenerate", "", "write the SQL that leads to the desired schema, and back"},
		{&o.schema, "schema", "SCHEMA", "desired: an SQL file, a folder of them, or \"database\" [" + defaultSchema + "]"},
		{&o.dryRun, "dry-run", "", "print the files, and write none"},
		{&o.rename, "rename", "OLD:NEW,…", "an object that has another name in the desired schema"},
		{&o.noRename, "no-rename", "", "drop and add what --rename does not name"},
		{&o.noSplit, "no-split", "", "write one revision, even if it blocks users of large tables"},
		{&o.destructive, "destructive", "", "drop and make again tables that cannot be altered"},
		{&o.ignore, "ignore", "GLOB,…", "leave the objects with these names as they are"},
		{&o.owners, "owners", "", "write owners"},
		{&o.privileges, "privileges", "", "write privileges"},
	} {
		settings.AddFlag(f, one.value, one.name, "", one.holder, one.help)
		f.Lookup(one.name).Annotations[annotationHeading] = []string{headingAutogenerate}
	}
}

// refuse returns an error if a flag was given that requires --autogenerate.
func (o *draftFlags) refuse(cmd *cobra.Command) error {
	var given []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "autogenerate" && slices.Contains(f.Annotations[annotationHeading], headingAutogenerate) {
			given = append(given, "--"+f.Name)
		}
	})
	if len(given) == 0 {
		return nil
	}
	verb := " requires"
	if len(given) > 1 {
		verb = " require"
	}
	return &settings.UsageError{Text: text.List(given, "and") + verb + " --autogenerate"}
}

// autogenerate writes the revisions that lead to the desired schema.
func (r *run) autogenerate(n *newRevision, o *draftFlags, message string) error {
	r.dirGiven = r.dirGiven || r.settings.Dir != ""
	r.settings.Dir = r.dir()
	if err := r.checkVersionPath(string(n.versionPath)); err != nil {
		return err
	}
	side, err := r.desiredSide(string(o.schema))
	if err != nil {
		return err
	}
	set, cfg, err := r.openScratch(side.name == "database")
	if err != nil {
		return err
	}
	if side.name == "database" {
		side.source.Database = cfg
	}
	rev, err := r.build(n, set)
	if err != nil {
		return r.orMerge(err, n, set)
	}
	d, err := set.Draft(r.ctx, side.source, r.draftOptions(n, o, rev, message))
	if err != nil {
		return r.scratchFailed(err)
	}
	v := draftView{run: r, Draft: d, desired: side.label, schema: string(o.schema)}
	if len(d.Revisions) > 0 && !bool(o.dryRun) {
		if err := r.sameFiles(set); err != nil {
			return err
		}
		if v.files, err = r.writeDraft(d, string(n.versionPath)); err != nil {
			return err
		}
	}
	return v.report(bool(o.dryRun))
}

func (r *run) draftOptions(n *newRevision, o *draftFlags, rev *revision.Revision, message string) migrator.DraftOptions {
	options := migrator.DraftOptions{
		Message: message, DownRevision: list(rev.DownRevision), DependsOn: rev.DependsOn, BranchLabels: rev.BranchLabels, ID: string(n.id), Created: rev.Created,
		Folder: r.dir(), Single: bool(o.noSplit), Destructive: bool(o.destructive), Owners: bool(o.owners), Privileges: bool(o.privileges),
		Ignore: o.ignore, Renames: o.rename, NoRename: bool(o.noRename),
	}
	if r.canAsk() {
		a := r.newAsker()
		options.AskRename = func(possible []migrator.PossibleRename) (int, error) {
			r.endScratchProgress()
			return a.renamed(possible)
		}
	}
	return options
}

// desiredSide returns what --schema names, but for the configuration of a database.
func (r *run) desiredSide(name string) (schemaSide, error) {
	side := schemaSide{name: name, label: name}
	if name == "database" {
		side.label = "the database"
		return side, nil
	}
	var err error
	side.source.Files, err = migrator.LoadSchemaFiles(name)
	if errors.Is(err, fs.ErrNotExist) {
		problem := "the desired schema " + terminal.Quote(name) + " does not exist"
		file := name
		if strings.HasSuffix(name, "/") {
			file += "schema.sql"
		}
		if folder := filepath.Dir(file); !fileExists(folder) {
			return side, &fileError{errors.New(problem + ", and neither does the folder " + terminal.Quote(folder))}
		}
		return side, suggest(&fileError{errors.New(problem)}, to("write it from the revisions, as the file to edit", r.onDisk("schema", flagValue{"out", file})))
	}
	return side, err
}

// onDisk returns the line of another command that reads the revisions on disk.
func (r *run) onDisk(command string, changes ...flagValue) string {
	if r.FS != nil {
		changes = append(changes, flagValue{"dir", r.dir()})
	}
	return r.otherLine(r.cmd, []string{command}, changes...)
}

// orMerge adds to an error about several heads how to follow all of them.
func (r *run) orMerge(err error, n *newRevision, set *migrator.Migrator) error {
	e, ok := errors.AsType[*suggestedError](err)
	if !ok || len(n.head) > 0 {
		return err
	}
	heads := set.Files().Graph().Heads()
	return suggest(e.err, append([]suggestion{to("follow all", r.sameLine(r.cmd, flagValue{"head", strings.Join(heads, ",")}))}, e.suggestions...)...)
}

// sameFiles returns an error if the folder has other revisions than before.
func (r *run) sameFiles(set *migrator.Migrator) error {
	now, err := r.set()
	if err != nil {
		return err
	}
	if slices.Equal(idsOf(set), idsOf(now)) {
		return nil
	}
	return suggest(&settings.UsageError{Text: "the revisions in " + r.dir() + " have changed in the meantime; nothing was written"}, to("draft from what is there now", r.sameLine(r.cmd)))
}

func idsOf(set *migrator.Migrator) []string {
	var ids []string
	for _, rev := range set.Files().Revisions() {
		ids = append(ids, rev.ID+" "+rev.Up.Digest())
	}
	return ids
}

// writeDraft writes the files and returns their names.
func (r *run) writeDraft(d *migrator.Draft, versionPath string) ([]string, error) {
	folder, undo, err := r.versionFolder(versionPath)
	if err != nil {
		return nil, err
	}
	files, err := d.Write(folder)
	if err != nil {
		undo()
	}
	return files, err
}

// oneOfEach returns renames that can be applied together, the likeliest for each object and for each new name, and what they do.
func oneOfEach(possible []migrator.PossibleRename) (verb string, renames []string) {
	seen, verbs := map[string]bool{}, map[string]bool{}
	possible = slices.Clone(possible)
	sort.SliceStable(possible, func(i, j int) bool { return possible[i].Likeness > possible[j].Likeness })
	var chosen []migrator.PossibleRename
	for _, r := range possible {
		table := r.Key.Name[:strings.LastIndex(r.Key.Name, ".")+1]
		if to := r.Key.Kind.String() + " " + table + r.To(); !seen[r.Key.String()] && !seen[to] {
			chosen = append(chosen, r)
			verbs[strings.TrimSuffix(r.Verb(), "d")] = true
			seen[to], seen[r.Key.String()] = true, true
		}
	}
	sort.SliceStable(chosen, func(i, j int) bool { return chosen[i].Key.Compare(chosen[j].Key) < 0 })
	for _, r := range chosen {
		renames = append(renames, r.Rename)
	}
	return strings.Join(slices.Sorted(maps.Keys(verbs)), " and "), renames
}

// draftProblem returns what to do about a draft that was not made.
func (a adviser) draftProblem(e *migrator.DraftError) advice {
	switch e.Problem {
	case migrator.DraftRenames:
		var given []string
		if f := a.cmd.Flags().Lookup("rename"); f != nil && f.Value.String() != "" {
			given = append(given, f.Value.String())
		}
		verb, renames := oneOfEach(e.Renames)
		them := terminal.Plural(len(renames), "it", "them")
		if len(e.Renames) > len(renames) {
			them += ", to the most similar " + terminal.Plural(len(renames), "name", "names") + " here,"
		}
		return advice{"", []suggestion{
			to(verb+" "+them+" and keep the rows", a.sameLine(a.cmd, flagValue{"rename", strings.Join(append(given, renames...), ",")})),
			to("drop and add", a.sameLine(a.cmd, flagValue{"no-rename", "true"})),
		}}
	case migrator.DraftUnproven, migrator.DraftFailed:
		return advice{"write this change by hand", nil}
	case migrator.DraftNeedsBranch:
		return advice{"", []suggestion{to("follow all heads", a.sameLine(a.cmd, flagValue{"head", strings.Join(e.Heads, ",")}))}}
	case migrator.DraftNoDown:
		if se, ok := errors.AsType[*migrator.SchemaError](e.Unwrap()); ok {
			return a.schemaProblem(se)
		}
	}
	return advice{}
}

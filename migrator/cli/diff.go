package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	ignore, rename     settings.List
	owners, privileges settings.Switch
	sql, destructive   settings.Switch
	locks              settings.Switch
}

func (p *program) diff() *cobra.Command {
	o := &diffOptions{}
	return p.command(action{
		use: "diff [[FROM] TO]", targets: true,
		short: "show how two schemas differ",
		long: `Shows the objects that differ between two schemas, and exits with 3 if there are any. FROM and
TO are each "database", "applied" (what the revisions that are applied in the database
make), a TARGET, or an SQL file or a folder of SQL files, whose name contains / or ends in
.sql. By default it compares the database with what its applied revisions make.`,
		example: "diff\ndiff head\ndiff database ./schema.sql\ndiff 433a head --json\ndiff --ignore 'public.tmp_*'",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &o.ignore, "ignore", "", "GLOB,…", "leave out the objects with these names")
			settings.AddFlag(f, &o.rename, "rename", "", "OLD:NEW", "an object of FROM that has another name in TO")
			settings.AddFlag(f, &o.sql, "sql", "", "", "print the statements that turn FROM into TO")
			settings.AddFlag(f, &o.locks, "locks", "", "", "list what the statements of --sql lock")
			settings.AddFlag(f, &o.destructive, "destructive", "", "", "with --sql or --locks: drop and make again what cannot be altered")
			settings.AddFlag(f, &o.owners, "owners", "", "", "compare owners")
			settings.AddFlag(f, &o.privileges, "privileges", "", "", "compare privileges")
		},
		check: func(args []string) error {
			if len(args) > 2 {
				return &settings.UsageError{Text: "diff takes two schemas, not " + fmt.Sprint(len(args)) + ": " + strings.Join(args, " ")}
			}
			return nil
		},
		run: func(r *run) error { return r.diff(o) },
	})
}

// differencesError ends a diff that has printed differences.
type differencesError struct{ text string }

func (e *differencesError) Error() string { return e.text }

// Kind returns kindFound.
func (e *differencesError) Kind() migrator.Kind { return kindFound }

func (r *run) diff(o *diffOptions) error {
	if bool(o.sql) && bool(o.locks) && !r.settings.JSON {
		return &settings.UsageError{Text: "--sql prints nothing but statements: leave out --sql or --locks, or add --json"}
	}
	names := []string{"database", "applied"}
	switch len(r.args) {
	case 1:
		names[1] = r.args[0]
	case 2:
		names = r.args
	}
	sides, set, err := r.schemaSides(names...)
	if err != nil {
		return err
	}
	d, err := set.Diff(r.ctx, sides[0].source, sides[1].source, migrator.DiffOptions{
		Owners: bool(o.owners), Privileges: bool(o.privileges), Ignore: o.ignore, Renames: o.rename, Destructive: bool(o.destructive),
	})
	if err != nil {
		return r.scratchFailed(r.unknownSide(err, r.args))
	}
	r.warnOfUnused(d.Unused, d.From, d.To)
	doc := newDiffDocument(d, names)
	v := diffView{run: r, SchemaDiff: d, from: sides[0].label, to: sides[1].label, renames: o.rename}
	switch {
	case bool(o.sql) && r.settings.JSON:
		doc.Statements, err = statementDocuments(d)
	case bool(o.sql):
		err = v.printSQL()
	case !r.settings.JSON:
		v.print()
	}
	if err == nil && bool(o.locks) {
		doc.Locks, err = v.locks()
	}
	if err != nil {
		return err
	}
	r.document = doc
	v.warnAboutVersions()
	return v.result()
}

// locks returns what the statements lock, and prints it.
func (v *diffView) locks() ([]relationLockDocument, error) {
	locks, err := v.Locks()
	if err != nil || v.settings.JSON || len(locks) == 0 {
		return lockDocuments(locks...), err
	}
	v.out.Print("\nto turn " + v.from + " into " + v.to + ", the statements of --sql lock:\n")
	var t terminal.Table
	for _, l := range locks {
		style := map[schema.Blocks]terminal.Style{schema.BlocksAll: terminal.Red, schema.BlocksWrites: terminal.Yellow, schema.BlocksNothing: terminal.Plain}[l.Mode.Blocks()]
		blocks := "does not block reads and writes"
		if b := l.Mode.Blocks(); b != schema.BlocksNothing {
			blocks = "blocks " + string(b)
		}
		t.Add(terminal.Plain.Cell(strings.ToLower(l.Object.Kind.String())), terminal.Bold.Cell(l.Object.Name), terminal.Plain.Cell(l.Mode.String()), style.Cell(blocks))
	}
	v.out.PrintTable(t)
	return nil, nil
}

func (v *diffView) printSQL() error {
	sql, err := v.SQL()
	if err == nil {
		v.out.PrintSQL(sql)
	}
	return err
}

// diffView prints a difference.
type diffView struct {
	*run
	*migrator.SchemaDiff
	from, to string
	renames  []string // as they were given
}

func (v *diffView) print() {
	if len(v.Differences)+len(v.Renames()) == 0 {
		v.out.Print("no differences\n")
		return
	}
	var t terminal.Table
	for _, r := range v.Renames() {
		t.Add(terminal.Yellow.Cell(r.Verb()), terminal.Plain.Cell(strings.ToLower(r.Key.Kind.String())), terminal.Bold.Cell(r.Key.Name), terminal.Plain.Cell("-> "+r.To()))
	}
	for _, d := range v.Differences {
		where := map[schema.Change]terminal.Cell{
			schema.Removed:       terminal.Red.Cell("only in " + v.from),
			schema.Added:         terminal.Green.Cell("only in " + v.to),
			schema.Changed:       terminal.Yellow.Cell("differs"),
			schema.NotComparable: terminal.Faint.Cell("not comparable"),
		}[d.Change]
		t.Add(where, terminal.Plain.Cell(strings.ToLower(d.Key.Kind.String())), terminal.Bold.Cell(d.Key.Name), terminal.Plain.Cell(v.facts(d)))
		if v.settings.Verbose {
			for _, f := range d.Facts {
				t.Add(terminal.Cell{}, terminal.Faint.Cell(f.Name), terminal.Plain.Cell(v.from+": "+orDefault(f.From)))
				t.Add(terminal.Cell{}, terminal.Cell{}, terminal.Plain.Cell(v.to+": "+orDefault(f.To)))
			}
		}
	}
	v.out.PrintTable(t)
}

// facts returns which facts differ: short ones with their values, and all others by their names.
func (v *diffView) facts(d schema.Difference) string {
	const longest = 60
	var parts []string
	for _, f := range d.Facts {
		short := utf8.RuneCountInString(f.From+f.To) <= longest && !strings.Contains(f.From+f.To, "\n")
		if short && !v.settings.Verbose {
			parts = append(parts, f.Name+": "+orDefault(f.From)+" -> "+orDefault(f.To))
		} else {
			parts = append(parts, f.Name)
		}
	}
	return strings.Join(parts, "; ")
}

// orDefault returns the value of a fact. Defaults are no facts.
func orDefault(value string) string {
	if value == "" {
		return "(default)"
	}
	return value
}

func (v *diffView) warnAboutVersions() {
	if newest := max(v.From.Version, v.To.Version) / 10000; newest > migrator.NewestServer {
		v.warn(eventNotComparable, fmt.Sprintf("PostgreSQL %d is newer than this program knows (%d): what it has added is not compared", newest, migrator.NewestServer),
			"from_version", v.From.Version/10000, "to_version", v.To.Version/10000)
	}
	n := 0
	for _, d := range v.Differences {
		if d.Change == schema.NotComparable {
			n++
		}
	}
	if n > 0 {
		from, to := v.From.Version/10000, v.To.Version/10000
		v.warn(eventNotComparable, fmt.Sprintf("PostgreSQL %d and %d print %s in different ways, so that it is unknown whether they differ; compare schemas of one major version",
			from, to, text.Count(n, "object")), "objects", n, "from_version", from, "to_version", to)
	}
}

// result returns the error that says how many objects differ, and asks about renames.
func (v *diffView) result() error {
	if v.Equal() {
		return nil
	}
	n := len(v.Renames())
	for _, d := range v.Differences {
		if d.Change != schema.NotComparable {
			n++
		}
	}
	return suggest(&differencesError{fmt.Sprintf("%s and %s differ in %s", v.from, v.to, text.Count(n, "object"))}, v.suggestRenames()...)
}

// suggestRenames returns a command for the likeliest rename of each object, or one for all of them if there are many.
func (v *diffView) suggestRenames() (ask []suggestion) {
	with := func(renames ...string) string {
		return v.sameLine(v.cmd, flagValue{"rename", strings.Join(append(slices.Clone(v.renames), renames...), ",")})
	}
	var last schema.Key
	for _, r := range v.PossibleRenames {
		if r.Key != last {
			ask = append(ask, to("compare "+r.Key.Name+" as an object that is called "+newName(r.Renaming)+" now", with(r.Rename)))
		}
		last = r.Key
	}
	if len(ask) > text.MaxListed {
		_, renames := oneOfEach(v.PossibleRenames)
		return []suggestion{to(fmt.Sprintf("compare %d objects as ones that have other names now", len(renames)), with(renames...))}
	}
	return ask
}

// newName returns the new name as it is, or with the schema, quoted where needed, if that is another one.
func newName(r schema.Renaming) string {
	if r.Schema != "" {
		return r.To()
	}
	return r.Name
}

func newDiffDocument(d *migrator.SchemaDiff, names []string) *diffDocument {
	doc := &diffDocument{From: names[0], To: names[1], Equal: d.Equal(), Differences: []differenceDocument{}, Renames: []renamedDocument{}, PossibleRenames: []renameDocument{}}
	for _, o := range d.Differences {
		difference := differenceDocument{Change: o.Change.String(), Kind: strings.ToLower(o.Key.Kind.String()), Name: o.Key.Name, Facts: []factDocument{}}
		for _, f := range o.Facts {
			difference.Facts = append(difference.Facts, factDocument{Name: f.Name, From: f.From, To: f.To, Comparable: !f.NotComparable})
		}
		doc.Differences = append(doc.Differences, difference)
	}
	for _, r := range d.Renames() {
		doc.Renames = append(doc.Renames, renamedDocument{strings.ToLower(r.Key.Kind.String()), r.Key.Name, newName(r)})
	}
	for _, r := range d.PossibleRenames {
		doc.PossibleRenames = append(doc.PossibleRenames, renameDocument{r.Key.Name, newName(r.Renaming), r.Rename})
	}
	return doc
}

// statementDocuments returns the statements of --sql.
func statementDocuments(d *migrator.SchemaDiff) ([]statementDocument, error) {
	statements, err := d.Statements()
	docs := []statementDocument{}
	for _, s := range statements {
		doc := statementDocument{SQL: s.SQL, Does: s.Does.String(), Kind: strings.ToLower(s.Object.Kind.String()), Name: s.Object.Name, Marks: []markDocument{}, Locks: lockDocuments(s.Locks...)}
		for _, m := range s.Marks {
			doc.Marks = append(doc.Marks, markDocument{m.Effect.String(), strings.ToLower(m.Object.Kind.String()), m.Object.Name})
		}
		docs = append(docs, doc)
	}
	return docs, err
}

func lockDocuments(locks ...ddl.Lock) []relationLockDocument {
	docs := []relationLockDocument{}
	for _, l := range locks {
		docs = append(docs, relationLockDocument{l.Mode.String(), string(l.Mode.Blocks()), strings.ToLower(l.Object.Kind.String()), l.Object.Name})
	}
	return docs
}

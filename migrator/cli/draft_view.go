package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// draftView reports a draft.
type draftView struct {
	*run
	*migrator.Draft
	schema, desired string   // as the command line and as a sentence names it
	files           []string // that were written
}

func (v *draftView) report(dryRun bool) error {
	d := diffView{run: v.run, SchemaDiff: v.Diff}
	d.warnAboutVersions()
	v.warnOfUnused(v.Diff.Unused, v.Diff.From, v.Diff.To)
	v.warnAboutEffects()
	doc := v.newDocument()
	v.document = doc
	switch {
	case len(v.Revisions) == 0:
		v.say("nothing to do: the revisions and " + v.desired + " agree")
		return nil
	case dryRun:
		v.printScripts()
		return nil
	}
	doc.Next = v.nextUp()
	v.printDifferences()
	v.say(strings.Join(v.files, "\n"))
	v.logNext("next: read the SQL, then", doc.Next)
	return nil
}

// printDifferences prints what the draft does to each object.
func (v *draftView) printDifferences() {
	if v.settings.JSON || v.settings.Quiet {
		return
	}
	var t terminal.Table
	add := func(style terminal.Style, word string, key schema.Key, more string) {
		t.Add(style.Cell(word), terminal.Plain.Cell(strings.ToLower(key.Kind.String())), terminal.Bold.Cell(key.Name), terminal.Plain.Cell(more))
	}
	for _, r := range v.Diff.Renames() {
		add(terminal.Yellow, strings.TrimSuffix(r.Verb(), "d"), r.Key, "-> "+r.To())
	}
	d := diffView{run: v.run}
	for _, o := range v.Diff.Differences {
		switch o.Change {
		case schema.Removed:
			add(terminal.Red, "drop", o.Key, "")
		case schema.Added:
			add(terminal.Green, "add", o.Key, "")
		case schema.Changed:
			add(terminal.Yellow, "change", o.Key, d.facts(o))
		}
	}
	v.out.PrintTable(t)
}

// printScripts prints the files of a dry run, each after its name.
func (v *draftView) printScripts() {
	if v.settings.JSON {
		return
	}
	for i, rev := range v.Revisions {
		up, down := rev.Format()
		if i > 0 {
			v.out.Print("\n")
		}
		for j, script := range []string{up, down} {
			if j > 0 {
				v.out.Print("\n")
			}
			v.out.Print("-- " + v.filesOf(rev)[j] + "\n")
			v.out.PrintSQL(script)
		}
	}
}

// filesOf returns the names of the files of a revision.
func (v *draftView) filesOf(rev *revision.Revision) []string {
	i := slices.Index(v.Revisions, rev)
	if len(v.files) > 2*i+1 {
		return v.files[2*i : 2*i+2]
	}
	return []string{filepath.FromSlash(rev.Up.File), filepath.FromSlash(rev.Down.File)}
}

// warnAboutEffects warns about what check will refuse.
func (v *draftView) warnAboutEffects() {
	if v.Unsplit != nil {
		reason := text.FirstLine(v.Unsplit.Error())
		v.warn(eventNotSplit, "it is one revision, whose statements may block the users of large tables, because several failed: "+reason, "reason", reason)
	}
	for _, e := range v.Effects {
		kind := strings.ToLower(e.Object.Kind.String())
		switch e.Effect {
		case "destroys":
			v.warn(eventDestroys, e.Revision+" destroys "+kind+" "+e.Object.Name+`; check requires "-- accept: `+acceptance(e.Object)+`" in the header of its up file`, "revision", e.Revision, "kind", kind, "name", e.Object.Name)
		case "asks for USING":
			v.warn(eventUsing, e.Revision+" converts "+kind+" "+e.Object.Name+" through text; check its USING, then remove the comment line above it", "revision", e.Revision, "kind", kind, "name", e.Object.Name)
		}
	}
}

// acceptance returns what accepts that an object is destroyed.
func acceptance(key schema.Key) string {
	return revision.Acceptance{Word: revision.AcceptDestroys, Object: terminal.Line(key.Name)}.String()
}

func (v *draftView) newDocument() *draftDocument {
	diff := newDiffDocument(v.Diff, []string{"heads", v.schema})
	doc := &draftDocument{Schema: v.schema, Written: len(v.files) > 0, Revisions: []draftRevisionDocument{}, Differences: diff.Differences, Renames: diff.Renames}
	if v.Unsplit != nil {
		doc.Unsplit = v.Unsplit.Error()
	}
	for _, rev := range v.Revisions {
		up, down := rev.Format()
		d := draftRevisionDocument{
			Revision: rev.ID, DownRevision: list(rev.DownRevision), Message: rev.Message, Transactional: rev.Up.Transactional, Files: v.filesOf(rev), Up: up, Down: down, Effects: []markDocument{},
			Locks: []relationLockDocument{},
		}
		for _, e := range v.Effects {
			if e.Revision == rev.ID {
				d.Effects = append(d.Effects, markDocument{e.Effect, strings.ToLower(e.Object.Kind.String()), e.Object.Name})
			}
		}
		for _, l := range v.Locks {
			if l.Revision == rev.ID {
				d.Locks = append(d.Locks, lockDocuments(l.Lock)...)
			}
		}
		doc.Revisions = append(doc.Revisions, d)
	}
	return doc
}

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// moveEach runs a verb for many targets, or shows what it would do.
func (r *run) moveEach(verb migrator.Verb, e *eachFlags, dryRun bool) error {
	f, err := r.eachOf(e)
	if err != nil {
		return err
	}
	if f.fleet == nil {
		return f.nothingLeft()
	}
	if dryRun {
		if err := f.showPlans(f.fleet.Preflight(r.ctx, verb, r.args...)); err != nil {
			return err
		}
		r.info(eventNothing, "nothing was changed (dry run)")
		return nil
	}
	err = collect(f, f.fleet.Move(r.ctx, verb, r.args...), func(d *targetDocument, report *migrator.Report) bool {
		d.Run = newMoveDocument(report)
		return len(report.Steps)+len(report.Replaced) > 0
	})
	if err != nil {
		return err
	}
	c := f.document.countsDocument
	line := text.Count(c.Done, "target") + " done"
	if idle := c.Done - c.Changed; c.Changed == 0 {
		line += ", nothing to do"
	} else if idle > 0 {
		line += fmt.Sprintf(": %d changed, %d had nothing to do", c.Changed, idle)
	}
	if !bool(e.jsonLines) {
		r.result(eventFinished, []terminal.Cell{terminal.Plain.Cell(line)}, line, "targets", c.Done, "changed", c.Changed)
	}
	return nil
}

// groups are targets with the same result.
type groups struct {
	byKey map[string]*group
	order []*group
}

type group struct {
	key     string
	targets []string
	rows    terminal.Table // what they have in common
	current bool           // nothing is left to do
	rank    int            // of a finding: the position of its revision
}

// add adds a target to the group with a key, and returns the group and whether it is new.
func (g *groups) add(key, target string) (one *group, isNew bool) {
	if g.byKey == nil {
		g.byKey = map[string]*group{}
	}
	if one = g.byKey[key]; one == nil {
		one = &group{key: key}
		g.byKey[key], isNew = one, true
		g.order = append(g.order, one)
	}
	one.targets = append(one.targets, target)
	return one, isNew
}

// sorted returns the groups, those of finished targets first, then the largest.
func (g *groups) sorted() []*group {
	for _, one := range g.order {
		slices.Sort(one.targets)
	}
	slices.SortStableFunc(g.order, func(a, b *group) int {
		if a.current != b.current && a.current {
			return -1
		}
		if a.current != b.current {
			return 1
		}
		return cmp.Or(len(b.targets)-len(a.targets), strings.Compare(a.key, b.key))
	})
	return g.order
}

// isText reports whether the result is text on standard output.
func (f *fleetRun) isText() bool { return !f.settings.JSON && !bool(f.flags.jsonLines) }

// names returns the targets of a group on one line.
func (f *fleetRun) names(g *group) string {
	if f.settings.Verbose {
		return quotedNames(g.targets, len(g.targets))
	}
	return quotedNames(g.targets, maxNames)
}

// statusEach shows how many targets are at which revision, then those that are not at the
// heads.
func (r *run) statusEach(e *eachFlags) error {
	f, err := r.eachOf(e)
	if err != nil {
		return err
	}
	if f.fleet == nil {
		return f.nothingLeft()
	}
	var at groups
	err = collect(f, f.fleet.Status(r.ctx), func(d *targetDocument, st *migrator.Status) bool {
		if st == nil {
			return false
		}
		d.Status = newStatusDocument(st)
		note := f.statusNote(st)
		g, isNew := at.add(idsOrBase(st.Current)+"\x00"+note, d.Target)
		if isNew {
			g.current = note == f.headNote(st)
			g.rows.Add(terminal.Bold.Cell(idsOrBase(st.Current)), terminal.Plain.Cell(note))
		}
		return false
	})
	if f.isText() {
		var t terminal.Table
		for _, g := range at.sorted() {
			t.Add(append([]terminal.Cell{terminal.Plain.Cell(fmt.Sprint(len(g.targets)))}, g.rows[0]...)...)
		}
		for _, g := range at.sorted() {
			if !g.current {
				t.Add(terminal.Plain.Cell(""), g.rows[0][0], terminal.Faint.Cell(f.names(g)))
			}
		}
		r.out.PrintTable(t)
	}
	return err
}

// headNote is the note of a target with nothing left to do.
func (f *fleetRun) headNote(st *migrator.Status) string {
	return terminal.Plural(len(st.Heads), "head", "heads")
}

// statusNote says what is left to do in a target.
func (f *fleetRun) statusNote(st *migrator.Status) string {
	var parts []string
	for _, s := range []struct {
		state migrator.RevisionState
		word  string
	}{
		{migrator.Pending, "pending"}, {migrator.Unfinished, "unfinished"}, {migrator.Modified, "modified"}, {migrator.Unknown, "unknown"},
	} {
		if n := st.Count(s.state); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s.word))
		}
	}
	for _, r := range st.Replacements {
		if r.Conflicts() {
			parts = append(parts, "only some of what "+r.Revision+" replaces")
		}
	}
	if parts == nil {
		return f.headNote(st)
	}
	return strings.Join(parts, ", ")
}

// checkEach reports what is not ready for a release in the files, and in many targets.
func (r *run) checkEach(e *eachFlags) error {
	f, err := r.eachOf(e)
	if err != nil {
		return err
	}
	if f.fleet == nil {
		return f.nothingLeft()
	}
	var all []migrator.Finding
	var found groups
	between := "" // the first target between replaced revisions
	order := f.set.Files().Graph().Order()
	note := func(finding migrator.Finding, target string) findingDocument {
		d := newFindingDocument(finding)
		g, isNew := found.add(d.Kind+"\x00"+d.Revision+"\x00"+d.Message, target)
		if isNew {
			if all = append(all, finding); between == "" && finding.Kind == migrator.FindingReplaced {
				between = target
			}
			if g.rank = -1; target != "" { // of the files themselves
				g.rank = slices.Index(order, d.Revision)
			}
			g.rows.Add(terminal.Yellow.Cell(stateName(d.Kind)), terminal.Bold.Cell(d.Revision), terminal.Plain.Cell(d.Message), terminal.Faint.Cell(d.position()))
		}
		return d
	}
	f.warnOfSchemas()
	for _, finding := range f.set.Files().Check() {
		f.document.Findings = append(f.document.Findings, note(finding, ""))
	}
	err = collect(f, f.fleet.Check(r.ctx), func(d *targetDocument, findings []migrator.Finding) bool {
		d.Check = &checkDocument{Findings: []findingDocument{}}
		for _, finding := range findings {
			d.Check.Findings = append(d.Check.Findings, note(finding, d.Target))
		}
		return false
	})
	if f.isText() {
		f.printFindings(&found)
	}
	if err != nil || len(all) == 0 {
		return err
	}
	var next []suggestion
	has := func(kind migrator.FindingKind) bool {
		return slices.ContainsFunc(all, func(f migrator.Finding) bool { return f.Kind == kind })
	}
	switch {
	case has(migrator.FindingOtherTool): // which up refuses
		next = append(next, suggestion{"next: take over the databases of the other tool one by one, with the command adopt", ""})
	case has(migrator.FindingReplaced):
		next = f.replacedIn(between, *all[slices.IndexFunc(all, func(f migrator.Finding) bool { return f.Kind == migrator.FindingReplaced })].Replacement)
	case has(migrator.FindingPending):
		next = append(next, to("apply the pending revisions", r.otherLine(r.cmd, []string{"up"})))
	}
	return suggest(&findingsError{len(all)}, next...)
}

// warnOfSchemas logs the first few statements that name a schema, which is the same for all
// targets. They are not findings, because they may be meant.
func (f *fleetRun) warnOfSchemas() {
	const logged = 5
	if f.fleet.Targets()[0].Schema == "" {
		return
	}
	named := f.set.Files().NamedSchemas()
	for _, n := range named[:min(len(named), logged)] {
		msg := fmt.Sprintf("%s:%d names the schema %s, which is the same for all targets", n.File, n.Line, n.Schema)
		if n.Schema == "" {
			msg = fmt.Sprintf("%s:%d changes the search_path, which selects the schema of a target", n.File, n.Line)
		}
		f.warn(eventSchemaNamed, msg, "revision", n.Revision, "file", n.File, "line", n.Line, "schema", n.Schema)
	}
	if more := len(named) - logged; more > 0 {
		f.warn(eventSchemaNamed, text.Count(more, "more statement")+" name a schema or change the search_path")
	}
}

func (f *fleetRun) printFindings(found *groups) {
	if len(found.order) == 0 && f.worst == nil {
		f.out.Print("no problems found\n")
		return
	}
	var t terminal.Table
	slices.SortStableFunc(found.order, func(a, b *group) int { return cmp.Or(a.rank-b.rank, strings.Compare(a.key, b.key)) })
	for _, g := range found.order {
		slices.Sort(g.targets)
		row := g.rows[0]
		if g.targets[0] != "" { // not of the files themselves
			row[3] = terminal.Faint.Cell(text.Count(len(g.targets), "target") + ": " + f.names(g))
		}
		t.Add(row...)
	}
	f.out.PrintTable(t)
}

package prove

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Findings returns what is wrong with a down script, or nil.
func (r *Reverted) Findings() []rehearse.Finding {
	switch {
	case r.OK():
		return nil
	case r.Irreversible:
		return []rehearse.Finding{irreversible(r.Revision)}
	}
	f := rehearse.Finding{
		Rule: rehearse.NotInverse, Revision: r.Revision.ID, Down: true,
		Accept: revision.Acceptance{Word: revision.AcceptNotInverse}, Accepted: r.Revision.Accepts(revision.AcceptNotInverse, ""),
	}
	switch {
	case r.Down != nil:
		f.Severity, f.Pos = rehearse.Danger, errorPos(r.Down)
		f.Text = "the down script fails: " + serverText(r.Down)
		f.Why = "the revision cannot be reverted: down stops here, and what comes before it stays applied too"
		f.Safe = r.Down.Hint
	case len(r.Left)+len(r.Rows) > 0:
		r.describeLeft(&f)
	case r.Again != nil:
		f.Severity, f.Pos, f.Down = rehearse.Danger, errorPos(r.Again), false
		f.Text = "the up script fails after the revision was reverted: " + serverText(r.Again)
		f.Why = "a revision that was rolled back cannot be applied again"
	case len(r.Differs) > 0:
		f.Severity, f.Pos, f.Down = worst(r.Differs), position(r.Revision.Up), false
		f.Object = r.Differs[0].Key.Name
		f.Text = "applied again after it was reverted, the revision makes another schema: it " + describe(r.Differs, "adds ", "lacks ", "changes ")
		f.Why = "what the up script does depends on more than the schema, such as rows that the down script does not restore"
	default:
		f.Severity, f.Pos, f.Object = rehearse.Note, position(r.Revision.DownScript()), r.Moved[0].Name
		f.Text = "the down script puts " + text.Count(len(r.Moved), "column") + " at another position: " + names(r.Moved)
		f.Why = "SELECT * and INSERT without a list of columns depend on the order, and no other statement does"
	}
	return []rehearse.Finding{f}
}

func irreversible(r *revision.Revision) rehearse.Finding {
	f := rehearse.Finding{
		Rule: rehearse.Irreversible, Severity: rehearse.Warning, Revision: r.ID, Down: true, Pos: position(r.Up),
		Text:     "the revision has no down script",
		Why:      "down stops here: neither it nor what is below it can be reverted",
		Accept:   revision.Acceptance{Word: revision.AcceptIrreversible},
		Accepted: r.Accepts(revision.AcceptIrreversible, ""),
	}
	if at, ok := r.Down.ToDo(); ok {
		f.Severity, f.Pos, f.Accepted, f.Text = rehearse.Danger, at, false, "the down script is not written yet"
	}
	return f
}

// describeLeft describes what a down script does not restore.
func (r *Reverted) describeLeft(f *rehearse.Finding) {
	var parts []string
	if len(r.Left) > 0 {
		f.Severity = worst(r.Left)
		f.Object = slices.MaxFunc(r.Left, func(a, b schema.Difference) int { return int(severity(a)) - int(severity(b)) }).Key.Name
		parts = append(parts, describe(r.Left, "leaves ", "loses ", "does not restore "))
	}
	for _, n := range firstRows(r.Rows) {
		f.Severity = max(f.Severity, rehearse.Warning)
		if n.After < n.Before {
			f.Severity = rehearse.Danger
		}
		if f.Object == "" {
			f.Object = n.Table
		}
		parts = append(parts, fmt.Sprintf("leaves %s with %s instead of %d", n.Table, text.Count(int(n.After), "row"), n.Before))
	}
	if more := len(r.Rows) - len(firstRows(r.Rows)); more > 0 {
		parts = append(parts, fmt.Sprintf("leaves %d more tables with another number of rows", more))
	}
	f.Pos = position(r.Revision.DownScript(), r.about...)
	f.Text = "the down script " + strings.Join(parts, ", and ")
	f.Why = "after a rollback the database is not what it was before the revision"
	if r.Again != nil {
		f.Severity = rehearse.Danger
		f.Why = "the revision cannot be applied again: " + errorPos(r.Again).String() + ": " + serverText(r.Again)
	}
	f.Safe = r.missing()
}

// missing returns the statements that the down script lacks.
func (r *Reverted) missing() string {
	const shown = 3
	var lines []string
	for _, sql := range r.Missing {
		if len(lines) == shown {
			return "the down script lacks: " + strings.Join(lines, " ") + fmt.Sprintf(" and %s", text.Count(len(r.Missing)-shown, "more statement"))
		}
		line := text.FirstLine(sql)
		if line != sql {
			line += " …"
		}
		lines = append(lines, line+";")
	}
	if len(lines) == 0 {
		return ""
	}
	return "the down script lacks: " + strings.Join(lines, " ")
}

func firstRows(rows []RowCount) []RowCount { return rows[:min(len(rows), 3)] }

// severity is how much a difference matters that a down script leaves.
func severity(d schema.Difference) rehearse.Severity {
	switch d.Change {
	case schema.NotComparable:
		return 0
	case schema.Added:
		switch d.Key.Kind {
		case schema.Table, schema.ForeignTable, schema.MaterializedView, schema.Column:
			return rehearse.Danger
		case schema.Extension: // often on purpose, as others may use it by now
			return rehearse.Note
		}
		return rehearse.Warning
	case schema.Removed:
		if d.Key.Kind == schema.DefaultPrivileges {
			return rehearse.Warning
		}
		return rehearse.Danger
	}
	structure := slices.DeleteFunc(slices.Clone(d.Facts), func(f schema.FactChange) bool { return schema.FacetOf(f.Name) != 0 })
	switch {
	case d.Key.Kind == schema.DefaultPrivileges || len(structure) == 0:
		return rehearse.Warning
	case len(structure) == 1 && addsLabels(structure[0]):
		return rehearse.Note // no statement removes one
	}
	return rehearse.Danger
}

// addsLabels reports whether an enum has all of its labels and further ones.
func addsLabels(f schema.FactChange) bool {
	if f.Name != "labels" {
		return false
	}
	var from, to []string
	if json.Unmarshal([]byte(f.From), &from) != nil || json.Unmarshal([]byte(f.To), &to) != nil {
		return false
	}
	for _, label := range to {
		if len(from) > 0 && from[0] == label {
			from = from[1:]
		}
	}
	return len(from) == 0
}

func worst(list []schema.Difference) rehearse.Severity {
	s := rehearse.Severity(0)
	for _, d := range list {
		s = max(s, severity(d))
	}
	return s
}

// describe lists differences by what became of the objects, the worst first, with the words for each change.
func describe(list []schema.Difference, added, removed, changed string) string {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b schema.Difference) int { return int(severity(b)) - int(severity(a)) })
	groups := map[schema.Change][]string{}
	var order []schema.Change
	for _, d := range sorted {
		if d.Change == schema.NotComparable {
			continue
		}
		if groups[d.Change] == nil {
			order = append(order, d.Change)
		}
		groups[d.Change] = append(groups[d.Change], objectWords(d))
	}
	words := map[schema.Change]string{schema.Added: added, schema.Removed: removed, schema.Changed: changed}
	var parts []string
	for _, change := range order {
		parts = append(parts, words[change]+firstFew(groups[change]))
	}
	return strings.Join(parts, ", ")
}

// firstFew lists names, at most three of them.
func firstFew(list []string) string {
	const shown = 3
	if len(list) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
	}
	return text.List(list, "and")
}

func names(keys []schema.Key) string {
	var list []string
	for _, k := range keys {
		list = append(list, k.Name)
	}
	return firstFew(list)
}

// objectWords names an object and the facts that differ, such as "table public.account (comment)".
func objectWords(d schema.Difference) string {
	name := strings.ToLower(d.Key.Kind.String()) + " " + d.Key.Name
	if d.Key.Kind == schema.Default {
		name = "the default of " + d.Key.Name
	}
	var facts []string
	for _, f := range d.Facts {
		fact := f.Name
		if f.Name != "privileges" && f.Name != "definition" && len(f.From)+len(f.To) <= 60 && !strings.ContainsAny(f.From+f.To, "\n\r") {
			fact += ": " + orDefault(f.From) + " -> " + orDefault(f.To)
		}
		facts = append(facts, fact)
	}
	if len(facts) == 0 {
		return name
	}
	return name + " (" + strings.Join(facts, "; ") + ")"
}

// orDefault returns the value of a fact. Defaults are no facts.
func orDefault(value string) string {
	if value == "" {
		return "default"
	}
	return value
}

func errorPos(e *apply.RevisionError) revision.Pos {
	return revision.Pos{File: e.File, Line: e.Line, Column: e.Column}
}

func serverText(e *apply.RevisionError) string {
	if e.SQLState == "" {
		return e.Text
	}
	return e.Text + " (" + e.SQLState + ")"
}

package prove

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/sqltext"
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
	case r.Roles != "":
		f.Severity, f.Pos = rehearse.Warning, position(r.Revision.DownScript())
		f.Text = "the down script was not tried: " + r.Roles
		f.Why = "a role belongs to all databases of a server, and others may use it"
		f.Safe = "rehearse on a server that does not have the role"
	case r.Down != nil:
		f.Severity, f.Pos = rehearse.Danger, errorPos(r.Down)
		f.Text = "the down script fails: " + serverText(r.Down)
		f.Why = "the revision cannot be reverted: down stops here, and what comes before it stays applied too"
		f.Safe, f.Accept, f.Accepted = r.Down.Hint, revision.Acceptance{}, false
		if f.Safe == "" {
			f.Safe = "fix it, or delete the file if the revision is irreversible"
		}
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
		f.Text = "the down script puts " + names(r.Moved) + " at another position among the columns"
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
		if f.Object == "" {
			f.Object = n.Table
		}
		if n.Removed {
			f.Severity = max(f.Severity, rehearse.Note)
			parts = append(parts, fmt.Sprintf("does not bring back %d of %s of %s, which the up script removes", n.Before-n.After, text.Count(int(n.Before), "row"), n.Table))
			continue
		}
		f.Severity = max(f.Severity, rehearse.Warning)
		if n.After < n.Before {
			f.Severity = rehearse.Danger
		}
		parts = append(parts, fmt.Sprintf("leaves %s with %s instead of %d", n.Table, text.Count(int(n.After), "row"), n.Before))
	}
	if more := len(r.Rows) - len(firstRows(r.Rows)); more > 0 {
		parts = append(parts, fmt.Sprintf("leaves %d more tables with another number of rows", more))
	}
	f.Pos = position(r.Revision.DownScript(), r.about...)
	f.Text = "the down script " + strings.Join(parts, ", and ")
	f.Why = "after a rollback the database is not what it was before the revision"
	if f.Severity == rehearse.Note && len(r.Left) > 0 && r.Left[0].Key.Kind == schema.Extension {
		f.Why = "an extension is often left on purpose, because others may use it by now"
	}
	if r.Again != nil {
		f.Severity = rehearse.Danger
		f.Why = "the revision cannot be applied again: " + errorPos(r.Again).String() + ": " + serverText(r.Again)
	}
	f.Safe = r.missing()
}

// missing returns the statements that the down script lacks.
func (r *Reverted) missing() string {
	if !slices.ContainsFunc(r.Left, func(d schema.Difference) bool { return len(newLabels(d)) == 0 }) && len(r.Left) > 0 {
		return "a value of an enum type cannot be removed: write ADD VALUE IF NOT EXISTS in the up script, and accept: " + revision.AcceptNotInverse + " in its header"
	}
	const shown, longest = 3, 200
	var lines []string
	for _, sql := range r.Missing {
		if len(lines) == shown {
			lines = append(lines, "and "+text.Count(len(r.Missing)-shown, "more statement"))
			break
		}
		line := strings.Join(strings.Fields(sql), " ")
		if short := text.ClipWidth(line, longest); short != line {
			line = short + " …"
		}
		lines = append(lines, line+";")
	}
	if len(lines) == 0 {
		return ""
	}
	advice := "add to the down script: " + strings.Join(lines, " ")
	if r.Again != nil && slices.ContainsFunc(r.Left, func(d schema.Difference) bool { return len(newLabels(d)) > 0 }) {
		advice += " and write ADD VALUE IF NOT EXISTS in the up script, because a value of an enum type cannot be removed"
	}
	return advice
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
	case len(newLabels(d)) > 0:
		return rehearse.Note // no statement removes one
	}
	for _, f := range structure {
		if harmless(f) == "" {
			return rehearse.Danger
		}
	}
	return rehearse.Note
}

// harmless returns why a fact that differs does not matter, or "".
func harmless(f schema.FactChange) string {
	switch {
	case !schema.IsText(f.Name) && f.Name != "definition":
		return ""
	case f.From == f.To+" NOT VALID":
		return "validated"
	case code(f.From) == code(f.To):
		return "white space and comments only"
	case f.Name == "query" && reordered(f.From, f.To):
		return "order of columns"
	}
	return ""
}

// code returns the tokens of a definition, and of the body in it.
func code(definition string) string {
	var b strings.Builder
	for t := range sqltext.Tokens(definition) {
		token := definition[t.Start:t.End]
		switch t.Kind {
		case sqltext.Space, sqltext.Comment:
			continue
		case sqltext.Dollar:
			tag := token[:strings.Index(token[1:], "$")+2]
			token = tag + code(strings.TrimSuffix(token[len(tag):], tag)) + tag
		}
		b.WriteString(token + " ")
	}
	return b.String()
}

// newLabels returns the values that an enum type has gained, if that is all that differs.
func newLabels(d schema.Difference) []string {
	if len(d.Facts) != 1 || d.Facts[0].Name != "labels" {
		return nil
	}
	var from, to, added []string
	if json.Unmarshal([]byte(d.Facts[0].From), &from) != nil || json.Unmarshal([]byte(d.Facts[0].To), &to) != nil {
		return nil
	}
	for _, label := range to {
		if len(from) > 0 && from[0] == label {
			from = from[1:]
		} else {
			added = append(added, text.Quote(label))
		}
	}
	if len(from) > 0 {
		return nil
	}
	return added
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
	sort.SliceStable(sorted, func(i, j int) bool { return severity(sorted[i]) > severity(sorted[j]) })
	groups := map[schema.Change][]string{}
	var order []schema.Change
	for _, d := range sorted {
		if d.Change == schema.NotComparable {
			continue
		}
		change, name := d.Change, objectWords(d)
		if labels := newLabels(d); len(labels) > 0 {
			change, name = schema.Added, "value "+firstFew(labels)+" of enum type "+d.Key.Name
		}
		if groups[change] == nil {
			order = append(order, change)
		}
		groups[change] = append(groups[change], name)
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
		if why := harmless(f); why != "" {
			fact += ": " + why
		} else if f.Name != "privileges" && f.Name != "definition" && len(f.From)+len(f.To) <= 60 && !strings.ContainsAny(f.From+f.To, "\n\r") {
			fact += ": " + orNone(f.From, f.To) + " -> " + orNone(f.To, f.From)
		}
		facts = append(facts, fact)
	}
	if len(facts) == 0 {
		return name
	}
	return name + " (" + strings.Join(facts, "; ") + ")"
}

// orNone returns the value of a fact, which has another one on the other side. Defaults are no facts.
func orNone(value, other string) string {
	switch {
	case value != "":
		return value
	case other == "true":
		return "false"
	}
	return "none"
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

package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// marks returns words for a revision's position in the graph and its state.
func (o *overview) marks(s *migrator.RevisionStatus) []string {
	marks := o.stateMarks(s)
	if len(o.children[s.Revision]) > 1 {
		marks = append(marks, "branch point")
	}
	if len(s.DownRevision) > 1 {
		marks = append(marks, "merge")
	}
	return append(marks, labelMarks(s.BranchLabels)...)
}

// stateMarks returns the words of marks that a picture of the graph does not show.
func (o *overview) stateMarks(s *migrator.RevisionStatus) []string {
	var marks []string
	if slices.Contains(o.Heads, s.Revision) {
		marks = append(marks, "head")
	}
	if slices.Contains(o.Current, s.Revision) {
		marks = append(marks, "current")
	}
	if o.stateKnown && s.State != migrator.Applied {
		marks = append(marks, stateName(s.State))
	}
	if s.OutOfOrder {
		marks = append(marks, "out of order")
	}
	return marks
}

// stateName returns a state as text output shows it. The value in JSON documents is older
// than the word "modified".
func stateName[S ~string](s S) string {
	if s == S(migrator.Modified) {
		return "modified"
	}
	return string(s)
}

func labelMarks(labels []string) []string {
	var marks []string
	for _, label := range labels {
		marks = append(marks, "label "+label)
	}
	return marks
}

// color returns the style of a revision's id.
func (o *overview) color(s *migrator.RevisionStatus) terminal.Style {
	switch {
	case !o.stateKnown:
		return terminal.Bold
	case slices.Contains(o.Current, s.Revision):
		return terminal.Green
	case s.State == migrator.Pending, s.State == migrator.Unknown, s.State == migrator.Replaced:
		return terminal.Yellow
	case s.State == migrator.Applied:
		return terminal.Plain
	}
	return terminal.Red
}

// line returns a revision as one row.
func (o *overview) line(s *migrator.RevisionStatus, parents bool) []terminal.Cell {
	cells := []terminal.Cell{o.color(s).Cell(s.Revision)}
	if parents {
		cells = append(cells, terminal.Faint.Cell("<- "+idsOrBase(s.DownRevision)))
	}
	return append(cells, terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(strings.Join(o.marks(s), ", ")))
}

// print prints revisions, one per line, or with --verbose in full.
func (o *overview) print(ids []string, parents bool) {
	if o.settings.JSON {
		return
	}
	if o.settings.Verbose {
		o.printInFull(ids)
		return
	}
	var t terminal.Table
	for _, id := range ids {
		t.Add(o.line(o.byID[id], parents)...)
	}
	o.out.PrintTable(t)
}

// printInFull prints revisions in full, separated by empty lines.
func (o *overview) printInFull(ids []string) {
	for i, id := range ids {
		if i > 0 {
			o.out.PrintLine()
		}
		o.out.PrintTable(o.details(id))
	}
}

// details returns a revision in full, as shown by --verbose and show.
func (o *overview) details(id string) terminal.Table {
	s, rev := o.byID[id], o.set.Files().Revision(id)
	var t terminal.Table
	add := func(title, value string) {
		if value != "" {
			t.Add(terminal.Bold.Cell(title), terminal.Plain.Cell(value))
		}
	}
	title := s.Revision
	if marks := o.marks(s); len(marks) > 0 {
		title += "  (" + strings.Join(marks, ", ") + ")"
	}
	t.Add(terminal.Bold.Cell("revision"), o.color(s).Cell(title))
	message := s.Message
	if rev != nil {
		message = rev.Message
	}
	for i, line := range strings.Split(message, "\n") {
		heading := "message"
		if i > 0 {
			heading = ""
		}
		t.Add(terminal.Bold.Cell(heading), terminal.Plain.Cell(line))
	}
	add("down revision", o.withMessages(s.DownRevision, "base"))
	add("depends on", strings.Join(s.DependsOn, ", "))
	add("replaces", strings.Join(s.Replaces, ", "))
	add("children", o.withMessages(o.children[id], ""))
	switch {
	case s.State == migrator.Unfinished:
		add("unfinished", unfinishedText(*s))
	case !s.AppliedAt.IsZero():
		add("applied", appliedText(*s)+", in "+terminal.Duration(s.Duration))
	}
	add("modified", strings.Join(s.Changes, ", "))
	for _, row := range scriptRows(s, rev) {
		add(row[0], row[1])
	}
	return t
}

// irreversible is shown instead of a down script that does not exist.
const irreversible = "none: irreversible"

// scriptRows returns titles and texts for the scripts of a revision. rev is nil if only the
// ledger has it.
func scriptRows(s *migrator.RevisionStatus, rev *revision.Revision) [][2]string {
	switch {
	case rev == nil && s.Reversible:
		return [][2]string{{"down", "stored in the ledger"}}
	case rev == nil:
		return [][2]string{{"down", irreversible}}
	}
	created := ""
	if !rev.Created.IsZero() {
		created = rev.Created.UTC().Format(time.RFC3339)
	}
	return [][2]string{{"created", created}, {"up", scriptText(rev.Up)}, {"down", downText(rev)}}
}

// withMessages returns ids with their messages in parentheses, or none if there are none.
func (o *overview) withMessages(ids []string, none string) string {
	if len(ids) == 0 {
		return none
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if s := o.byID[id]; s != nil && s.Message != "" {
			names[i] += " (" + terminal.Clip(s.Message) + ")"
		}
	}
	return strings.Join(names, ", ")
}

// idsOrBase returns ids separated by commas, or base if there are none.
func idsOrBase(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return strings.Join(ids, ", ")
}

// idsInSentence is idsOrBase as part of a sentence: a, b and c.
func idsInSentence(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return text.List(ids, "and")
}

func scriptText(s *revision.Script) string {
	parts := []string{text.Count(s.StatementCount(), "statement")}
	if !s.Transactional {
		parts = append(parts, "non-transactional")
	}
	if s.LockTimeout != nil {
		parts = append(parts, "lock_timeout "+revision.FormatDuration(*s.LockTimeout))
	}
	if s.StatementTimeout != nil {
		parts = append(parts, "statement_timeout "+revision.FormatDuration(*s.StatementTimeout))
	}
	return s.File + "  (" + strings.Join(parts, ", ") + ")"
}

func downText(rev *revision.Revision) string {
	switch {
	case rev.Down == nil && rev.Reversible():
		return "none: nothing to revert"
	case rev.Down == nil:
		return irreversible
	case rev.Down.Unwritten():
		return rev.Down.File + "  (not written yet)"
	case rev.Down.Empty():
		return rev.Down.File + "  (empty: nothing to revert)"
	}
	return scriptText(rev.Down)
}

// appliedText returns when a revision was applied, by whom and from where.
func appliedText(s migrator.RevisionStatus) string {
	applied := s.AppliedAt.UTC().Format(time.DateTime) + "Z by " + terminal.Line(s.AppliedBy) + " from " + terminal.Line(s.AppliedFrom)
	if s.BinaryVersion != "" {
		applied += ", version " + terminal.Line(s.BinaryVersion)
	}
	return applied
}

// unfinishedText returns the direction of an unfinished revision, how far it got, and when
// it was started.
func unfinishedText(s migrator.RevisionStatus) string {
	return fmt.Sprintf("%sgrade interrupted after %s, started %sZ", s.Direction, text.Count(s.StatementsDone, "statement"), s.AppliedAt.UTC().Format(time.DateTime))
}

// documents returns revisions for --json.
func (o *overview) documents(ids []string) []revisionDocument {
	docs := []revisionDocument{}
	for _, id := range ids {
		s := o.byID[id]
		d := newRevisionDocument(*s, slices.Contains(o.Heads, id), o.stateKnown)
		if rev := o.set.Files().Revision(id); rev != nil && !rev.Created.IsZero() {
			d.Created = new(rev.Created.UTC())
		}
		docs = append(docs, d)
	}
	return docs
}

// newRevisionDocument returns a revision for --json, with its state if that is known.
func newRevisionDocument(s migrator.RevisionStatus, head, stateKnown bool) revisionDocument {
	d := revisionDocument{
		Revision: s.Revision, Message: s.Message, DownRevision: list(s.DownRevision), DependsOn: list(s.DependsOn), BranchLabels: list(s.BranchLabels), Replaces: s.Replaces,
		Head: head, Reversible: s.Reversible, File: s.File, Changes: list(s.Changes), OutOfOrder: s.OutOfOrder,
	}
	if stateKnown {
		d.State = string(s.State)
	}
	if s.State == migrator.Unfinished {
		d.Direction, d.StatementsDone = string(s.Direction), new(s.StatementsDone)
	}
	if !s.AppliedAt.IsZero() {
		d.AppliedAt, d.DurationMS = new(s.AppliedAt.UTC()), new(milliseconds(s.Duration))
		d.AppliedBy, d.AppliedFrom, d.BinaryVersion = s.AppliedBy, s.AppliedFrom, s.BinaryVersion
	}
	return d
}

package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

// marks returns words for a revision's position in the graph and its state.
func (o *overview) marks(s *migrator.RevisionStatus) []string {
	var marks []string
	if slices.Contains(o.Heads, s.Revision) {
		marks = append(marks, "head")
	}
	if slices.Contains(o.Current, s.Revision) {
		marks = append(marks, "current")
	}
	if o.stateKnown && s.State != migrator.Applied {
		marks = append(marks, string(s.State))
	}
	if s.OutOfOrder {
		marks = append(marks, "below an applied one")
	}
	if len(o.children[s.Revision]) > 1 {
		marks = append(marks, "branch point")
	}
	if len(s.DownRevision) > 1 {
		marks = append(marks, "merge")
	}
	return append(marks, labelMarks(s.BranchLabels)...)
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
	case s.State == migrator.Pending, s.State == migrator.Unknown:
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
		o.out.Print(o.fullText(ids))
		return
	}
	var t terminal.Table
	for _, id := range ids {
		t.Add(o.line(o.byID[id], parents)...)
	}
	o.out.Print(o.out.Format(t))
}

// fullText returns revisions in full, separated by empty lines.
func (o *overview) fullText(ids []string) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = o.details(id)
	}
	return strings.Join(texts, "\n")
}

// details returns a revision in full, as shown by --verbose and show.
func (o *overview) details(id string) string {
	s, rev := o.byID[id], o.set.Revision(id)
	var t terminal.Table
	add := func(title, text string) {
		if text != "" {
			t.Add(terminal.Bold.Cell(title), terminal.Plain.Cell(text))
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
		t.Add(terminal.Bold.Cell(heading), terminal.Plain.Cell(terminal.Printable(line)))
	}
	add("down revision", o.withMessages(s.DownRevision, "base"))
	add("depends on", strings.Join(s.DependsOn, ", "))
	add("children", o.withMessages(o.children[id], ""))
	switch {
	case s.State == migrator.Unfinished:
		add("unfinished", unfinishedText(*s))
	case !s.AppliedAt.IsZero():
		add("applied", appliedText(*s)+", in "+terminal.Duration(s.Duration))
	}
	add("changed", strings.Join(s.Changes, ", "))
	for _, row := range scriptRows(s, rev) {
		add(row[0], row[1])
	}
	return o.out.Format(t)
}

// scriptRows returns titles and texts for the scripts of a revision. rev is nil if only the
// ledger has it.
func scriptRows(s *migrator.RevisionStatus, rev *revision.Revision) [][2]string {
	switch {
	case rev == nil && s.Reversible:
		return [][2]string{{"down", "in the ledger"}}
	case rev == nil:
		return [][2]string{{"down", "none: it cannot be taken down"}}
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

// idsInSentence is idsOrBase with an "and": a, b and c.
func idsInSentence(ids []string) string {
	if len(ids) == 0 {
		return "base"
	}
	return terminal.List(ids)
}

func scriptText(s *revision.Script) string {
	parts := []string{terminal.Count(len(s.Statements()), "statement")}
	if !s.Transactional {
		parts = append(parts, "outside a transaction")
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
		return "there is nothing to undo"
	case rev.Down == nil:
		return "none: it cannot be taken down"
	case rev.Down.Empty():
		return rev.Down.File + "  (empty: it undoes nothing)"
	}
	return scriptText(rev.Down)
}

// appliedText returns when a revision was applied, by whom and from where.
func appliedText(s migrator.RevisionStatus) string {
	text := s.AppliedAt.UTC().Format(time.DateTime) + "Z by " + terminal.Printable(s.AppliedBy) + " from " + terminal.Printable(s.AppliedFrom)
	if s.BinaryVersion != "" {
		text += ", version " + terminal.Printable(s.BinaryVersion)
	}
	return text
}

// unfinishedText returns how far a revision got, and when it was started.
func unfinishedText(s migrator.RevisionStatus) string {
	return fmt.Sprintf("going %s, after %s, begun %sZ", s.Direction, terminal.Count(s.StatementsDone, "statement"), s.AppliedAt.UTC().Format(time.DateTime))
}

// documents returns revisions for --json.
func (o *overview) documents(ids []string) []revisionDocument {
	docs := []revisionDocument{}
	for _, id := range ids {
		s := o.byID[id]
		d := newRevisionDocument(*s, slices.Contains(o.Heads, id), o.stateKnown)
		if rev := o.set.Revision(id); rev != nil && !rev.Created.IsZero() {
			d.Created = new(rev.Created.UTC())
		}
		docs = append(docs, d)
	}
	return docs
}

// newRevisionDocument returns a revision for --json, with its state if that is known.
func newRevisionDocument(s migrator.RevisionStatus, head, looked bool) revisionDocument {
	d := revisionDocument{
		Revision: s.Revision, Message: s.Message, DownRevision: list(s.DownRevision), DependsOn: list(s.DependsOn), BranchLabels: list(s.BranchLabels),
		Head: head, Reversible: s.Reversible, File: s.File, Changes: list(s.Changes), OutOfOrder: s.OutOfOrder,
	}
	if looked {
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

package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/revision"
)

// look is the revisions for a command that can do without a database, but marks what is
// current and pending when there is one.
type look struct {
	*run
	*migrator.Status
	set      *migrator.Set
	looked   bool // into a database
	byID     map[string]*migrator.RevisionStatus
	children map[string][]string
}

// lookLimit is how long a database is tried that a command can do without.
const lookLimit = 5 * time.Second

// look reads the revisions, and the database when one is named. That it cannot be read
// matters only when need is true.
func (r *run) look(need bool) (*look, error) {
	l := &look{run: r, byID: map[string]*migrator.RevisionStatus{}, children: map[string][]string{}}
	_, err := r.database().Source()
	switch {
	case err == nil:
		err = l.glance(need)
	case need:
		return nil, err
	default:
		if !unnamed(err) {
			l.without(err)
		}
		if l.set, err = r.set(); err == nil {
			l.Status = l.set.Offline()
		}
	}
	if err != nil {
		return nil, err
	}
	for i := range l.Revisions {
		s := &l.Revisions[i]
		l.byID[s.Revision] = s
		for _, parent := range s.DownRevision {
			l.children[parent] = append(l.children[parent], s.Revision)
		}
	}
	return l, nil
}

// glance reads the database.
func (l *look) glance(need bool) error {
	set, cfg, err := l.open((&reporter{run: l.run}).event)
	if err != nil {
		return err
	}
	l.set = set
	ctx := l.ctx
	if !need {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, lookLimit)
		defer cancel()
	}
	l.Status, err = set.Status(ctx, cfg)
	switch {
	case err == nil:
		l.looked = true
		return nil
	case need || l.ctx.Err() != nil:
		return err
	case ctx.Err() != nil:
		err = errors.New("no answer in " + revision.FormatDuration(lookLimit))
	}
	l.without(err)
	l.Status = set.Offline()
	return nil
}

func (l *look) without(err error) {
	l.log.Info("without marks of what is applied: " + err.Error())
}

// unnamed says that nothing names a database, as opposed to something wrong.
func unnamed(err error) bool {
	return errors.Is(err, dbenv.ErrNoDatabase)
}

// marks are the words that a revision's place in the graph and its state deserve.
func (l *look) marks(s *migrator.RevisionStatus) []string {
	var marks []string
	if slices.Contains(l.Heads, s.Revision) {
		marks = append(marks, "head")
	}
	if slices.Contains(l.Current, s.Revision) {
		marks = append(marks, "current")
	}
	if l.looked && s.State != migrator.Applied {
		marks = append(marks, string(s.State))
	}
	if s.OutOfOrder {
		marks = append(marks, "below an applied one")
	}
	if len(l.children[s.Revision]) > 1 {
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

// color is that of a revision's id.
func (l *look) color(s *migrator.RevisionStatus) terminal.Style {
	switch {
	case !l.looked:
		return terminal.Bold
	case slices.Contains(l.Current, s.Revision):
		return terminal.Green
	case s.State == migrator.Pending, s.State == migrator.Unknown:
		return terminal.Yellow
	case s.State == migrator.Applied:
		return terminal.Plain
	}
	return terminal.Red
}

// line is a revision as one row.
func (l *look) line(s *migrator.RevisionStatus, parents bool) []terminal.Cell {
	cells := []terminal.Cell{l.color(s).Cell(s.Revision)}
	if parents {
		cells = append(cells, terminal.Faint.Cell("<- "+placeNames(s.DownRevision)))
	}
	return append(cells, terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(strings.Join(l.marks(s), ", ")))
}

// documents describes revisions for --json.
func (l *look) documents(ids []string) []revisionDocument {
	docs := []revisionDocument{}
	for _, id := range ids {
		s := l.byID[id]
		d := newRevisionDocument(*s, slices.Contains(l.Heads, id), l.looked)
		if rev := l.set.Revision(id); rev != nil && !rev.Created.IsZero() {
			d.Created = new(rev.Created.UTC())
		}
		docs = append(docs, d)
	}
	return docs
}

// details are a revision's lines for --verbose and show.
func (l *look) details(id string) string {
	s, rev := l.byID[id], l.set.Revision(id)
	var t terminal.Table
	add := func(title, text string) {
		if text != "" {
			t.Add(terminal.Bold.Cell(title), terminal.Plain.Cell(text))
		}
	}
	title := s.Revision
	if marks := l.marks(s); len(marks) > 0 {
		title += "  (" + strings.Join(marks, ", ") + ")"
	}
	t.Add(terminal.Bold.Cell("revision"), l.color(s).Cell(title))
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
	add("down revision", l.named(s.DownRevision, "base"))
	add("depends on", strings.Join(s.DependsOn, ", "))
	add("children", l.named(l.children[id], ""))
	switch {
	case s.State == migrator.Unfinished:
		add("unfinished", unfinished(*s))
	case !s.AppliedAt.IsZero():
		add("applied", applied(*s)+", in "+terminal.Duration(s.Duration))
	}
	add("changed", strings.Join(s.Changes, ", "))
	switch {
	case rev == nil && s.Reversible:
		add("down", "in the ledger")
	case rev == nil:
		add("down", "none: it cannot be taken down")
	default:
		if !rev.Created.IsZero() {
			add("created", rev.Created.UTC().Format(time.RFC3339))
		}
		add("up", scriptText(rev.Up))
		add("down", downText(rev))
	}
	return l.out.Format(t)
}

// named gives ids with their messages where there is one.
func (l *look) named(ids []string, none string) string {
	if len(ids) == 0 {
		return none
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if s := l.byID[id]; s != nil && s.Message != "" {
			names[i] += " (" + terminal.Clip(s.Message) + ")"
		}
	}
	return strings.Join(names, ", ")
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

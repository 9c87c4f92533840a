package report

import (
	"slices"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Report is what a page shows. New fills it; all fields but Graph may be empty.
type Report struct {
	Title    string
	Database string // which one, for people; "" if no database was read
	// Unread is why no database was read, or "".
	Unread  string
	Written time.Time // when it was read
	Program string    // what has written the page, with its version
	// Status is nil if no database was read.
	Status *migrator.Status
	Graph  *Graph
	// Sections are findings, in the order of the page. Sections without findings are not shown, except
	// for those with a Text.
	Sections []Section
	// Revisions are all revisions, newest first.
	Revisions []Revision
	// Limit is how many of the newest revisions are shown in full, in the graph and with their SQL; 0: all. Those
	// that are current, or not simply applied, such as pending ones, are always shown in full, the others in a table.
	Limit int
	// Events is the log, newest first. OlderEvents is true if it goes further back.
	Events      []migrator.LogEntry
	OlderEvents bool
}

// Section is findings of one kind, with a heading.
type Section struct {
	Title    string
	Text     string // a sentence below the heading, or ""
	Findings []Finding
}

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Danger  Severity = "danger"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Finding is something to know about a revision, a file or a database.
type Finding struct {
	Severity Severity
	Revision string // "" if it is not about one
	File     string // "" if it is not about one
	Line     int    // 0 if it is not about one
	Message  string
	Detail   string // more, over several lines, or ""
}

// Revision is a revision in full.
type Revision struct {
	Node
	FullMessage string // over all its lines
	Created     time.Time
	// Status is what is known of it in the database; nil if none was read, or if it is not applied there.
	Status *migrator.RevisionStatus
	// Up and Down are its scripts. Down is nil if there is none in the files; Irreversible tells whether that
	// matters. Both are nil for a revision that only the ledger has.
	Up, Down     *revision.Script
	Irreversible bool
}

// New returns a report of all revisions and what is known of a database. st is nil if no database was
// read. The caller adds events, findings and what the page says of itself.
func New(m *migrator.Migrator, st *migrator.Status) *Report {
	r := &Report{Title: "Revisions", Status: st, Graph: NewGraph(m, st)}
	states := map[string]*migrator.RevisionStatus{}
	if st != nil {
		for i := range st.Revisions {
			states[st.Revisions[i].Revision] = &st.Revisions[i]
		}
	}
	for _, n := range r.Graph.Nodes {
		rev := Revision{Node: n, FullMessage: n.Message}
		if s := states[n.ID]; s != nil && !s.AppliedAt.IsZero() {
			rev.Status = s
		}
		if f := m.Files().Revision(n.ID); f != nil {
			rev.FullMessage, rev.Created, rev.Up, rev.Down, rev.Irreversible = f.Message, f.Created, f.Up, f.Down, !f.Reversible()
		} else if s := states[n.ID]; s != nil {
			rev.Irreversible = !s.Reversible
		}
		r.Revisions = append(r.Revisions, rev)
	}
	r.Sections = []Section{{Title: "Findings", Findings: findings(m.Files(), st)}}
	return r
}

// findings returns what a person has to know of a status and of files.
func findings(files *migrator.Files, st *migrator.Status) []Finding {
	var found []Finding
	if st != nil {
		found = statusFindings(st)
	}
	for _, f := range files.Check() {
		finding := Finding{Severity: Warning, Revision: f.Revision, File: f.File}
		switch f.Kind {
		case migrator.FindingHeads:
			finding.Message = "There are several heads: " + text.List(f.Heads, "and") + "."
		case migrator.FindingEmpty:
			finding.Message = "The up script has no SQL."
		case migrator.FindingUnwritten:
			finding.Message = "The script is not written yet."
		case migrator.FindingIrreversible:
			finding.Severity, finding.Message = Note, "It is irreversible: there is no down script."
		default:
			continue
		}
		found = append(found, finding)
	}
	return found
}

func statusFindings(st *migrator.Status) []Finding {
	var found []Finding
	if s := st.Schema; s != nil && (s.State == migrator.SchemaChanged || s.State == migrator.SchemaAccessChanged) {
		found = append(found, Finding{Severity: Danger, Message: "Drift: " + s.String() + "."})
	}
	if len(st.Foreign) > 0 {
		found = append(found, Finding{Severity: Danger, Message: "The database was migrated by another tool: " + text.List(st.Foreign, "and") + "."})
	}
	for i := range st.Revisions {
		s := &st.Revisions[i]
		f := Finding{Severity: Warning, Revision: s.Revision, File: s.File}
		switch {
		case s.State == migrator.Unfinished:
			f.Severity, f.Message = Danger, "It is unfinished: the "+string(s.Direction)+"grade was interrupted after "+text.Count(s.StatementsDone, "statement")+"."
		case s.State == migrator.Modified:
			f.Message = "Modified after it was applied: " + text.List(s.Changes, "and") + "."
		case s.State == migrator.Unknown:
			f.Message = "It is applied, but not among the revisions of this program."
		case s.State == migrator.Replaced:
			f.Message = "It is applied, and was replaced by a revision that cannot take its place yet."
		case s.OutOfOrder:
			f.Message = "It is pending below a revision that is applied."
		default:
			continue
		}
		found = append(found, f)
	}
	return found
}

// count returns how many revisions have a state.
func (r *Report) count(state migrator.RevisionState) int {
	n := 0
	for i := range r.Revisions {
		if r.Revisions[i].State == state {
			n++
		}
	}
	return n
}

// pending returns the pending revisions in the order in which they are applied.
func (r *Report) pending() []*Revision {
	var pending []*Revision
	for i := range slices.Backward(r.Revisions) {
		if r.Revisions[i].State == migrator.Pending {
			pending = append(pending, &r.Revisions[i])
		}
	}
	return pending
}

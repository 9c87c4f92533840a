package migrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/revision"
)

// FindingKind is a kind of finding.
type FindingKind string

// What Check finds.
const (
	FindingPending      FindingKind = "pending"
	FindingOutOfOrder   FindingKind = "out-of-order" // pending below an applied revision
	FindingModified     FindingKind = "changed"
	FindingUnfinished   FindingKind = "unfinished"
	FindingHeads        FindingKind = "heads"     // more than one
	FindingEmpty        FindingKind = "empty"     // an up script without SQL
	FindingUnwritten    FindingKind = "unwritten" // a script of which only the skeleton exists
	FindingIrreversible FindingKind = "irreversible"
	FindingAccept       FindingKind = "accept"   // a word of the accept key that has no reason
	FindingDestroys     FindingKind = "destroys" // a drafted statement destroys rows or values, and the header does not accept it
	FindingUsing        FindingKind = "using"    // a drafted conversion that nobody has checked
	FindingFiles        FindingKind = "files"    // a file is wrong, so there is nothing to check
	// FindingLedger: a trigger, a rule or row-level security on a table of the ledger, or an
	// owner that is not trusted. It may run with the privileges of whoever migrates.
	FindingLedger FindingKind = "ledger"
	// FindingReplaced: the ledger has some of the revisions that another one replaces; see Replacement.
	FindingReplaced FindingKind = "replaced"
	// FindingOtherTool: another tool has migrated the database, which has no ledger; Up refuses to run anything.
	FindingOtherTool FindingKind = "other-tool"
	// FindingDrift: the schema, or its owners and privileges, are not what the last run left.
	FindingDrift FindingKind = "drift"
)

// Finding is one thing that is not as it should be before a release.
type Finding struct {
	Kind     FindingKind
	Revision string   // "" when it is not about one revision
	File     string   // "" when there is none
	Accept   string   // of FindingAccept and FindingDestroys: the word, with its object
	Heads    []string // of FindingHeads
	Changes  []string // of FindingModified: see RevisionStatus
	// Of FindingLedger: the table, quoted for SQL; "trigger", "rule", "row-level security" or
	// "owner"; and the name of the trigger, the rule or the owner.
	// Of FindingDestroys and FindingUsing, which have a Line and a Column: the kind of the object, such as "column", and its
	// name.
	Table, Object, Name string
	Line, Column        int
	Schema              *SchemaStatus // of FindingDrift
	Replacement         *Replacement  // of FindingReplaced
	// Of FindingOtherTool: as in Status.
	Foreign   []string
	Adoptable bool
	// Ahead, of FindingDrift, are the applied revisions that the files do not contain. Which objects have changed can
	// only be found with files that contain them.
	Ahead []string
}

// Check returns what is wrong with the files themselves, except for what their headers
// accept.
func (f *Files) Check() []Finding {
	var found []Finding
	if heads := f.set.Graph.Heads(); len(heads) > 1 {
		found = append(found, Finding{Kind: FindingHeads, Heads: heads})
	}
	for _, r := range f.set.Ordered() {
		add := func(kind FindingKind, file string) {
			found = append(found, Finding{Kind: kind, Revision: r.ID, File: file})
		}
		accepted := r.Accepts(revision.AcceptIrreversible, "")
		switch {
		case r.Up.Unwritten():
			add(FindingUnwritten, r.Up.File)
		case r.MissingSQL():
			add(FindingEmpty, r.Up.File)
		}
		switch {
		case r.Down.Unwritten():
			add(FindingUnwritten, r.Down.File)
		case r.Reversible() && accepted:
			found = append(found, Finding{Kind: FindingAccept, Revision: r.ID, File: r.Up.File, Accept: revision.AcceptIrreversible})
		case !r.Reversible() && !accepted:
			add(FindingIrreversible, r.Up.File)
		}
		found = append(found, checkNotes(r)...)
	}
	return found
}

// checkNotes returns the notes of a drafted up script that wait for somebody. A down script destroys what its up script has
// made, as it should.
func checkNotes(r *revision.Revision) []Finding {
	if !r.Up.InMemory() {
		return nil
	}
	var found []Finding
	for _, note := range r.Up.Notes() {
		f := Finding{Kind: FindingUsing, Revision: r.ID, File: r.Up.File, Line: note.Line, Column: note.Column, Object: note.Kind, Name: note.Name}
		if note.Word == revision.NoteDestroys {
			if r.AcceptsDestroying(note.Name) {
				continue
			}
			f.Kind, f.Accept = FindingDestroys, revision.Acceptance{Word: revision.AcceptDestroys, Object: note.Name}.String()
		}
		found = append(found, f)
	}
	return found
}

// Check returns what is wrong with the files, and how the database differs from them. It
// writes nothing and locks nothing.
func (m *Migrator) Check(ctx context.Context, cfg *pgconn.Config) ([]Finding, error) {
	found := m.files.Check()
	err := m.with(ctx, cfg, func(s *session.Session) error {
		differs, err := m.checkDatabase(ctx, s)
		found = append(found, differs...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// checkDatabase returns how a database differs from the files.
func (m *Migrator) checkDatabase(ctx context.Context, s *session.Session) ([]Finding, error) {
	st, err := m.status(ctx, s)
	if err != nil {
		return nil, err
	}
	attached, err := s.Attachments(ctx)
	if err != nil {
		return nil, err
	}
	var found []Finding
	if len(st.Foreign) > 0 {
		found = append(found, Finding{Kind: FindingOtherTool, Foreign: st.Foreign, Adoptable: st.Adoptable})
	}
	for _, a := range attached {
		found = append(found, Finding{Kind: FindingLedger, Table: a.Table, Object: a.Kind, Name: a.Name})
	}
	for _, r := range st.Revisions {
		f := Finding{Revision: r.Revision, File: r.File}
		switch {
		case r.State == Pending && r.OutOfOrder:
			f.Kind = FindingOutOfOrder
		case r.State == Pending:
			f.Kind = FindingPending
		case r.State == Unfinished:
			f.Kind = FindingUnfinished
		case r.State == Modified:
			f.Kind, f.Changes = FindingModified, r.Changes
		default:
			continue
		}
		found = append(found, f)
	}
	for _, r := range st.Replacements {
		if r.Conflicts() {
			found = append(found, Finding{Kind: FindingReplaced, Revision: r.Revision, File: m.files.Revision(r.Revision).Up.File, Replacement: &r})
		}
	}
	s.ReportUncompared(st.drift)
	if s := st.Schema; s != nil && (s.State == SchemaChanged || s.State == SchemaAccessChanged) {
		found = append(found, Finding{Kind: FindingDrift, Schema: s, Ahead: st.unknown()})
	}
	return found, nil
}

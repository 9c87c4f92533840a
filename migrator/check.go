package migrator

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
)

// FindingKind is a sort of finding.
type FindingKind string

// What Check finds.
const (
	FindingPending      FindingKind = "pending"
	FindingOutOfOrder   FindingKind = "out-of-order"
	FindingChanged      FindingKind = "changed"
	FindingUnfinished   FindingKind = "unfinished"
	FindingHeads        FindingKind = "heads"
	FindingEmpty        FindingKind = "empty"
	FindingIrreversible FindingKind = "irreversible"
	FindingFiles        FindingKind = "files"
)

// Finding is one thing that is not as it should be before a release.
type Finding struct {
	Kind     FindingKind
	Revision string // "" when it is about the whole
	File     string // "" when there is none
	Line     int    // 0: the file as a whole
	Column   int
	Text     string // what it is and what to do
}

// CheckFiles finds what the files alone show.
func (s *Set) CheckFiles() []Finding {
	var found []Finding
	if heads := s.files.Graph.Heads(); len(heads) > 1 {
		found = append(found, Finding{Kind: FindingHeads, Text: fmt.Sprintf("there are %d heads: %s; `merge` joins them", len(heads), strings.Join(heads, ", "))})
	}
	for _, r := range s.files.Ordered() {
		if r.MissingSQL() {
			found = append(found, Finding{Kind: FindingEmpty, Revision: r.ID, File: r.Up.File, Text: "the up script has no SQL; `up` will refuse it"})
		}
		if !r.Reversible() {
			found = append(found, Finding{Kind: FindingIrreversible, Revision: r.ID, File: r.Up.File, Text: "there is no down script: it cannot be taken down"})
		}
	}
	return found
}

// Check finds what the files show and how the database differs from them. It writes
// nothing and locks nothing.
func (s *Set) Check(ctx context.Context, cfg *pgconn.Config) ([]Finding, error) {
	st, err := s.Status(ctx, cfg)
	if err != nil {
		return nil, err
	}
	found := s.CheckFiles()
	for _, r := range st.Revisions {
		f := Finding{Revision: r.Revision, File: r.File}
		switch {
		case r.State == Pending && r.OutOfOrder:
			f.Kind, f.Text = FindingOutOfOrder, "it is pending below applied revisions; `up --out-of-order=ok` applies it"
		case r.State == Pending:
			f.Kind, f.Text = FindingPending, "it is not applied; `up` applies it"
		case r.State == Unfinished:
			f.Kind, f.Text = FindingUnfinished, "it was interrupted; run the same command again, or settle it with `repair`"
		case r.State == Edited:
			f.Kind, f.Text = FindingChanged, "its "+strings.Join(r.Changes, ", ")+" changed after it was applied; `repair --accept "+r.Revision+"` takes the file as it is"
		default:
			continue
		}
		found = append(found, f)
	}
	return found, nil
}

// DryRun says what a move would do, after it has checked what can be checked without
// doing it: the plan, the policies, and the rights on the ledger, in a read-only
// transaction. No script is sent. Errors are those of the move before its first step.
func (s *Set) DryRun(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (*Plan, error) {
	ss, v, err := s.look(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer ss.close()
	p, err := s.choose(v, verb, targets)
	if err != nil {
		return nil, err
	}
	for _, check := range []func() error{
		ss.writable,
		func() error { return ss.fetch(ctx, &p) },
		func() error { return ss.runner.Refuse(ctx, p) },
		func() error { return ss.rights(ctx, v.State.Exists) },
	} {
		if err := check(); err != nil {
			return nil, interrupted(ctx, err)
		}
	}
	return planOf(p), nil
}

// rights checks that the ledger could be written.
func (ss *session) rights(ctx context.Context, exists bool) error {
	rows, err := ss.conn.Query(ctx, "BEGIN READ ONLY;\n"+ss.roleFirst()+ss.set.ledger.Rights(exists)+";\nCOMMIT")
	if err != nil {
		if ss.conn.InTransaction() {
			_ = ss.conn.Exec(ctx, "ROLLBACK")
		}
		return err
	}
	for _, row := range rows {
		if row[1].Text != "t" {
			return &apply.LedgerError{Ledger: ss.set.ledger, Text: "the role " + row[2].Text + " lacks a right: " + row[0].Text, Hint: "the owner can run: " + row[3].Text}
		}
	}
	return nil
}

func planOf(p plan.Plan) *Plan {
	out := &Plan{From: p.From, To: p.To}
	for _, step := range p.Steps {
		out.Steps = append(out.Steps, stepOf(step))
	}
	return out
}

package migrator

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// RevisionState says how a revision stands in a database.
type RevisionState string

// The states of a revision.
const (
	Applied    RevisionState = "applied"
	Pending    RevisionState = "pending"
	Edited     RevisionState = "changed"    // applied, and its file is no longer what was applied
	Unfinished RevisionState = "unfinished" // interrupted outside a transaction
	Unknown    RevisionState = "unknown"    // applied by a program that knows more revisions
)

// Status says where a database is.
type Status struct {
	Ledger string
	// Exists is false for a database without a ledger: nothing is applied.
	Exists bool
	// Current are the maximal applied revisions, Heads the set's own heads.
	Current, Heads []string
	// Revisions are the set's and the ledger's, parents first.
	Revisions []RevisionStatus
}

// RevisionStatus is one revision of a Status.
type RevisionStatus struct {
	Revision, Message                     string // the message's first line
	State                                 RevisionState
	File                                  string // "" when only the ledger knows it
	DownRevision, DependsOn, BranchLabels []string
	// Changes say what is no longer as it was applied.
	Changes []string
	// OutOfOrder: pending below a revision that is applied.
	OutOfOrder bool
	// Reversible: there is a way down, a file or what the ledger keeps.
	Reversible bool
	// Of an unfinished revision: where it was going, how many statements are finished,
	// and the command that goes on with it, nil when its script is not in the set.
	Direction      plan.Direction
	StatementsDone int
	Finish         []string
	// The rest is zero for a pending revision. AppliedAt of an unfinished one is when it
	// was begun.
	AppliedAt              time.Time
	Duration               time.Duration
	AppliedBy, AppliedFrom string
	BinaryVersion          string
}

// Count gives how many revisions have a state.
func (s *Status) Count(state RevisionState) int {
	n := 0
	for _, r := range s.Revisions {
		if r.State == state {
			n++
		}
	}
	return n
}

// Status looks where a database is. It writes nothing and locks nothing.
func (s *Set) Status(ctx context.Context, cfg *pgconn.Config) (*Status, error) {
	ss, v, err := s.look(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer ss.close()
	changes, err := ss.changes(ctx, v)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	return s.status(v, changes), nil
}

// look reads a database once, with details. The session is the caller's to close.
func (s *Set) look(ctx context.Context, cfg *pgconn.Config) (*session, *plan.View, error) {
	ss, err := s.open(ctx, cfg)
	if err != nil {
		return nil, nil, interrupted(ctx, err)
	}
	state, err := ss.read(ctx, true)
	if err == nil && !state.Exists {
		err = ss.others(ctx)
	}
	var v *plan.View
	if err == nil {
		v, err = plan.Join(s.files, state)
	}
	if err != nil {
		ss.close()
		return nil, nil, interrupted(ctx, err)
	}
	return ss, v, nil
}

// Offline is the status of a database in which nothing is applied, without looking at
// one.
func (s *Set) Offline() *Status {
	v, _ := plan.Join(s.files, ledger.State{}) // no rows: nothing that does not fit
	return s.status(v, nil)
}

func (s *Set) status(v *plan.View, changed []plan.Change) *Status {
	st := &Status{Ledger: s.ledger.String(), Exists: v.State.Exists, Current: v.Current(), Heads: s.files.Graph.Heads()}
	changes := map[string][]string{}
	for _, c := range changed {
		changes[c.Revision] = c.What
	}
	late := graph.Set{}
	for _, i := range v.Graph.OutOfOrder(v.Applied) {
		late[i.Revision] = struct{}{}
	}
	for _, id := range v.Graph.Order() {
		r := RevisionStatus{Revision: id, Message: v.Subject(id), State: Pending, Changes: changes[id]}
		if f := v.Files.Revision(id); f != nil {
			r.File, r.DownRevision, r.DependsOn, r.BranchLabels, r.Reversible = f.Up.File, f.DownRevision, f.DependsOn, f.BranchLabels, f.Reversible()
		}
		if row := v.Row(id); row != nil {
			r.fill(row)
			r.unfinished(v, row)
		} else {
			r.OutOfOrder = late.Has(id)
		}
		st.Revisions = append(st.Revisions, r)
	}
	return st
}

func (r *RevisionStatus) fill(row *ledger.Row) {
	if r.File == "" {
		r.DownRevision, r.DependsOn, r.BranchLabels = row.DownRevision, row.DependsOn, row.BranchLabels
	}
	r.Reversible = r.Reversible || row.Reversible
	switch {
	case row.State != ledger.Applied:
		r.State = Unfinished
	case r.File == "":
		r.State = Unknown
	case len(r.Changes) > 0:
		r.State = Edited
	default:
		r.State = Applied
	}
	r.AppliedAt, r.Duration, r.AppliedBy, r.AppliedFrom, r.BinaryVersion = row.AppliedAt, row.Duration, row.AppliedBy, row.AppliedFrom, row.BinaryVersion
}

func (r *RevisionStatus) unfinished(v *plan.View, row *ledger.Row) {
	if r.State != Unfinished {
		return
	}
	r.Direction = plan.Up
	if row.State == ledger.Reverting {
		r.Direction = plan.Down
	}
	r.StatementsDone, r.Finish = row.StatementsDone, v.Finish(row)
}

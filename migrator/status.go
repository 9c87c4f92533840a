package migrator

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
)

// RevisionState says how a revision and a database relate.
type RevisionState string

// The states.
const (
	Applied    RevisionState = "applied"
	Pending    RevisionState = "pending"
	Modified   RevisionState = "changed"    // applied, and its files were modified since
	Unfinished RevisionState = "unfinished" // non-transactional, and interrupted
	Unknown    RevisionState = "unknown"    // applied, and not among the files
	// Replaced: applied, and replaced by a revision of the files that cannot take its place yet; see Replacement.
	Replaced RevisionState = "replaced"
)

// Status says where a database is.
type Status struct {
	Ledger string
	// Exists is false for a database without a ledger: nothing is applied.
	Exists bool
	// Current are the maximal applied revisions, Heads the heads of the files; both sorted.
	Current, Heads []string
	// Revisions are those of the files and of the ledger, parents first.
	Revisions []RevisionStatus
	// Replacements are the revisions that replace some which the ledger has.
	Replacements []Replacement
	// Runner is the runner that was at work when the ledger had been read; nil if there was
	// none. Its Application contains the revision that is in progress.
	Runner *Session
	// Foreign are the version tables of other tools, "schema.table (tool)", if they are why
	// Up refuses to run anything in this database, which has no ledger. Adoptable: Adopt can
	// read one of them.
	Foreign   []string
	Adoptable bool
	// Schema compares the schema with what the last run left; nil if that run recorded no fingerprint.
	Schema *SchemaStatus

	view  *plan.View
	drift *session.Drift
}

// RevisionStatus is one revision of a Status.
type RevisionStatus struct {
	Revision, Message                     string // the message's first line
	State                                 RevisionState
	File                                  string // "" when only the ledger knows it
	DownRevision, DependsOn, BranchLabels []string
	// Changes are the parts that are no longer as they were applied: "up script",
	// "down script" or keys of the header.
	Changes []string
	// OutOfOrder: it is pending below a revision that is applied.
	OutOfOrder bool
	// Replaces are the revisions that this one replaces, as its file lists them.
	Replaces []string
	// Reversible: there is a down script, in a file or in the ledger.
	Reversible bool

	// Of an unfinished revision: what was interrupted, how many statements are done, and
	// the verb and targets that finish it and do nothing else (nil when the files do not
	// have its script).
	Direction      Direction
	StatementsDone int
	Finish         []string

	// The rest is zero for a pending revision. AppliedAt of an unfinished one is when it
	// was started.
	AppliedAt              time.Time
	Duration               time.Duration
	AppliedBy, AppliedFrom string // role and host
	BinaryVersion          string
}

// Status looks where a database is. It writes nothing and locks nothing.
func (m *Migrator) Status(ctx context.Context, cfg *pgconn.Config) (*Status, error) {
	return m.statusWith(ctx, cfg, m.status)
}

// LedgerStatus is Status without reading the schema, which takes longer and needs more memory than reading the ledger: Schema
// is nil.
func (m *Migrator) LedgerStatus(ctx context.Context, cfg *pgconn.Config) (*Status, error) {
	return m.statusWith(ctx, cfg, m.ledgerStatus)
}

func (m *Migrator) statusWith(ctx context.Context, cfg *pgconn.Config, read func(context.Context, *session.Session) (*Status, error)) (*Status, error) {
	var st *Status
	err := m.with(ctx, cfg, func(s *session.Session) (err error) {
		st, err = read(ctx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return st, nil
}

func (m *Migrator) status(ctx context.Context, s *session.Session) (*Status, error) {
	return m.readStatus(ctx, s, true)
}

func (m *Migrator) ledgerStatus(ctx context.Context, s *session.Session) (*Status, error) {
	return m.readStatus(ctx, s, false)
}

func (m *Migrator) readStatus(ctx context.Context, s *session.Session, withSchema bool) (*Status, error) {
	v, err := s.View(ctx)
	if err != nil {
		return nil, err
	}
	modified, err := s.Modified(ctx, v)
	if err != nil {
		return nil, err
	}
	holder, found, err := s.Runner(ctx)
	if err != nil {
		return nil, err
	}
	var drift *session.Drift
	if withSchema {
		if drift, err = s.Drift(ctx, v.State); err != nil {
			return nil, err
		}
	}
	st := m.newStatus(v, modified)
	st.Schema, st.drift = newSchemaStatus(drift), drift
	if refused, ok := errors.AsType[*plan.PolicyError](s.CheckForeign(v, plan.VerbUp)); ok {
		st.Foreign, st.Adoptable = refused.Foreign, refused.Adoptable
	}
	if found {
		runner := Session(holder)
		st.Runner = &runner
	}
	return st, nil
}

// EmptyStatus is the status of a database in which nothing is applied. It needs no
// database.
func (m *Migrator) EmptyStatus() *Status {
	v, _ := plan.Join(m.files.set, ledger.State{}) // no rows, so none that do not fit
	return m.newStatus(v, nil)
}

// Count returns how many revisions have a state.
func (s *Status) Count(state RevisionState) int {
	n := 0
	for _, r := range s.Revisions {
		if r.State == state {
			n++
		}
	}
	return n
}

// unknown returns the ids of the applied revisions that the files do not contain.
func (s *Status) unknown() []string {
	var ids []string
	for _, r := range s.Revisions {
		if r.State == Unknown {
			ids = append(ids, r.Revision)
		}
	}
	return ids
}

// Resolve returns the ids of the revisions that a target names, including those that only
// the ledger knows; none for "base". The error is a *TargetError.
func (s *Status) Resolve(target string) ([]string, error) {
	ids, err := s.view.Graph.Resolve(s.view.Applied, target)
	return ids, newError(err)
}

// Range returns the ids of a history range "a:b", parents first. The error is a
// *TargetError.
func (s *Status) Range(text string) ([]string, error) {
	ids, err := s.view.Graph.Range(s.view.Applied, text)
	return ids, newError(err)
}

func (m *Migrator) newStatus(v *plan.View, modified []plan.Change) *Status {
	st := &Status{Ledger: m.settings.Ledger.String(), Exists: v.State.Exists, Current: v.Current(), Heads: v.Files.Graph.Heads(), Replacements: newReplacements(v), view: v}
	changes := map[string][]string{}
	for _, c := range modified {
		changes[c.Revision] = c.What
	}
	late := graph.Set{}
	for _, r := range v.Graph.OutOfOrder(v.Applied) {
		late[r.Revision] = struct{}{}
	}
	replaced := graph.Set{}
	for _, c := range v.Conflicts {
		for _, id := range c.Recorded {
			replaced[id] = struct{}{}
		}
	}
	unfinished := map[string]plan.Unfinished{}
	for _, u := range v.Unfinished() {
		unfinished[u.Revision] = u
	}
	order := v.Graph.Order()
	st.Revisions = slices.Grow(st.Revisions, len(order))
	for _, id := range order {
		r := RevisionStatus{Revision: id, Message: v.Subject(id), State: Pending, Changes: changes[id]}
		if f := v.Files.Revision(id); f != nil {
			r.File, r.BranchLabels, r.Reversible, r.Replaces = f.Up.File, f.BranchLabels, f.Reversible(), f.ReplacedIDs()
			r.DownRevision, r.DependsOn = v.Graph.Canonical(f.DownRevision), v.Graph.Canonical(f.DependsOn)
		}
		if row := v.Row(id); row != nil {
			r.fill(row)
			if r.State == Unknown && replaced.Has(id) {
				r.State = Replaced
			}
		} else {
			r.OutOfOrder = late.Has(id)
		}
		if u, ok := unfinished[id]; ok {
			r.Direction, r.StatementsDone, r.Finish = Direction(u.Direction), u.StatementsDone, u.Finish
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
		r.State = Modified
	default:
		r.State = Applied
	}
	r.AppliedAt, r.Duration, r.AppliedBy, r.AppliedFrom, r.BinaryVersion = row.AppliedAt, row.Duration, row.AppliedBy, row.AppliedFrom, row.BinaryVersion
}

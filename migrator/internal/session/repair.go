package session

import (
	"context"
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// Decision is an answer that only a person can give.
type Decision string

// The decisions; see migrator.Decision.
const (
	DecideApplied    Decision = "applied"
	DecideNotApplied Decision = "not-applied"
	AcceptFile       Decision = "accept"
)

// RepairError reports a decision that cannot be made about a revision, or is not needed.
type RepairError struct {
	Revision, Reason string
}

func (e *RepairError) Error() string { return "repair " + e.Revision + ": " + e.Reason }

// Repair records a decision about one revision, and returns in words what was recorded; "" if
// nothing was.
// Errors: *RepairError, *graph.TargetError, and those of apply.Runner.Change.
func (s *Session) Repair(ctx context.Context, target string, d Decision) (done string, err error) {
	var before ledger.State
	finished := false
	err = s.change(ctx, func(state ledger.State) error {
		before = state
		v, err := plan.Join(s.files, state)
		if err != nil {
			return err
		}
		ids, err := v.Graph.Resolve(v.Applied, target)
		if err != nil {
			return err
		}
		if len(ids) != 1 {
			return &RepairError{target, "exactly one revision is required"}
		}
		var sql string
		if d == AcceptFile {
			sql, done, err = s.acceptFile(ctx, v, ids[0])
		} else {
			sql, done, finished, err = s.decide(ctx, v, ids[0], d)
		}
		if err != nil {
			return err
		}
		event := ledger.Event{Action: ledger.Repair, Revision: ids[0], Message: v.Subject(ids[0]), Detail: done}
		return s.write(ctx, "repair "+ids[0], state, sql, s.Ledger.Append(event, s.runner.Author))
	})
	switch {
	case !apply.IsCommitted(err):
		done = ""
	case err == nil && d == AcceptFile:
		s.carryFingerprint(ctx, before.Generation)
	case err == nil && finished:
		s.recordBaseline(ctx, before.Generation+1)
	}
	return done, err
}

// carryFingerprint keeps the fingerprint of a generation for the next one, which has changed nothing but the ledger.
func (s *Session) carryFingerprint(ctx context.Context, generation int64) {
	if last, found, err := s.lastFingerprints(ctx); err == nil && found && last.Generation == generation && s.Fingerprint != FingerprintOff {
		s.runner.CarryFingerprints(ctx, last, generation+1)
	}
}

func (s *Session) acceptFile(ctx context.Context, v *plan.View, id string) (sql, done string, err error) {
	r, row := v.Files.Revision(id), v.Row(id)
	switch {
	case r == nil:
		return "", "", &RepairError{id, "this program has no file for it"}
	case row == nil || row.State != ledger.Applied:
		return "", "", &RepairError{id, "it is not applied"}
	}
	changes, err := s.Modified(ctx, v)
	if err != nil {
		return "", "", err
	}
	for _, c := range changes {
		if c.Revision == id {
			return s.Ledger.Accept(v.Files.Entry(r)), fmt.Sprintf("recorded %s as it is in %s now (%s)", id, r.Up.File, strings.Join(c.What, ", ")), nil
		}
	}
	return "", "", &RepairError{id, "its file is not modified"}
}

// decide returns what records a decision about an unfinished revision, and whether it is unfinished no longer.
func (s *Session) decide(ctx context.Context, v *plan.View, id string, d Decision) (sql, done string, finished bool, err error) {
	row := v.Row(id)
	if row == nil || row.State == ledger.Applied {
		return "", "", false, &RepairError{id, "it is not unfinished"}
	}
	applied := d == DecideApplied
	checksum, sent := ledger.CutSent(row.Checksum)
	// Without the up script no run can continue it, so the decision is about the whole revision.
	if r := v.Files.Revision(id); !sent || r == nil && row.State == ledger.Applying {
		if !applied {
			return s.Ledger.Unstamp(id), "recorded " + id + " as not applied", true, nil
		}
		fileChecksum := "" // the digest stays, and identifies the file
		if r != nil {
			fileChecksum = r.Up.Checksum()
		}
		return s.Ledger.SetApplied(id, fileChecksum), "recorded " + id + " as applied", true, nil
	}
	script, err := s.unfinishedScript(ctx, v, row)
	if err != nil {
		return "", "", false, err
	}
	checksums := apply.PrefixChecksums(script)
	if row.StatementsDone+1 >= len(checksums) || checksums[row.StatementsDone] != checksum {
		return "", "", false, &apply.ModifiedError{Revision: id, Message: v.Subject(id), File: script.File, StatementsDone: row.StatementsDone}
	}
	n, keywords := row.StatementsDone+1, script.Statements()[row.StatementsDone].Keywords
	if applied {
		return s.Ledger.SetDone(id, n, checksums[n]), fmt.Sprintf("recorded statement %d of %s (%s) as done; the next run continues after it", n, id, keywords), false, nil
	}
	return s.Ledger.SetDone(id, n-1, checksum), fmt.Sprintf("recorded statement %d of %s (%s) as not done; the next run runs it again", n, id, keywords), false, nil
}

// unfinishedScript returns the script of an unfinished revision.
func (s *Session) unfinishedScript(ctx context.Context, v *plan.View, row *ledger.Row) (*revision.Script, error) {
	r := v.Files.Revision(row.Revision)
	switch {
	case row.State == ledger.Applying:
		return r.Up.Loaded()
	case r != nil && r.Down != nil:
		return r.Down, nil
	}
	p := plan.Plan{Steps: []plan.Step{{Direction: plan.Down, Revision: row.Revision}}}
	err := s.Fetch(ctx, &p)
	return p.Steps[0].Script, err
}

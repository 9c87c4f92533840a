package migrator

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// Decision is what a person knows and the database cannot tell.
type Decision string

// The decisions. Of a revision that was interrupted while the end of one of its
// statements was not seen, the first two speak of that statement; otherwise, and where
// the set lacks the script that was running, of the whole revision.
const (
	DecideApplied    Decision = "applied"
	DecideNotApplied Decision = "not-applied"
	// AcceptFile takes a changed file as what was applied.
	AcceptFile Decision = "accept"
)

// RepairError says why there is nothing to decide.
type RepairError struct {
	Revision, Text string
}

func (e *RepairError) Error() string { return "repair " + e.Revision + ": " + e.Text }

// Repair records a decision about one revision in the ledger, and in its event log. It
// says in words what was recorded. Errors: *RepairError, *graph.TargetError and those of
// Stamp.
func (s *Set) Repair(ctx context.Context, cfg *pgconn.Config, target string, d Decision) (done string, err error) {
	err = s.change(ctx, cfg, func(ss *session, state ledger.State) error {
		v, err := plan.Join(s.files, state)
		if err != nil {
			return err
		}
		ids, err := v.Graph.Resolve(v.Applied, target)
		if err != nil {
			return withVerb(err, "repair")
		}
		if len(ids) != 1 {
			return &RepairError{target, "name one revision"}
		}
		var sql string
		if d == AcceptFile {
			sql, done, err = ss.accept(ctx, v, ids[0])
		} else {
			sql, done, err = ss.decide(ctx, v, ids[0], d)
		}
		if err != nil {
			return err
		}
		event := ledger.Event{Action: ledger.Repair, Revision: ids[0], Message: v.Subject(ids[0]), Detail: done}
		return ss.runner.Change(ctx, "repair "+ids[0], true, state.Generation, sql, s.ledger.Append(event, ss.runner.Author))
	})
	return done, err
}

func (ss *session) accept(ctx context.Context, v *plan.View, id string) (sql, done string, err error) {
	r, row := v.Files.Revision(id), v.Row(id)
	switch {
	case r == nil:
		return "", "", &RepairError{id, "this program has no file of it"}
	case row == nil || row.State != ledger.Applied:
		return "", "", &RepairError{id, "it is not applied, so its file is free to change"}
	}
	changes, err := ss.changes(ctx, v)
	if err != nil {
		return "", "", err
	}
	for _, c := range changes {
		if c.Revision == id {
			return ss.set.ledger.Accept(v.Files.Entry(r)), fmt.Sprintf("%s is recorded as it is in %s now (%s)", id, r.Up.File, strings.Join(c.What, ", ")), nil
		}
	}
	return "", "", &RepairError{id, "its file is what was applied"}
}

func (ss *session) decide(ctx context.Context, v *plan.View, id string, d Decision) (sql, done string, err error) {
	row := v.Row(id)
	if row == nil || row.State == ledger.Applied {
		return "", "", &RepairError{id, "it is not unfinished"}
	}
	name, happened := ss.set.ledger, d == DecideApplied
	finished, unsent := ledger.Unsent(row.Checksum)
	// Without the up script nobody can go on with it, so there is no statement to speak of.
	if r := v.Files.Revision(id); unsent || r == nil && row.State == ledger.Applying {
		if !happened {
			return name.Unstamp(id), id + " is recorded as not applied", nil
		}
		checksum := "" // the digest stays, and stands for the file
		if r != nil {
			checksum = r.Up.Checksum()
		}
		return name.SetApplied(id, checksum), id + " is recorded as applied", nil
	}
	script, err := ss.script(ctx, v, row)
	if err != nil {
		return "", "", err
	}
	progress := apply.Progress(script)
	if row.StatementsDone+1 >= len(progress) || progress[row.StatementsDone] != finished {
		return "", "", &apply.EditedError{Revision: id, Message: v.Subject(id), File: script.File, Done: row.StatementsDone}
	}
	words := script.Statements()[row.StatementsDone].Keywords
	if happened {
		return name.Settle(id, row.StatementsDone+1, progress[row.StatementsDone+1]), fmt.Sprintf("statement %d of %s (%s) is recorded as done; the next run goes on after it", row.StatementsDone+1, id, words), nil
	}
	return name.Settle(id, row.StatementsDone, finished), fmt.Sprintf("statement %d of %s (%s) is recorded as not done; the next run runs it again", row.StatementsDone+1, id, words), nil
}

// script is what an unfinished revision was running.
func (ss *session) script(ctx context.Context, v *plan.View, row *ledger.Row) (*revision.Script, error) {
	r := v.Files.Revision(row.Revision)
	switch {
	case row.State == ledger.Applying:
		return r.Up, nil
	case r != nil && r.Down != nil:
		return r.Down, nil
	default:
		p := plan.Plan{Steps: []plan.Step{{Direction: plan.Down, Revision: row.Revision}}}
		err := ss.fetch(ctx, &p)
		return p.Steps[0].Script, err
	}
}

package migrator

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/plan"
)

// Verb says which move a plan is for.
type Verb string

// The moves.
const (
	Up    Verb = "up"
	Down  Verb = "down"
	To    Verb = "to"
	Redo  Verb = "redo"  // its target is how many revisions to take down and apply again
	Stamp Verb = "stamp" // changes the ledger and runs nothing
	Purge Verb = "purge" // a stamp that first forgets every row
)

// Plan is what a move would do.
type Plan struct {
	// From and To are the maximal applied revisions before and after.
	From, To []string
	Steps    []Step
}

// Plan says what a move would do to a database. It writes nothing and locks nothing.
// Errors: those of Up, Down and To that need no server to run a script.
func (s *Set) Plan(ctx context.Context, cfg *pgconn.Config, verb Verb, targets ...string) (*Plan, error) {
	ss, v, err := s.look(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ss.close()
	return s.planFor(v, verb, targets)
}

// PlanFrom says what a move would do to a database in which exactly the named
// revisions and what they stand on are applied; none, or "base", is an empty one. It
// needs no database.
func (s *Set) PlanFrom(from []string, verb Verb, targets ...string) (*Plan, error) {
	if len(from) == 0 {
		from = []string{"base"}
	}
	applied, err := s.files.Graph.State(from)
	if err != nil {
		return nil, err
	}
	return s.planFor(plan.At(s.files, applied), verb, targets)
}

func (s *Set) planFor(v *plan.View, verb Verb, targets []string) (*Plan, error) {
	p, err := s.choose(v, verb, targets)
	if err != nil {
		return nil, err
	}
	return planOf(p), nil
}

func (s *Set) choose(v *plan.View, verb Verb, targets []string) (plan.Plan, error) {
	switch verb {
	case Up:
		if len(targets) == 0 {
			targets = []string{"head"}
		}
		return s.up(v, targets)
	case Down:
		target, err := atMostOne(verb, targets, "-1")
		if err != nil {
			return plan.Plan{}, err
		}
		return v.Downgrade(target)
	case Redo:
		count, err := atMostOne(verb, targets, "1")
		if err != nil {
			return plan.Plan{}, err
		}
		if n, err := strconv.Atoi(count); err != nil || n < 1 {
			return plan.Plan{}, &UsageError{fmt.Sprintf("redo takes a number of revisions, and %q is none", count)}
		}
		p, err := v.Redo("-" + count)
		return p, redoError(err, count)
	case To, Stamp, Purge:
		if len(targets) == 0 {
			return plan.Plan{}, &UsageError{"say where to: a revision, a label, head, heads or base"}
		}
		if verb == To {
			return v.To(targets)
		}
		return v.Stamp(targets, verb == Purge)
	}
	return plan.Plan{}, &UsageError{fmt.Sprintf("there is no move %q", verb)}
}

// redoError names the redo in the error of its downgrade. It drops the choices, which are
// targets: a redo takes a number.
func redoError(err error, count string) error {
	if e, ok := errors.AsType[*TargetError](err); ok && e.Verb == string(Down) {
		return &TargetError{Kind: e.Kind, Verb: string(Redo), Target: count, Reason: e.Reason, Revisions: e.Revisions}
	}
	return withVerb(err, Redo)
}

func atMostOne(verb Verb, targets []string, otherwise string) (string, error) {
	switch len(targets) {
	case 0:
		return otherwise, nil
	case 1:
		return targets[0], nil
	}
	return "", &UsageError{fmt.Sprintf("%s takes one target, not %d", verb, len(targets))}
}

// UsageError says what is missing or too much in a call.
type UsageError struct {
	Text string
}

func (e *UsageError) Error() string { return e.Text }

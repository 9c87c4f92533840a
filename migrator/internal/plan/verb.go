package plan

import (
	"errors"
	"fmt"
	"strconv"

	"example.com/ambix/migrator/graph"
)

// Verb is an operation that changes which revisions are applied.
type Verb string

// The verbs, as the command line spells them.
const (
	VerbUp    Verb = "up"
	VerbDown  Verb = "down"
	VerbTo    Verb = "to"
	VerbRedo  Verb = "redo"  // its one target is the number of revisions
	VerbStamp Verb = "stamp" // changes the ledger and runs nothing
	VerbPurge Verb = "purge" // a stamp that first deletes every row
)

// Plan turns a verb and its targets into ordered steps. Without targets, up goes to the
// head, down goes one step back and redo repeats one revision. Errors: *ArgumentError,
// and those of the method for the verb.
func (v *View) Plan(verb Verb, targets []string) (Plan, error) {
	p, err := v.planVerb(verb, targets)
	if err != nil {
		for _, c := range v.Conflicts {
			if c.Both || verb != VerbDown && verb != VerbStamp && verb != VerbPurge {
				return Plan{}, c // the targets do not matter then
			}
		}
		return Plan{}, err
	}
	p.Replacements, p.Replacing = v.Replacements, v.Replacing()
	return p, nil
}

func (v *View) planVerb(verb Verb, targets []string) (Plan, error) {
	switch verb {
	case VerbUp:
		if len(targets) == 0 {
			targets = []string{"head"}
		}
		return v.Upgrade(targets)
	case VerbDown:
		target, err := OneTarget(verb, targets, "-1")
		if err != nil {
			return Plan{}, err
		}
		return v.Downgrade(target)
	case VerbRedo:
		count, err := OneTarget(verb, targets, "1")
		if err != nil {
			return Plan{}, err
		}
		if n, err := strconv.Atoi(count); err != nil || n < 1 {
			return Plan{}, &ArgumentError{verb, fmt.Sprintf("%q is not a number of revisions", count)}
		}
		p, err := v.Redo("-" + count)
		return p, redoError(err, count)
	case VerbTo, VerbStamp, VerbPurge:
		if len(targets) == 0 {
			return Plan{}, &ArgumentError{verb, "missing target: a revision, a label, head, heads or base"}
		}
		if verb == VerbTo {
			return v.To(targets)
		}
		return v.Stamp(targets, verb == VerbPurge)
	}
	return Plan{}, &ArgumentError{verb, "unknown operation"}
}

// redoError names the redo in the error of its downgrade. It drops the choices, which are
// targets: a redo takes a number.
func redoError(err error, count string) error {
	if e, ok := errors.AsType[*graph.TargetError](err); ok {
		return &graph.TargetError{Kind: e.Kind, Verb: string(VerbRedo), Target: count, Reason: e.Reason, Revisions: e.Revisions}
	}
	return err
}

// OneTarget returns the only target, or otherwise when there is none. The error is an
// *ArgumentError.
func OneTarget(verb Verb, targets []string, otherwise string) (string, error) {
	switch len(targets) {
	case 0:
		return otherwise, nil
	case 1:
		return targets[0], nil
	}
	return "", &ArgumentError{verb, fmt.Sprintf("takes one target, not %d", len(targets))}
}

// ArgumentError reports a verb with the wrong number or kind of targets.
type ArgumentError struct {
	Verb   Verb
	Reason string
}

func (e *ArgumentError) Error() string { return string(e.Verb) + ": " + e.Reason }

package migrator

import (
	"fmt"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/plan"
)

// up plans an upgrade, and asks the policies whether it may go on.
func (s *Set) up(v *plan.View, targets []string) (plan.Plan, error) {
	p, err := v.Upgrade(targets)
	if err != nil {
		return p, err
	}
	if ahead := v.Unknown(); len(ahead) > 0 && s.cfg.Ahead != OK && (len(p.Steps) > 0 || s.cfg.Ahead == Fail) {
		return p, &PolicyError{Policy: "ahead", Revisions: ahead, Pending: stepIDs(p)}
	}
	if late := v.OutOfOrder(p); len(late) > 0 && s.cfg.OutOfOrder != OK {
		e := &PolicyError{Policy: "out-of-order"}
		for _, i := range late {
			e.Revisions, e.Above = append(e.Revisions, i.Revision), append(e.Above, i.Above)
		}
		return p, e
	}
	if len(p.Steps) == 0 {
		for _, row := range v.Unfinished() {
			s.emit(Halfway{Revision: row.Revision, Finish: v.Finish(row)})
		}
	}
	if s.cfg.Changed == OK {
		return p, nil
	}
	changes := v.Changes()
	if len(changes) > 0 && s.cfg.Changed == Fail {
		return p, &PolicyError{Policy: "changed", Revisions: changedIDs(changes)}
	}
	for _, c := range changes {
		s.emit(Changed{Change: c})
	}
	return p, nil
}

func stepIDs(p plan.Plan) []string {
	ids := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		ids[i] = s.Revision
	}
	return ids
}

func changedIDs(changes []plan.Change) []string {
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.Revision
	}
	return ids
}

// PolicyError says that a policy stopped a run before anything was sent.
type PolicyError struct {
	Policy    string   // "ahead", "changed" or "out-of-order", as the flag is called
	Revisions []string // those that are the reason
	Pending   []string // for "ahead": what would have been applied
	Above     []string // for "out-of-order": an applied revision above each of Revisions
}

func (e *PolicyError) Error() string {
	list := strings.Join(e.Revisions, ", ")
	switch e.Policy {
	case "ahead":
		if len(e.Pending) == 0 {
			return fmt.Sprintf("the database is ahead of this program by %s; --ahead=auto accepts that", list)
		}
		return fmt.Sprintf("the database holds revisions that this program does not know (%s), and this program has pending ones (%s): two lines of work met; build a program that has both, or apply beside them with --ahead=ok",
			list, strings.Join(e.Pending, ", "))
	case "changed":
		return fmt.Sprintf("applied revisions have changed since: %s; see `status`, or accept with --changed=ok", list)
	}
	pairs := make([]string, len(e.Revisions))
	for i, id := range e.Revisions {
		pairs[i] = id + " (below " + e.Above[i] + ")"
	}
	return fmt.Sprintf("pending revisions lie below applied ones: %s; if they may run late, --out-of-order=ok applies them now", strings.Join(pairs, ", "))
}

// ConfigError says which setting cannot be, and what it may be.
type ConfigError struct {
	Setting, Value string
	Choices        []string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s %q: it is one of %s", e.Setting, e.Value, strings.Join(e.Choices, ", "))
}

func oneOf(setting string, value Policy, choices []Policy) error {
	if slices.Contains(choices, value) {
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	slices.Sort(names)
	return &ConfigError{setting, string(value), names}
}

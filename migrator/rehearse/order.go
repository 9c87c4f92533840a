package rehearse

import (
	"fmt"

	"example.com/ambix/migrator/schema"
)

// lockOrder finds pairs of revisions that lock two relations in opposite order. A program that locks both, in whatever order,
// can deadlock with one of the revisions.
func (j *judge) lockOrder(steps []Step) {
	type place struct {
		step, statement int
		a, b            Relation
	}
	seen := map[[2]string]place{} // by the first and the second relation
	for s, step := range steps {
		j.step = step
		taken := blockingLocks(step)
		for second, b := range taken {
			for _, a := range taken[:second] {
				if a.statement == b.statement {
					continue // the order within a statement is not known
				}
				key := [2]string{a.ID, b.ID}
				other, found := seen[[2]string{b.ID, a.ID}]
				if found && steps[other.step].Revision != step.Revision {
					at := steps[other.step].Statements[other.statement]
					j.addLockOrder(b.statement, a.Relation, b.Relation, fmt.Sprintf("%s locks them the other way round (%s:%d)", steps[other.step].Revision, at.File, at.Line))
				}
				if _, known := seen[key]; !known {
					seen[key] = place{s, b.statement, a.Relation, b.Relation}
				}
			}
		}
	}
}

func (j *judge) addLockOrder(i int, a, b Relation, other string) {
	f := Finding{Rule: LockOrder, Severity: Warning, Object: b.Name, Facts: Facts{Lock: j.held(i, b.ID), Blocks: j.held(i, b.ID).Blocks(), Table: b.Name, Size: j.sizeOf(b)}}
	f.Text = j.step.Statements[i].name() + " locks " + b.Name + " after " + a.Name + "; " + other
	f.Why = "a program that uses both can deadlock with one of the two revisions"
	f.Safe = "lock them in the same order, or in different revisions"
	if f.Size.empty() || j.sizeOf(a).empty() {
		f.Severity = Note
	}
	if _, isNew := j.Sizes.of(a); isNew {
		f.Severity = 0
	}
	j.add(i, b, f)
}

// heldLock is a lock that is held until the end of the transaction.
type heldLock struct {
	Lock
	statement int
}

// blockingLocks returns the first lock of each relation that blocks others, in the order of the statements.
func blockingLocks(s Step) []heldLock {
	var taken []heldLock
	seen := map[string]bool{}
	for i, st := range s.Statements {
		for _, l := range st.Locks {
			if !st.Alone && l.Blocks() != schema.BlocksNothing && !seen[l.ID] && !st.locksParent(l) {
				seen[l.ID] = true
				taken = append(taken, heldLock{l, i})
			}
		}
	}
	return taken
}

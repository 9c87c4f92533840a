package rehearse

import (
	"fmt"
	"slices"

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
		j.foreignKeyOrder(taken)
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
	f := Finding{Severity: Warning}
	f.Text = j.step.Statements[i].name() + " locks " + b.Name + " after " + a.Name + "; " + other
	f.Why = "a program that uses both can deadlock with one of the two revisions"
	f.Safe = "lock them in the same order, or in different revisions"
	j.addOrder(i, a, b, f)
}

// addOrder completes and adds a finding about the order of two locks.
func (j *judge) addOrder(i int, a, b Relation, f Finding) {
	f.Rule, f.Object = LockOrder, b.Name
	f.Facts = Facts{Lock: j.held(i, b.ID), Blocks: j.held(i, b.ID).Blocks(), Table: b.Name, Size: j.sizeOf(b)}
	if f.Size.empty() || j.sizeOf(a).empty() {
		f.Severity = Note
	}
	if _, isNew := j.Sizes.of(a); isNew {
		f.Severity = 0
	}
	j.add(i, b, f)
}

// foreignKeyOrder finds two locks on tables that a foreign key joins, in different statements, between which a single statement
// of a program can lock the second table and then wait for the first: an INSERT locks the row that it refers to, and a DELETE
// looks for rows that refer to its own. Both wait only for a lock that SELECT FOR KEY SHARE waits for.
func (j *judge) foreignKeyOrder(taken []heldLock) {
	for second, b := range taken {
		for _, a := range taken[:second] {
			if a.statement == b.statement || a.Mode.Strength() < schema.Exclusive.Strength() {
				continue
			}
			verb, severity := "an INSERT into "+b.Name, Warning
			switch {
			case slices.Contains(j.step.References, Reference{From: b.ID, To: a.ID}):
			case slices.Contains(j.step.References, Reference{From: a.ID, To: b.ID}):
				verb, severity = "a DELETE from "+b.Name, Note
			default:
				continue
			}
			if j.sizeOf(a.Relation).severity() == Note && j.sizeOf(b.Relation).severity() == Note {
				severity = Note // it takes a statement in the same instant, which is rare on small tables
			}
			earlier := j.step.Statements[a.statement]
			j.addOrder(b.statement, a.Relation, b.Relation, Finding{
				Severity: severity, Safe: apart,
				Text: fmt.Sprintf("%s locks %s, and %s in line %d has locked %s: %s locks both the other way round, for their foreign key", j.step.Statements[b.statement].name(), b.Name, earlier.name(), earlier.Line, a.Name, verb),
				Why:  "the revision and such a statement can deadlock; the server cancels one of the two",
			})
		}
	}
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

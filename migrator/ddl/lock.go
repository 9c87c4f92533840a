package ddl

import (
	"cmp"
	"sort"

	"example.com/ambix/migrator/schema"
)

// Lock is the strongest lock that a statement takes on a relation.
type Lock struct {
	Mode   schema.LockMode
	Object schema.Key // the table, view, materialized view or sequence, with the name that it has when the statement is run
}

// SetLocks sets the locks of the statements of several scripts that together turn a database with the first schema into one with
// the second. Change does so for its own statements; it has to be repeated if these are written in another way.
func SetLocks(scripts [][]Statement, from, to *schema.Schema) {
	l := newLocker(from, to)
	for _, script := range scripts {
		l.begin()
		for i := range script {
			script[i].Locks = l.follow(script[i])
		}
	}
}

// StrongestLocks returns the strongest lock on each relation that one of the statements takes, the strongest one first.
func StrongestLocks(statements []Statement) []Lock {
	modes := map[schema.Key]schema.LockMode{}
	for _, st := range statements {
		for _, l := range st.Locks {
			if l.Mode.Strength() > modes[l.Object].Strength() {
				modes[l.Object] = l.Mode
			}
		}
	}
	return sortedLocks(modes)
}

func sortedLocks(modes map[schema.Key]schema.LockMode) []Lock {
	var locks []Lock
	for key, mode := range modes {
		locks = append(locks, Lock{mode, key})
	}
	sort.Slice(locks, func(i, j int) bool {
		a, b := locks[i], locks[j]
		return cmp.Or(cmp.Compare(b.Mode.Strength(), a.Mode.Strength()), a.Object.Compare(b.Object)) < 0
	})
	return locks
}

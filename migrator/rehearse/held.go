package rehearse

import (
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/schema"
)

// held returns the strongest lock on a relation that the transaction holds at the end of statement i.
func (j *judge) held(i int, id string) schema.LockMode {
	mode, _ := j.heldSince(i, id)
	return mode
}

// heldSince returns that lock and the statement that took it.
func (j *judge) heldSince(i int, id string) (mode schema.LockMode, since int) {
	since = i
	for k := i; k >= 0 && (k == i || !j.step.Statements[i].Alone); k-- {
		for _, l := range j.step.Statements[k].Locks {
			if l.ID == id && l.Mode.Strength() > mode.Strength() {
				mode, since = l.Mode, k
			}
		}
	}
	return mode, since
}

// under returns how to say that others are blocked while statement i works on a relation, because an earlier statement of the
// transaction has locked it: "" if statement i would block as much by itself.
func (j *judge) under(i int, w Work) string {
	mode, since := j.heldSince(i, w.ID)
	if since == i || mode.Blocks() == j.step.Statements[i].blocksByItself(w) || mode.Blocks() == schema.BlocksNothing {
		return ""
	}
	earlier := j.step.Statements[since]
	return "while the lock that " + earlier.name() + " took in line " + strconv.Itoa(earlier.Line) + " blocks " + blocked(mode.Blocks(), w.Name)
}

// blocksByItself returns what a statement blocks while it works on a relation, if nothing has locked that before.
func (s Statement) blocksByItself(w Work) schema.Blocks {
	validates := func(c Change) bool { return c.Kind == ValidateCheck }
	switch word, _, _ := strings.Cut(s.Keywords, " "); {
	case w.Kind == UpdateAll, w.Kind == UpdateSome, w.Kind == DeleteAll:
		return schema.BlocksWrites
	case word == "CREATE" && w.Kind == Build:
		return schema.BlocksWrites
	case w.Kind == Scan && word == "CREATE", w.Kind == Scan && slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "MERGE", "SELECT", "WITH", "COPY", "VALUES", "TABLE", "EXPLAIN", "EXECUTE", "ANALYZE", "REFRESH"}, word):
		return schema.BlocksNothing
	case w.Kind == Scan && len(s.Changes) > 0 && !slices.ContainsFunc(s.Changes, func(c Change) bool { return !validates(c) }):
		return schema.BlocksNothing
	}
	return schema.BlocksAll
}

// goesAlong reports whether a lock of statement i is that of a sequence that is locked with its table, which an earlier
// statement may have locked.
func (j *judge) goesAlong(i int, l Lock) bool {
	st := j.step.Statements[i]
	from := i
	switch word, object, _ := strings.Cut(st.Keywords, " "); {
	case l.Relation.Kind != Sequence:
		return false
	case object != "SEQUENCE" && slices.Contains([]string{"ALTER", "DROP", "TRUNCATE"}, word) && !st.Alone:
		from = 0
	}
	return slices.ContainsFunc(j.step.Statements[from:i+1], func(st Statement) bool {
		return slices.ContainsFunc(st.Locks, func(t Lock) bool { return t.Relation.Kind != Sequence && t.Mode.Blocks() != schema.BlocksNothing })
	})
}

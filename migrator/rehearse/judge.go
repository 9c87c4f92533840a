package rehearse

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Options say what is known of the real database.
type Options struct {
	// Sizes are those of its tables. Nil: they are not known.
	Sizes *Sizes
	// Data: the rehearsal had rows, so that its durations and what did not fail count.
	Data bool
}

// Judge returns what matters about steps, in their order. Nothing is accepted yet; see Acknowledge.
func Judge(steps []Step, o Options) []Finding {
	j := &judge{Options: o}
	for _, s := range steps {
		j.step = s
		for i := range s.Statements {
			j.statement(i)
		}
	}
	j.lockOrder(steps)
	return j.found
}

// judge is Judge in progress.
type judge struct {
	Options
	step  Step
	found []Finding
}

// statement adds what matters about a statement.
func (j *judge) statement(i int) {
	st := j.step.Statements[i]
	covered := map[string]bool{} // relations whose locks a finding about work names
	for _, w := range st.Work {
		for _, r := range j.work(i, w) {
			covered[r] = true
		}
	}
	for _, c := range st.Changes {
		j.change(i, c)
	}
	for _, l := range st.Locks {
		if l.Blocks() != schema.BlocksNothing && !st.locksParent(l) && !j.goesAlong(i, l) {
			j.lock(i, l, covered[l.ID])
		}
	}
}

// add completes a finding about a relation and adds it. One about a relation that nobody uses yet has severity 0: it may
// have been accepted. So has a note about a down script, which is rarely run.
func (j *judge) add(i int, r Relation, f Finding) {
	st := j.step.Statements[i]
	f.Revision, f.Down, f.Pos = j.step.Revision, j.step.Down, st.Pos
	f.Object = cmp.Or(f.Object, r.Name)
	f.Took = cmp.Or(f.Took, st.Took)
	f.Accept = revision.Acceptance{Word: string(f.Rule), Object: f.Object}
	_, isNew := j.Sizes.of(r)
	if isNew || f.Down && (f.Severity == Note || r.Made == f.Revision) {
		f.Severity = 0
	}
	j.found = append(j.found, f)
}

// sizeOf returns the size of a relation.
func (j *judge) sizeOf(r Relation) Size {
	size, _ := j.Sizes.of(r)
	return size
}

// work adds the finding about work on all rows of a relation, if others wait for it, and returns the relations that it names.
func (j *judge) work(i int, w Work) (named []string) {
	st, size, mode := j.step.Statements[i], j.sizeOf(w.Relation), j.held(i, w.ID)
	f := Finding{
		Severity: size.severity(), Safe: safeWork(st, w), Why: size.whySeverity(w.Name),
		Facts: Facts{Lock: mode, Blocks: w.blockedBy(mode), Table: w.Name, Size: size},
	}
	does := "it reads all of " + w.Name
	switch w.Kind {
	case Scan, Build:
		f.Rule = Scans
		if w.Kind == Build {
			does += " to build an index"
		}
	case Rewrite:
		f.Rule, does = Rewrites, "it rewrites "+w.Name
		if w.Reason != "" {
			does += ", because " + w.Reason
		}
	default:
		j.update(i, w, f)
		return []string{w.ID}
	}
	if f.Blocks == schema.BlocksNothing {
		return nil
	}
	names := []string{w.Name}
	for _, l := range st.Locks {
		if l.ID == w.ID || l.Blocks() == f.Blocks && !st.oneByOne() {
			named = append(named, l.ID)
		}
		if l.ID != w.ID && l.Blocks() == f.Blocks && !st.locksParent(l) && !st.oneByOne() {
			names = append(names, l.Name)
		}
	}
	f.Text = st.name() + " blocks " + blocked(f.Blocks, text.List(names, "and")) + " while " + does
	if under := j.under(i, w); under != "" {
		f.Text, f.Safe = st.name()+strings.TrimPrefix(does, "it")+", "+under, cmp.Or(f.Safe, apart)
	}
	j.add(i, w.Relation, f)
	return named
}

// update adds the finding about an UPDATE, DELETE or MERGE that may affect all rows.
func (j *judge) update(i int, w Work, f Finding) {
	name := j.step.Statements[i].name()
	under := j.under(i, w)
	if under == "" {
		f.Blocks = schema.BlocksWrites
	}
	f.Rule = Rewrites
	switch w.Kind {
	case DeleteAll:
		f.Rule, f.Severity, f.Text, f.Why = Destroys, j.destroys(f.Size), name+" removes all rows of "+w.Name, f.Size.describe(w.Name)
	case LockRows:
		f.Text = name + " locks the rows of " + w.Name + " that it reads; others that change these wait until the transaction ends"
	case UpdateAll:
		f.Text = name + " changes all rows of " + w.Name + "; others that change them wait until the transaction ends"
	case UpdateSome:
		f.Text = name + " reads all of " + w.Name + ", because no index finds the rows that it changes; others that change these wait until the transaction ends"
		if w.Reason != "" {
			f.Text = name + " may change many rows of " + w.Name + ": " + w.Reason + "; others that change these wait until the transaction ends"
		}
	}
	if under == "" && (w.Kind == UpdateSome || w.Kind == LockRows) {
		f.Severity, f.Why = min(f.Severity, Warning), f.Size.describe(w.Name)
	}
	if under != "" {
		f.Text, _, _ = strings.Cut(f.Text, "; ")
		f.Text += ", " + under
		f.Safe = apart
	}
	j.add(i, w.Relation, f)
}

// lock adds the finding about a lock. How long it is held depends on what follows in the transaction. isNamed: a finding
// about the statement names it.
func (j *judge) lock(i int, l Lock, isNamed bool) {
	st := j.step.Statements[i]
	f := Finding{Rule: Locks, Facts: Facts{Lock: l.Mode, Blocks: l.Blocks(), Table: l.Name, Size: j.sizeOf(l.Relation)}}
	blocks := st.name() + " blocks " + blocked(f.Blocks, l.Name)
	if l.Kind == Sequence && f.Blocks == schema.BlocksWrites {
		blocks = st.name() + " blocks nextval() of " + l.Name
	}
	if worst := j.whileHeld(i, l.ID, isNamed); worst != nil {
		f.Text = blocks + " while it goes through all rows of " + worst.Name
		if worst.statement != i {
			f.Text = blocks + " until " + worst.Statement.name() + " in line " + strconv.Itoa(worst.Line) + " has gone through all rows of " + worst.Name
			f.Safe = apart
		}
		f.Size = j.sizeOf(worst.Relation)
		f.Table, f.Severity, f.Why = worst.Name, f.Size.severity(), f.Size.whySeverity(worst.Name)
		j.add(i, l.Relation, f)
		return
	}
	if isNamed || j.worksOn(i, l.ID) || j.isAbout(i, l.Name) && !j.step.NoLockTimeout {
		return
	}
	f.Severity, f.Text = Note, blocks+" until the transaction ends: "+l.Mode.String()
	switch {
	case st.oneByOne():
		f.Text = blocks + " for a moment: " + l.Mode.String()
	case st.Alone:
		f.Text = blocks + " while it runs: " + l.Mode.String()
	}
	if took := j.heldFor(i); j.Data && took >= time.Second {
		f.Severity, f.Took, f.Why = Warning, took, "it was held for "+took.Round(100*time.Millisecond).String()+" in the rehearsal"
	}
	if j.step.NoLockTimeout {
		f.Severity, f.Safe = Warning, "remove lock_timeout from the header"
		f.Why = "the header sets lock_timeout to 0: while the statement waits behind a long query, all others wait behind it"
	}
	j.add(i, l.Relation, f)
}

// apart is what to do about a lock that is held while a later statement works.
const apart = "put the two statements into different revisions"

// isAbout reports whether a finding about statement i is about a table already.
func (j *judge) isAbout(i int, table string) bool {
	return slices.ContainsFunc(j.found, func(f Finding) bool {
		return f.Severity > 0 && f.Revision == j.step.Revision && f.Down == j.step.Down && f.Pos == j.step.Statements[i].Pos && f.Table == table
	})
}

// until returns the index after the last statement that runs while a lock of statement i is held.
func (j *judge) until(i int) int {
	if j.step.Statements[i].Alone {
		return i + 1
	}
	return len(j.step.Statements)
}

// longWork is work, and the statement that does it.
type longWork struct {
	Statement
	Work
	statement int
}

// whileHeld returns the work on the largest other relation while a lock of statement i is held, or nil. If later, that of
// statement i itself does not count; nor does work that blocks the other relation and therefore has a finding.
func (j *judge) whileHeld(i int, id string, later bool) *longWork {
	var worst *longWork
	for k := i; k < j.until(i); k++ {
		st := j.step.Statements[k]
		for _, w := range st.Work {
			_, isNew := j.Sizes.of(w.Relation)
			if w.ID == id || isNew || k == i && (later || st.oneByOne() || w.blockedBy(j.held(i, w.ID)) != schema.BlocksNothing) {
				continue
			}
			if worst == nil || j.sizeOf(w.Relation).weight() > j.sizeOf(worst.Relation).weight() {
				worst = &longWork{st, w, k}
			}
		}
	}
	return worst
}

// worksOn reports whether statement i or a later one works on all rows of a relation, so that a finding tells about the lock.
func (j *judge) worksOn(i int, id string) bool {
	return slices.ContainsFunc(j.step.Statements[i:j.until(i)], func(st Statement) bool {
		return slices.ContainsFunc(st.Work, func(w Work) bool { return w.ID == id })
	})
}

// heldFor returns how long a lock of statement i was held in the rehearsal.
func (j *judge) heldFor(i int) (took time.Duration) {
	for _, st := range j.step.Statements[i:j.until(i)] {
		took += st.Took
	}
	return took
}

// locksParent reports whether a statement locks the partitioned table of a partition as strongly.
func (s Statement) locksParent(l Lock) bool {
	return slices.ContainsFunc(s.Locks, func(p Lock) bool { return p.ID == l.Parent && p.Mode.Strength() >= l.Mode.Strength() })
}

// oneByOne reports whether a statement locks one table after the other, each in a transaction.
func (s Statement) oneByOne() bool {
	first, _, _ := strings.Cut(s.Keywords, " ")
	return s.Alone && (first == "VACUUM" || first == "REINDEX" || first == "CLUSTER")
}

// name returns what a message calls a statement: its leading keywords. WITH alone would not say what it is.
func (s Statement) name() string {
	if s.Keywords == "WITH" {
		return "the WITH statement"
	}
	return cmp.Or(s.Keywords, "the statement")
}

// blocked returns what is blocked of a relation, or of several.
func blocked(b schema.Blocks, relation string) string {
	if b == schema.BlocksWrites {
		return "writes to " + relation
	}
	return string(b) + " of " + relation
}

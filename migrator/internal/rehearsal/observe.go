package rehearsal

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// observer observes the statements of steps.
type observer struct {
	ledger ledger.Tables
	// now is what the database contains. nil: it has to be read.
	now *catalog
	// original has the names of the relations where the rehearsal began, and made the revisions that made all others.
	original, made map[string]string
	tables         map[string]bool // of original
	openWatch      func(context.Context, *pg.Conn, apply.Observed) (*watch, error)

	steps   []rehearse.Step // that have ended
	step    *rehearse.Step
	before  *catalog // at the start of the step
	held    map[string]schema.LockMode
	changes []changedRows // of the statement in progress
	watch   *watch        // of the statement in progress; nil unless it is alone
	started time.Time
}

// begin prepares for the statements of a step.
func (o *observer) begin(s plan.Step) {
	o.end()
	step := newStep(s)
	o.step, o.before, o.held = &step, nil, nil
}

func newStep(s plan.Step) rehearse.Step {
	return rehearse.Step{
		Revision: s.Revision, Message: s.Message, Down: s.Direction == plan.Down, Transactional: s.Transactional(),
		NoLockTimeout: s.Script.LockTimeout != nil && *s.Script.LockTimeout == 0,
	}
}

// end adds the step that was observed to the list. A name is taken away if it was there before the step, and nothing has it
// at its end: a view may have it.
func (o *observer) end() {
	if o.step == nil {
		return
	}
	if o.now != nil {
		if o.before != nil {
			o.lasting()
		}
		names, before := o.now.names(), map[string]bool{}
		if o.before != nil {
			before = o.before.names()
		}
		kept := func(name string) bool { return names[name] || !before[name] }
		for i := range o.step.Statements {
			st := &o.step.Statements[i]
			st.Changes = slices.DeleteFunc(o.recreated(st.Changes), func(c rehearse.Change) bool { return isKept(c, kept) })
		}
	}
	o.steps, o.step = append(o.steps, *o.step), nil
}

// beforeStatement is apply.Observer.Before.
func (o *observer) beforeStatement(ctx context.Context, conn *pg.Conn, at apply.Observed) (err error) {
	if at.Index == 0 {
		if o.step != nil && o.step.Revision == at.Step.Revision && o.step.Down == (at.Step.Direction == plan.Down) {
			o.step = nil // it is tried again
		}
		o.begin(at.Step)
	}
	if o.now == nil {
		if o.now, err = readCatalog(ctx, conn); err != nil {
			return err
		}
		if o.original == nil {
			o.original, o.made, o.tables = map[string]string{}, map[string]string{}, map[string]bool{}
			for oid, r := range o.now.relations {
				o.original[oid] = r.qualified()
				o.tables[oid] = r.hasRows() && !o.ledger.Has(r.schema, r.name)
			}
			for key, n := range o.now.named {
				o.original[key] = n.name
			}
		}
	}
	if o.before == nil {
		o.before = o.now
		o.step.References = o.now.references()
	}
	if at.Index == 0 || !at.Step.Script.Transactional {
		if err := o.beginTransaction(ctx, conn); err != nil {
			return err
		}
	}
	o.changes, o.watch = nil, nil
	st := at.Statement
	switch {
	case at.Alone:
		if o.watch, err = o.openWatch(ctx, conn, at); err != nil {
			return err
		}
	case isPlanned(st):
		if o.changes, err = explain(ctx, conn, at.Step.Script.Text[st.Start:st.End]); err != nil {
			return err
		}
	}
	o.started = time.Now()
	return nil
}

// beginTransaction reads which locks the transaction has taken for the ledger, and what was counted before it.
func (o *observer) beginTransaction(ctx context.Context, conn *pg.Conn) error {
	o.held = map[string]schema.LockMode{}
	counted := map[string]string{}
	_, err := conn.Send(ctx, pg.Message{SQL: scansQuery + ";\n" + locksQuery}, pg.Handler{Row: func(statement int, fields [][]byte) {
		if statement == 0 {
			counted[string(fields[0])] = string(fields[1])
		} else {
			strengthen(o.held, string(fields[0]), schema.LockMode(fields[1]))
		}
	}})
	if err != nil {
		return err
	}
	now := &catalog{maps.Clone(o.now.relations), o.now.constraints, o.now.named}
	for oid, r := range now.relations {
		if scans := cmp.Or(counted[oid], "0"); r.scans != scans {
			changed := *r
			changed.scans = scans
			now.relations[oid] = &changed
		}
	}
	o.now = now
	return nil
}

// locksNothing reports whether a statement may change relations without a lock on them.
func locksNothing(keywords string) bool {
	return slices.ContainsFunc([]string{"GRANT", "REVOKE", "REASSIGN", "DROP OWNED", "ALTER SCHEMA", "DO", "CALL"}, func(words string) bool {
		return keywords == words || strings.HasPrefix(keywords, words+" ")
	})
}

// afterStatement is apply.Observer.After.
func (o *observer) afterStatement(ctx context.Context, conn *pg.Conn, at apply.Observed) (err error) {
	took := time.Since(o.started)
	was := o.now
	var locks map[string]schema.LockMode
	if o.watch != nil {
		if locks, err = o.watch.stop(); err != nil {
			return err
		}
		locks = withoutDeadIndexes(was, locks)
		o.now, err = readCatalog(ctx, conn)
	} else {
		o.now, locks, err = o.now.readLocked(ctx, conn, changesNames(at.Statement), locksNothing(at.Statement.Keywords))
	}
	if err != nil {
		return err
	}
	for oid := range o.now.relations {
		if _, old := o.before.relations[oid]; !old && o.made[oid] == "" {
			o.made[oid] = at.Step.Revision
		}
	}
	for key := range o.now.named {
		if _, old := o.before.named[key]; !old && o.made[key] == "" {
			o.made[key] = at.Step.Revision
		}
	}
	script, st := at.Step.Script, at.Statement
	pos := sqltext.PositionAt(script.Text, st.Start)
	d := difference{observer: o, was: was, now: o.now, keywords: st.Keywords, changed: o.changes, locks: locks}
	d.compare()
	o.step.Statements = append(o.step.Statements, rehearse.Statement{
		Pos: revision.Pos{File: script.File, Line: pos.Line, Column: pos.Column}, Keywords: st.Keywords, Took: took, Alone: at.Alone || !script.Transactional,
		Locks: o.newLocks(was, locks), Work: d.work, Changes: d.changes,
	})
	o.watch = nil
	return nil
}

// failed is apply.Observer.Failed. The transaction was rolled back; what a statement alone left is not known.
func (o *observer) failed(apply.Observed) {
	if o.watch != nil {
		_, _ = o.watch.stop()
	}
	o.watch, o.now = nil, nil
}

// existed returns a relation that existed before the step, or nil. Those of the ledger do not count.
func (o *observer) existed(c *catalog, oid string) *relation {
	r, before := c.relations[oid], o.before.relations[oid]
	if r == nil || before == nil || o.ledger.Has(before.schema, strings.TrimSuffix(before.name, "_event_seq")) {
		return nil
	}
	if t := c.table(r); t != r && o.existed(c, t.oid) == nil {
		return nil
	}
	return r
}

// public returns a relation as a value of package rehearse.
func (o *observer) public(r *relation) rehearse.Relation {
	kinds := map[string]rehearse.RelationKind{
		"r": rehearse.Table, "p": rehearse.PartitionedTable, "m": rehearse.MaterializedView, "v": rehearse.View, "S": rehearse.Sequence, "f": rehearse.ForeignTable,
	}
	parent := r.parent
	if parent == "0" {
		parent = ""
	}
	return rehearse.Relation{ID: r.oid, Parent: parent, Name: r.qualified(), Original: o.original[r.oid], Made: o.made[r.oid], Kind: kinds[r.kind]}
}

// newLocks returns the locks that the transaction did not hold before the statement, one for each table. was is the catalog
// before the statement.
func (o *observer) newLocks(was *catalog, locks map[string]schema.LockMode) []rehearse.Lock {
	strongest := map[string]rehearse.Lock{}
	for oid, mode := range locks {
		r := o.existed(was, oid)
		if r == nil {
			continue
		}
		lock := rehearse.Lock{Mode: mode}
		table := was.table(r)
		if table != r {
			if mode != schema.AccessExclusive {
				continue // queries do not wait for it
			}
			lock.Index = r.qualified()
		}
		lock.Relation = o.public(table)
		have, ok := strongest[table.oid]
		if !ok || mode.Strength() > have.Mode.Strength() || mode == have.Mode && table == r {
			strongest[table.oid] = lock
		}
	}
	var list []rehearse.Lock
	for oid, lock := range strongest {
		if lock.Mode.Strength() > o.held[oid].Strength() {
			list = append(list, lock)
		}
	}
	for oid, lock := range strongest {
		strengthen(o.held, oid, lock.Mode)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

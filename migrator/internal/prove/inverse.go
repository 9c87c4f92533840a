package prove

import (
	"context"
	"slices"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// Reverted is what became of a revision that was applied, reverted and applied again.
type Reverted struct {
	Revision *revision.Revision
	// Roles is what the down script would do to roles of the server: see Setup.Roles. It was not tried. "": nothing.
	Roles string
	// Irreversible: there is no down script, or it is not written yet. It was not reverted.
	Irreversible bool
	// Down is why the down script failed, or nil.
	Down *apply.RevisionError
	// Left is what differs between the schema before the revision, which is the first, and after its down script. Missing
	// are the statements that would have made them equal, as far as they can be written.
	Left    []schema.Difference
	Missing []string
	// Moved are columns that are at another position than before.
	Moved []schema.Key
	// Rows are the tables that have another number of rows than before. The values of rows are not compared.
	Rows []RowCount
	// Again is why the up script failed when it was applied again, or nil.
	Again *apply.RevisionError
	// Differs is what differs between the schemas after the first and the second time that the revision was applied. It is
	// read only if nothing else was found.
	Differs []schema.Difference

	about []*schema.Object // of Left and Rows
}

// OK reports whether the down script is the inverse of the up script.
func (r *Reverted) OK() bool {
	return !r.Irreversible && r.Roles == "" && r.Down == nil && r.Again == nil && len(r.Left)+len(r.Moved)+len(r.Rows)+len(r.Differs) == 0
}

// RowCount is a table with another number of rows than before.
type RowCount struct {
	Table         string // as in the name of a schema.Key
	Before, After int64
	// Removed: there are fewer rows because the up script has removed rows that Setup.Rows had added, which no down script
	// brings back.
	Removed bool
}

// Inverse is the result of [Setup.Inverse].
type Inverse struct {
	Reverted []Reverted // in the order of the graph
	// Failed are the up scripts that failed. Skipped are revisions that require one of those.
	Failed  []*apply.RevisionError
	Skipped []string
	// Final is the schema after all revisions that could be applied.
	Final *schema.Schema

	about []rehearse.Finding // what the revisions have made, and what the server said
}

// Findings returns what is wrong with down scripts and with what the revisions have made, in the order of the graph.
func (i *Inverse) Findings() []rehearse.Finding {
	var found []rehearse.Finding
	for n := range i.Reverted {
		r := &i.Reverted[n]
		for _, f := range i.about {
			if f.Revision == r.Revision.ID {
				found = append(found, f)
			}
		}
		found = append(found, r.Findings()...)
	}
	return found
}

// Inverse applies each of the revisions, reverts it and applies it again, on top of those before, and
// compares schema and number of rows before and after. The revisions are in the order of the graph and cover every step that
// a downgrade can take: a step is one revision, with everything that it requires applied before. After a revision that is
// not restored as it was, the others are tried in a new database. Errors are those of the connection and of scratch
// databases: what is wrong with a revision is part of the result.
func (s *Setup) Inverse(ctx context.Context, revisions []*revision.Revision, done func(Reverted)) (*Inverse, error) {
	w := &inverseWalk{Setup: s, applied: clone(s.Before), left: revisions, failed: graph.Set{}, result: &Inverse{}, done: done, by: map[schema.Key]*revision.Revision{}, order: map[*revision.Revision]int{}}
	for i, r := range revisions {
		w.order[r] = i
	}
	again := false
	run := func(ctx context.Context, d *database) (err error) {
		again, err = w.run(ctx, d)
		return err
	}
	err := s.with(ctx, w.applied, w.notice, run)
	if err == nil && again && !s.NoCopies {
		err = w.continueInCopies(ctx, run, &again)
	}
	for err == nil && again {
		err = s.with(ctx, w.applied, w.notice, run)
	}
	if err != nil {
		return nil, err
	}
	return w.result, nil
}

// continueInCopies calls run until again is false, each time with a copy of a database that nothing but up scripts have
// changed. That one is continued from one time to the next, so that no revision is applied once more for each one that is not
// restored. It ends early where there are no copies.
func (w *inverseWalk) continueInCopies(ctx context.Context, run func(context.Context, *database) error, again *bool) error {
	return w.Begin(ctx, func(ctx context.Context, straight *scratch.Database) error {
		applied := clone(w.Before)
		for *again {
			if err := w.move(ctx, straight, applied, w.applied); err != nil {
				return err
			}
			applied = clone(w.applied)
			if ok, err := straight.Copyable(ctx); err != nil || !ok {
				return err
			}
			if err := w.Server.WithCopy(ctx, straight, func(ctx context.Context, copied *scratch.Database) error {
				return w.open(ctx, copied, applied, w.notice, run)
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// inverseWalk goes through revisions. Its database may be replaced on the way.
type inverseWalk struct {
	*Setup
	applied graph.Set // what a new database starts with
	left    []*revision.Revision
	failed  graph.Set // revisions that could not be applied, and those that require one
	result  *Inverse
	done    func(Reverted)                    // nil: nobody is told
	by      map[schema.Key]*revision.Revision // what made or replaced an object
	order   map[*revision.Revision]int
	first   *revision.Revision // is applied for the first time
	// broken is the revision that the database was replaced for, and earlier the schema before it.
	broken  *revision.Revision
	earlier *schema.Schema
}

// notice keeps what the server says when a revision is applied for the first time.
func (w *inverseWalk) notice(n apply.Notice) {
	if r := w.first; r != nil && n.Step.Revision == r.ID && !(w.Private && n.SQLState == raisedWarning) {
		if f, ok := noticeFinding(n, r); ok {
			w.result.about = append(w.result.about, f)
		}
	}
}

// made records what a revision has made or replaced.
func (w *inverseWalk) made(r *revision.Revision, before, after *schema.Schema) {
	for _, o := range after.Objects {
		if old := before.Object(o.Key); old == nil || definition(old) != definition(o) {
			w.by[o.Key] = r
		}
	}
}

// definition is what a revision that replaces an object changes.
func definition(o *schema.Object) string {
	return o.Fact("definition") + o.Fact("expression") + o.Fact("query")
}

// run goes on in a new database until the revisions end, or the database is not as it should be: then again is true.
func (w *inverseWalk) run(ctx context.Context, d *database) (again bool, err error) {
	before, err := d.read(ctx)
	if err == nil && w.broken != nil {
		w.made(w.broken, w.earlier, before.schema)
		w.broken = nil
	}
	for err == nil && len(w.left) > 0 {
		r := w.left[0]
		w.left = w.left[1:]
		if w.blocked(r) {
			w.failed[r.ID] = struct{}{}
			w.result.Skipped = append(w.result.Skipped, r.ID)
			continue
		}
		w.first = r
		failed, err := d.setup.scriptError(d.up(ctx, r.ID))
		w.first = nil
		if err != nil {
			return false, err
		} else if failed != nil {
			w.failed[r.ID] = struct{}{}
			w.result.Failed = append(w.result.Failed, failed)
			if !r.Up.Transactional {
				return true, nil
			}
			continue
		}
		w.applied[r.ID] = struct{}{}
		w.result.about = append(w.result.about, longNames(r)...)
		earlier := before.schema
		found, clean, err := w.revert(ctx, d, r, &before)
		if err != nil {
			return false, err
		}
		if clean {
			w.made(r, earlier, before.schema)
		}
		w.result.Reverted = append(w.result.Reverted, found)
		if w.done != nil {
			w.done(found)
		}
		if !clean {
			w.broken, w.earlier = r, earlier
			return true, nil
		}
	}
	if err != nil {
		return false, err
	}
	w.result.Final = before.schema
	found, err := readMade(ctx, d.reader)
	if err == nil {
		w.result.about = append(w.result.about, found.findings(before.schema, w.by, w.order, w.Sizes)...)
	}
	return false, err
}

// blocked reports whether a revision requires one that could not be applied.
func (w *inverseWalk) blocked(r *revision.Revision) bool {
	node, _ := w.Files.Graph.Node(r.ID)
	return slices.ContainsFunc(slices.Concat(node.DownRevision, node.DependsOn), w.failed.Has)
}

// revert reverts a revision that was applied to a database in the state before, and applies it again. before becomes the
// state after it. clean reports whether the database is as if the revision had been applied once.
func (w *inverseWalk) revert(ctx context.Context, d *database, r *revision.Revision, before *state) (found Reverted, clean bool, err error) {
	found = Reverted{Revision: r}
	earlier := *before
	if !r.Reversible() {
		found.Irreversible = true
		*before, err = d.read(ctx)
		return found, true, err
	}
	if found.Roles = w.Roles[r.ID]; found.Roles != "" {
		*before, err = d.read(ctx)
		return found, true, err
	}
	first := state{}
	if decides, err := decidesAtRunTime(r.Up); err != nil {
		return found, false, err
	} else if decides || w.Rows != nil {
		if first, err = d.read(ctx); err != nil {
			return found, false, err
		}
	}
	if found.Down, err = d.setup.scriptError(d.down(ctx, r.ID)); err != nil {
		return found, false, err
	}
	if found.Down != nil {
		if !r.DownScript().Transactional {
			return found, false, nil
		}
		*before, err = d.read(ctx) // it was rolled back
		return found, true, err
	}
	back, err := d.read(ctx)
	if err != nil {
		return found, false, err
	}
	found.compare(earlier, back)
	if w.Rows != nil {
		found.markRemoved(first)
	}
	if found.Again, err = d.setup.scriptError(d.up(ctx, r.ID)); err != nil {
		return found, false, err
	}
	if found.Again != nil || len(found.Left)+len(found.Rows) > 0 {
		return found, false, nil
	}
	if *before, err = d.read(ctx); err != nil {
		return found, false, err
	}
	if first.schema != nil {
		found.Differs = first.schema.Compare(before.schema)
	}
	return found, len(found.Differs) == 0, nil
}

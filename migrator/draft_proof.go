package migrator

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/draft"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// draftScript is a script in the making.
type draftScript struct {
	id, purpose   string
	comment       string // lines in front of the statements
	statements    []ddl.Statement
	transactional bool
}

// script returns the script. One without statements has nothing to revert.
func (s draftScript) script() *revision.Script {
	sql := s.comment + draft.Script(s.statements)
	if sql == "" {
		sql = "-- Nothing to revert.\n"
	}
	script := revision.NewScript(sql)
	script.Transactional = s.transactional
	return script
}

// message returns the message of the revision: what it is part of, and its purpose.
func (s draftScript) message(whole string) string {
	if s.purpose == "" {
		return whole
	}
	return text.Subject(whole) + ": " + s.purpose
}

// draftProof is a scratch database in which a draft is tried.
type draftProof struct {
	*draftWriter
	database *scratch.Database
}

// read returns the schema of the database as it is now.
func (p *draftProof) read(ctx context.Context) (*schema.Schema, error) {
	found, err := p.database.Read(ctx)
	if err != nil {
		return nil, err
	}
	return WithoutMatches(session.WithoutLedgers(found, p.settings.Ledger), p.options.Ignore...)
}

// prove writes the scripts and runs them: up, down, and up again. again reports that a single revision may succeed.
func (p *draftProof) prove(ctx context.Context, from *schema.Schema, single bool) (again bool, err error) {
	ups, split, err := p.upScripts(from, single)
	if err != nil {
		return false, err
	}
	states, err := p.apply(ctx, from, ups)
	if err != nil {
		return split && isDraftFault(err), err
	}
	downs, err := p.downScripts(ups, states)
	if err != nil {
		return split, err
	}
	revisions, err := p.newRevisions(ups, downs)
	if err != nil {
		return split, err
	}
	if err := p.revertAndApply(ctx, revisions, states); err != nil {
		return split && isDraftFault(err), err
	}
	p.draft.Revisions, p.draft.Effects, p.draft.Locks = revisions, nil, nil
	for _, up := range ups {
		for _, l := range ddl.StrongestLocks(up.statements) {
			p.draft.Locks = append(p.draft.Locks, DraftLock{up.id, l})
		}
		for _, st := range up.statements {
			for _, mark := range st.Marks {
				p.draft.Effects = append(p.draft.Effects, DraftEffect{up.id, mark.Effect.String(), mark.Object})
			}
		}
	}
	return false, nil
}

// isDraftFault reports whether the scripts themselves are to blame.
func isDraftFault(err error) bool {
	if _, ok := errors.AsType[*DraftError](err); ok {
		return true
	}
	e, ok := errors.AsType[*apply.RevisionError](err)
	if !ok {
		return false
	}
	switch e.Cause {
	case apply.LockTimeout, apply.StatementTimeout, apply.Canceled, apply.Terminated, apply.ConnectionLost, apply.ServerCondition:
		return false
	}
	return true
}

// upScripts returns the up scripts; split reports whether a single one would be another one.
func (p *draftProof) upScripts(from *schema.Schema, single bool) (ups []draftScript, split bool, err error) {
	d := p.draft.Diff
	statements, err := p.change(from, d.To, d.renames, single)
	if err != nil {
		return nil, false, err
	}
	parts := draft.Single(statements)
	if !single {
		whole := draft.Script(statements)
		parts = draft.Split(statements, d.From, d.To)
		split = len(parts) != 1 || draft.Script(parts[0].Statements) != whole
	}
	var scripts [][]ddl.Statement
	for _, part := range parts {
		scripts = append(scripts, part.Statements)
	}
	ddl.SetLocks(scripts, from, d.To)
	ids := p.newIDs(len(parts))
	for i, part := range parts {
		ups = append(ups, draftScript{id: ids[i], purpose: part.Purpose, statements: part.Statements, transactional: part.Transactional})
	}
	return ups, split, nil
}

// newIDs returns ids for revisions. They are sorted, so that the names of the files are in the order of the revisions.
func (p *draftProof) newIDs(n int) []string {
	var ids []string
	for len(ids) < n {
		ids = append(ids, revision.NewID(func(id string) bool { return slices.Contains(ids, id) || p.files.Revision(id) != nil }))
	}
	slices.Sort(ids)
	if p.options.ID != "" && n > 0 {
		ids[n-1] = p.options.ID
	}
	return ids
}

// change returns the statements from one schema to another. together: they have to work in one transaction.
func (w *draftWriter) change(from, to *schema.Schema, renames []schema.Renaming, together bool) ([]ddl.Statement, error) {
	options := ddl.Options{Owners: w.options.Owners, Privileges: w.options.Privileges, Destructive: w.options.Destructive, Renames: renames}
	statements, err := ddl.Change(from, to, options)
	if err == nil && together && draft.UsesNewValues(statements) {
		options.NewEnums = true
		statements, err = ddl.Change(from, to, options)
	}
	return statements, err
}

// apply applies the up scripts and returns the schema before and after each.
func (p *draftProof) apply(ctx context.Context, from *schema.Schema, ups []draftScript) ([]*schema.Schema, error) {
	revisions, err := p.newRevisions(ups, nil)
	if err != nil {
		return nil, err
	}
	files, err := p.withFiles(revisions)
	if err != nil {
		return nil, err
	}
	states := []*schema.Schema{from}
	for _, r := range revisions {
		if err := p.move(ctx, files, p.database.Config, plan.VerbUp, r.ID); err != nil {
			return nil, p.tried(Upgrade, err)
		}
		state, err := p.read(ctx)
		if err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, p.checkDesired(states[len(states)-1])
}

// downScripts returns the scripts that undo each of the up scripts.
func (p *draftProof) downScripts(ups []draftScript, states []*schema.Schema) ([]draftScript, error) {
	downs := make([]draftScript, len(ups))
	for i, up := range ups {
		var renames []schema.Renaming
		if i == 0 {
			var err error
			if renames, err = undoRenames(states[0], states[1], p.draft.Diff.renames); err != nil {
				return nil, err
			}
		}
		statements, err := p.change(states[i+1], states[i], renames, true)
		if err != nil {
			return nil, &DraftError{Problem: DraftNoDown, failure: failure{err: err, cause: newError(err)}}
		}
		downs[i] = draftScript{statements: draft.Undo(statements, states[i+1], states[i], up.transactional), transactional: up.transactional, comment: lostLines(up.statements)}
	}
	return downs, nil
}

// lostLines returns comments that name what a down script cannot bring back.
func lostLines(up []ddl.Statement) string {
	var b strings.Builder
	for _, st := range up {
		for _, m := range st.Marks {
			if m.Effect == ddl.Destroys {
				b.WriteString("-- not restored: the rows or values of " + strings.TrimPrefix(draft.Comment(m), "-- destroys: ") + "\n")
			}
		}
	}
	return b.String()
}

// revertAndApply reverts the revisions one after the other, and applies all of them again.
func (p *draftProof) revertAndApply(ctx context.Context, revisions []*revision.Revision, states []*schema.Schema) error {
	files, err := p.withFiles(revisions)
	if err != nil {
		return err
	}
	for i := len(revisions) - 1; i >= 0; i-- {
		if err := p.move(ctx, files, p.database.Config, plan.VerbTo, p.headsWith(files.Graph, revisions[:i])...); err != nil {
			return p.tried(Downgrade, err)
		}
		state, err := p.read(ctx)
		if err != nil {
			return err
		}
		if left := p.left(state, states[i]); len(left) > 0 {
			return &DraftError{Problem: DraftUnproven, Direction: Downgrade, Revision: revisions[i].ID, Left: left}
		}
	}
	if err := p.move(ctx, files, p.database.Config, plan.VerbTo, p.headsWith(files.Graph, revisions)...); err != nil {
		return p.tried(Upgrade, err)
	}
	state, err := p.read(ctx)
	if err != nil {
		return err
	}
	return p.checkDesired(state)
}

// headsWith returns the heads of the files and of some new revisions as targets.
func (w *draftWriter) headsWith(g *graph.Graph, added []*revision.Revision) []string {
	applied := graph.NewSet(w.files.Graph().Order()...)
	for _, r := range added {
		applied[r.ID] = struct{}{}
	}
	if len(applied) == 0 {
		return []string{"base"}
	}
	return g.Maximal(applied)
}

// checkDesired returns an error that names what is left unless a schema is the desired one.
func (p *draftProof) checkDesired(state *schema.Schema) error {
	for _, desired := range p.desired {
		if len(p.left(state, desired)) == 0 {
			return nil
		}
	}
	return &DraftError{Problem: DraftUnproven, Direction: Upgrade, Left: p.left(state, p.desired[0])}
}

// left returns the differences between a schema that scripts made and the one that they should have made.
func (w *draftWriter) left(made, wanted *schema.Schema) []schema.Difference {
	differences := made.Compare(wanted, w.draft.Diff.options.except()...)
	return slices.DeleteFunc(differences, func(d schema.Difference) bool { return d.Change == schema.NotComparable })
}

// proveAlone applies and reverts the draft without the branches that it does not follow.
func (w *draftWriter) proveAlone(ctx context.Context, server *scratch.Server) error {
	revisions := w.draft.Revisions
	files, err := w.withFiles(revisions)
	if err != nil {
		return err
	}
	last := revisions[len(revisions)-1].ID
	if len(files.Graph.Closure(graph.NewSet(last))) == len(files.Ordered()) {
		return nil // there is no other branch
	}
	_, err = server.Make(ctx, func(ctx context.Context, cfg *pgconn.Config) error {
		for _, target := range [][]string{{last}, {"base"}} {
			if target[0] == "base" {
				if target = append(w.options.DownRevision, w.options.DependsOn...); len(target) == 0 {
					target = []string{"base"}
				}
			}
			if err := w.move(ctx, files, cfg, plan.VerbTo, target...); err != nil {
				if isDraftFault(err) {
					return &DraftError{Problem: DraftNeedsBranch, Parents: w.options.DownRevision, Heads: w.heads, failure: failure{err: err, cause: newError(err)}}
				}
				return err
			}
		}
		return nil
	})
	return err
}

// withFiles returns the files together with new revisions.
func (w *draftWriter) withFiles(added []*revision.Revision) (*plan.Files, error) {
	all := append(w.files.Revisions(), added...)
	slices.SortFunc(all, func(a, b *revision.Revision) int { return strings.Compare(a.ID, b.ID) })
	files, problems := plan.NewFiles(all)
	return files, problems.Err()
}

// move goes to targets with the executor of every run.
func (w *draftWriter) move(ctx context.Context, files *plan.Files, cfg *pgconn.Config, verb plan.Verb, targets ...string) error {
	settings := w.scratchSettings()
	s, err := session.Open(ctx, files, settings, cfg, settings.Wait, nil, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Move(ctx, verb, targets)
	return err
}

// tried returns the error of a script of the draft.
func (p *draftProof) tried(d Direction, err error) error {
	if !isDraftFault(err) {
		return err
	}
	return &DraftError{Problem: DraftFailed, Direction: d, failure: failure{err: err, cause: newError(err)}}
}

package migrator

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/prove"
	"example.com/ambix/migrator/internal/rehearsal"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/scratch"
)

// RehearseOptions say what is rehearsed, and what is known of the real database.
type RehearseOptions struct {
	// Database is the real database: the rehearsal begins where it is, and the sizes of its tables decide how much a
	// finding matters. It is only read. Nil: the rehearsal begins at From, and sizes are not known.
	Database *pgconn.Config
	// From are the revisions where it begins without Database. Empty: an empty database, or the start of a target that is a
	// range, "a:b".
	From []string
	// Targets name the revisions that are rehearsed, with those below them that are not applied. Empty: the head.
	Targets []string
	// Sizes are those of the tables of a real database that cannot be asked: the rehearsal begins where it was, unless
	// Database or From is set. Nil: those of Database.
	Sizes *rehearse.Sizes
	// Data are SQL files that add rows where the rehearsal begins, so that durations and rows that make a revision fail are
	// real; see LoadSchemaFiles. The down scripts then run once, after all up scripts, and other orders are not tried.
	Data []revision.Source
	// UpOnly leaves out everything but what the up scripts do to a database in use: the down scripts, other orders, and what
	// the revisions make.
	UpOnly bool
	// Orders is how many other orders of the revisions are tried, if the graph allows several. The first is as different from
	// that of the graph as possible, and the others are random. Zero: 2; negative: none.
	Orders int
	// Seed selects the random orders.
	Seed uint64
}

// Rehearsal is what a rehearsal did and found.
type Rehearsal struct {
	From  []string        // the maximal revisions where it began, sorted
	Steps []rehearse.Step // what was carried out, in order
	// Findings are in the order of the steps.
	Findings []rehearse.Finding
	// NotRehearsed are the revisions after one that failed.
	NotRehearsed []string
	// Reverted is the number of down scripts that were tried, and Orders that of other orders of the revisions.
	Reverted, Orders int
	// Modified are applied revisions whose files were modified since: it began with the files as they are now.
	Modified []string
}

// Rehearse carries out the revisions that are pending in a scratch database, one statement after the other, and returns what
// each of them does to a database in use. The scratch database is dropped before Rehearse returns. A revision that fails is
// a finding. Errors: those of Schema for revisions, *SchemaError for a database where no rehearsal can begin, *TargetError.
func (m *Migrator) Rehearse(ctx context.Context, o RehearseOptions) (*Rehearsal, error) {
	r, err := m.rehearse(ctx, o)
	if err != nil {
		return nil, withVerb("rehearse", newError(session.Interrupted(ctx, err)))
	}
	return r, nil
}

func (m *Migrator) rehearse(ctx context.Context, o RehearseOptions) (*Rehearsal, error) {
	start, err := m.rehearsalStart(ctx, o)
	if err != nil {
		return nil, err
	}
	var scripts []*revision.Script
	for _, r := range m.files.set.Ordered() {
		scripts = append(scripts, r.Up)
		if down := r.DownScript(); down != nil {
			scripts = append(scripts, down)
		}
	}
	if err := m.guardScripts(scripts...); err != nil {
		return nil, err
	}
	var fill func(context.Context, *pgconn.Config) error
	guarded := m.upScripts(start.targets)
	if len(o.Data) > 0 {
		data, err := m.fileFiller(o.Data)
		if err != nil {
			return nil, err
		}
		fill, guarded = data.run, append(guarded, data.scripts...)
	}
	settings := m.scratchSettings()
	var result *rehearsal.Result
	var proof proof
	err = m.withScratch(ctx, guarded, func(server *scratch.Server) error {
		err := server.With(ctx, func(ctx context.Context, d *scratch.Database) (err error) {
			result, err = rehearsal.Run(ctx, d.Config, rehearsal.Options{Files: m.files.set, Settings: settings, Start: start.from, Targets: start.targets, Fill: fill, Down: !o.UpOnly})
			return err
		})
		if err != nil {
			return err
		}
		if err := newError(result.Err()); MissingExtension(err) != "" || MissingRole(err) != "" {
			return err // it says nothing about the revision
		}
		if err := checkSizes(o.Sizes, result.Tables); err != nil {
			return err
		}
		if !o.UpOnly && fill == nil {
			proof, err = m.prove(ctx, &prove.Setup{Files: m.files.set, Server: server, Settings: settings}, start, result, o)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.judge(start, result, proof, o), nil
}

// rehearsalStart is where a rehearsal begins and what it carries out.
type rehearsalStart struct {
	from, targets []string
	modified      []string
	sizes         *rehearse.Sizes // nil: not known
}

func (m *Migrator) rehearsalStart(ctx context.Context, o RehearseOptions) (*rehearsalStart, error) {
	if o.Database != nil {
		return m.startAtDatabase(ctx, o)
	}
	from := o.From
	if len(from) == 0 && o.Sizes != nil {
		if from = o.Sizes.Applied; len(from) == 0 {
			from = []string{"base"}
		}
		for _, id := range o.Sizes.Applied {
			if m.files.set.Revision(id) == nil {
				return nil, sizesError(o.Sizes, "revision "+id+" was applied in that database, and is not among the files")
			}
		}
	}
	p, err := m.planFrom(from, Up, o.Targets)
	if err != nil {
		return nil, err
	}
	return &rehearsalStart{from: p.From, targets: p.To, sizes: o.Sizes}, nil
}

// startAtDatabase returns the start at the real database.
func (m *Migrator) startAtDatabase(ctx context.Context, o RehearseOptions) (*rehearsalStart, error) {
	start := &rehearsalStart{sizes: o.Sizes}
	return start, m.with(ctx, o.Database, func(s *session.Session) error {
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		if start.from, err = reproducible(v); err != nil {
			return err
		}
		p, err := v.Plan(plan.VerbUp, o.Targets)
		if err != nil {
			return err
		}
		start.targets = p.To
		for _, c := range v.Changes() {
			start.modified = append(start.modified, c.Revision)
		}
		if start.sizes != nil {
			return nil
		}
		start.sizes, err = readSizes(ctx, s, o.Database.Database, start.from)
		return err
	})
}

func (m *Migrator) judge(start *rehearsalStart, result *rehearsal.Result, proof proof, o RehearseOptions) *Rehearsal {
	r := &Rehearsal{From: start.from, Steps: result.Steps, NotRehearsed: result.Left, Modified: start.modified, Reverted: proof.reverted, Orders: proof.orders}
	if len(o.Data) > 0 {
		for _, s := range r.Steps {
			if s.Down {
				r.Reverted++
			}
		}
	}
	found := rehearse.Judge(result.Steps, rehearse.Options{Sizes: start.sizes, Data: len(o.Data) > 0})
	if f := result.Failed; f != nil {
		found = append(found, failedFinding(f, len(o.Data) > 0))
	}
	if f := result.DownFailed; f != nil && len(o.Data) > 0 { // otherwise the proof has it
		found = append(found, failedFinding(f, true))
	}
	found = append(found, proof.findings...)
	except := []string{revision.AcceptIrreversible} // Check looks at it
	if o.UpOnly || len(o.Data) > 0 {
		except = append(except, revision.AcceptNotInverse)
	}
	r.Findings = slices.DeleteFunc(rehearse.Acknowledge(found, m.rehearsed(result), except...), func(f rehearse.Finding) bool {
		return f.Rule == rehearse.Accept && result.Failed != nil && f.Revision == result.Failed.Revision // it may be needed
	})
	return r
}

// rehearsed returns the revisions of the steps, each once.
func (m *Migrator) rehearsed(result *rehearsal.Result) []*revision.Revision {
	seen := map[string]bool{}
	var revisions []*revision.Revision
	for _, s := range result.Steps {
		if rev := m.files.set.Revision(s.Revision); rev != nil && !seen[s.Revision] {
			seen[s.Revision] = true
			revisions = append(revisions, rev)
		}
	}
	return revisions
}

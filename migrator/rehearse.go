package migrator

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/prove"
	"example.com/ambix/migrator/internal/rehearsal"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/sqltext"
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
	// real; see LoadSchemaFiles. Other orders are then not tried.
	Data []revision.Source
	// DataFrom is a database whose rows are copied instead, such as a restored backup or a staging database. It is only read.
	// The rehearsal begins where it is, and not where Database is, or at From, which must be the same or above. What the server
	// says about values of rows is then not part of findings and errors. Data has to be empty.
	DataFrom *pgconn.Config
	// DataRows is how many rows of each table are copied at most. Zero: DefaultDataRows; negative: all.
	DataRows int64
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
	Data     *RehearsalData // nil without RehearseOptions.DataFrom
	// Unsized are the tables that the revisions lock, work on or change, and whose size is not among the known ones: the
	// database did not have them when the sizes were read. Sorted; nil if no sizes are known.
	Unsized []string
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
	if err := guardScripts(scripts...); err != nil {
		return nil, err
	}
	var rows func(context.Context, *scratch.Database) error
	guarded := m.upScripts(start.targets)
	if start.data != nil {
		settings := m.scratchSettings()
		rows = func(ctx context.Context, d *scratch.Database) error { return m.copyRows(ctx, start.data, d, settings) }
	} else if len(o.Data) > 0 {
		data, err := m.fileFiller(o.Data)
		if err != nil {
			return nil, err
		}
		guarded = append(guarded, data.scripts...)
		rows = func(ctx context.Context, d *scratch.Database) error { return data.run(ctx, d.Config) }
	}
	shared, err := changeRoles(append(scripts, guarded...))
	if err != nil {
		return nil, err
	}
	before := m.files.set.Graph.Closure(graph.NewSet(start.from...))
	setup := &prove.Setup{Files: m.files.set, Settings: m.scratchSettings(), Before: before, Rows: rows, RowsAt: before, NoCopies: shared, Sizes: start.sizes}
	if start.data != nil {
		setup.RowsAt, setup.Private = m.files.set.Graph.Closure(graph.NewSet(start.data.at...)), true
	}
	var result *rehearsal.Result
	var proof proof
	err = m.withScratch(ctx, guarded, func(server *scratch.Server) error {
		setup.Server = server
		if err := setup.FindRoles(ctx); err != nil {
			return err
		}
		if o.UpOnly {
			result, err = m.observe(ctx, setup, start, o)
			return err
		}
		return setup.Keep(ctx, func(ctx context.Context, setup *prove.Setup) (err error) {
			if result, err = m.observe(ctx, setup, start, o); err == nil {
				proof, err = m.prove(ctx, setup, result, o)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return m.judge(start, result, proof, o), nil
}

// observe carries out the revisions once. A failure that says nothing about them is an error.
func (m *Migrator) observe(ctx context.Context, setup *prove.Setup, start *rehearsalStart, o RehearseOptions) (result *rehearsal.Result, err error) {
	err = setup.Begin(ctx, func(ctx context.Context, d *scratch.Database) (err error) {
		result, err = rehearsal.Run(ctx, d.Config, rehearsal.Options{Files: m.files.set, Settings: setup.Settings, Targets: start.targets, Down: !o.UpOnly, NotReverted: setup.Roles})
		return err
	})
	if err != nil {
		return nil, err
	}
	if f := result.Failed; f != nil && setup.Private {
		result.Failed = f.WithoutValues()
	}
	if err := newError(result.Err()); MissingExtension(err) != "" || MissingRole(err) != "" {
		return nil, err
	}
	return result, checkSizes(o.Sizes, result.Tables)
}

// changeRoles reports whether one of the scripts creates or drops a role.
func changeRoles(scripts []*revision.Script) (bool, error) {
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return false, err
		}
		if len(sqltext.CreatedRoles(loaded.Text))+len(sqltext.DroppedRoles(loaded.Text)) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// rehearsalStart is where a rehearsal begins and what it carries out.
type rehearsalStart struct {
	from, targets []string
	modified      []string
	sizes         *rehearse.Sizes // nil: not known
	data          *dataSource     // nil: no database whose rows are copied
}

func (m *Migrator) rehearsalStart(ctx context.Context, o RehearseOptions) (*rehearsalStart, error) {
	switch {
	case o.DataFrom != nil:
		return m.startAtData(ctx, o)
	case o.Database != nil:
		return m.startAtDatabase(ctx, o)
	}
	from := o.From
	if len(from) == 0 && o.Sizes != nil {
		if from = o.Sizes.Applied; len(from) == 0 {
			from = []string{"base"}
		}
		if err := m.checkSizedRevisions(o.Sizes); err != nil {
			return nil, err
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
	if start.data != nil {
		r.Data = start.data.copied
	}
	r.Unsized = rehearse.Unsized(result.Steps, start.sizes)
	rows := len(o.Data) > 0 || r.Data != nil
	found := rehearse.Judge(result.Steps, rehearse.Options{Sizes: start.sizes, Data: rows})
	if f := result.Failed; f != nil {
		found = append(found, failedFinding(f, rows, r.Data != nil && r.Data.Limited()))
	}
	found = append(found, proof.findings...)
	except := []string{revision.AcceptIrreversible} // Check looks at it
	if o.UpOnly {
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

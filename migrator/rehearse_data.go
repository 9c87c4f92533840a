package migrator

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sample"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// DefaultDataRows is the number of rows of each table that RehearseOptions.DataFrom copies unless DataRows is set.
const DefaultDataRows = 100_000

// RehearsalData is what was copied from RehearseOptions.DataFrom.
type RehearsalData struct {
	Database string   // its name
	At       []string // the maximal revisions that are applied there, sorted
	Tables   int      // with rows
	Rows     int64
	Left     []DataLeft // by table
	// Differs is what of its schema is not as the revisions make it, but for owners, privileges and comments.
	Differs []schema.Difference
}

// Limited reports whether there were more rows than were copied.
func (d *RehearsalData) Limited() bool {
	for _, l := range d.Left {
		if l.Reason == DataLimit || l.Reason == DataReferences {
			return true
		}
	}
	return false
}

// DataLeft is what was left out of a table, or all of it.
type DataLeft struct {
	Table  string // qualified, and quoted where necessary
	Reason DataReason
	// Rows is the number of rows that were left out: an estimate of the server for DataLimit, exact for DataReferences,
	// otherwise 0.
	Rows    int64
	Columns []string // of DataColumns
}

// DataReason says why rows were left out.
type DataReason string

// The reasons.
const (
	DataLimit      = DataReason(sample.Limit)      // there are more than DataRows
	DataReferences = DataReason(sample.References) // the rows that they refer to were left out, or do not exist
	DataNotMade    = DataReason(sample.NotMade)    // the revisions make no such table
	DataPrivilege  = DataReason(sample.Privilege)  // the role may not read the table
	DataPolicies   = DataReason(sample.Policies)   // row-level security would hide rows from the role
	DataStandby    = DataReason(sample.Standby)    // an unlogged table cannot be read on a standby
	DataColumns    = DataReason(sample.Columns)    // only columns that one side lacks
	DataRefresh    = DataReason(sample.Refresh)    // a materialized view that cannot be refreshed with the rows
)

// dataSource is where the rows of a rehearsal come from.
type dataSource struct {
	cfg      *pgconn.Config
	settings session.Settings
	at       []string
	schema   *schema.Schema
	limit    int64
	copied   *RehearsalData // nil: not yet
}

// startAtData returns the start at the database whose rows are copied, or above it at From.
func (m *Migrator) startAtData(ctx context.Context, o RehearseOptions) (*rehearsalStart, error) {
	settings := m.settings
	settings.Role, settings.BeforeConnect = "", nil // they are for the configured database
	data := &dataSource{cfg: o.DataFrom, settings: settings, limit: o.DataRows}
	switch {
	case o.DataRows == 0:
		data.limit = DefaultDataRows
	case o.DataRows < 0:
		data.limit = 0
	}
	start := &rehearsalStart{sizes: o.Sizes, data: data}
	s, err := session.Open(ctx, m.files.set, settings, o.DataFrom, settings.Wait, nil, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	v, err := s.View(ctx)
	if err != nil {
		return nil, err
	}
	if !v.State.Exists {
		return nil, dataError(o, "it has no ledger, so that the revisions to which its rows belong are not known; dump them with pg_dump --data-only, and name the file")
	}
	if data.at, err = reproducible(v); err != nil {
		return nil, err
	}
	if len(o.From) == 0 {
		p, err := v.Plan(plan.VerbUp, o.Targets)
		if err != nil {
			return nil, err
		}
		start.from, start.targets = data.at, p.To
	} else {
		p, err := m.planFrom(o.From, Up, o.Targets)
		if err != nil {
			return nil, err
		}
		start.from, start.targets = p.From, p.To
		before := m.files.set.Graph.Closure(graph.NewSet(p.From...))
		for _, id := range data.at {
			if !before.Has(id) {
				return nil, dataError(o, "it has revision "+id+", which is not among those where the rehearsal begins")
			}
		}
	}
	for _, c := range v.Changes() {
		start.modified = append(start.modified, c.Revision)
	}
	if start.sizes == nil && o.Database == nil {
		if start.sizes, err = readSizes(ctx, s, o.DataFrom.Database, data.at); err != nil {
			return nil, err
		}
	}
	if data.schema, err = s.Schema(ctx); err != nil {
		return nil, err
	}
	if start.sizes == nil {
		start.sizes, err = m.Sizes(ctx, o.Database)
	}
	return start, err
}

func dataError(o RehearseOptions, reason string) error {
	return &ConfigError{Setting: "data", Value: o.DataFrom.Database, Reason: reason}
}

// copyRows copies the rows into a scratch database in which the revisions of the source are applied.
func (m *Migrator) copyRows(ctx context.Context, data *dataSource, d *scratch.Database, settings session.Settings) error {
	made, err := d.Read(ctx)
	if err != nil {
		return err
	}
	from, err := pg.Connect(ctx, data.cfg, data.settings.Connecting())
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := pg.Connect(ctx, d.Config, settings.Connecting())
	if err != nil {
		return err
	}
	defer to.Close()
	found, err := sample.Copy(ctx, sample.Options{
		From: from, To: to, Role: settings.Role, Limit: data.limit,
		Started: func(table string) { m.cfg.Scratch.step(ScratchStep{Table: table}) },
		Skip: func(name, table string) bool { // of a ledger
			return data.schema.Object(schema.Key{Kind: schema.Table, Name: schema.Qualify(name, table)}) == nil
		},
	})
	if err != nil {
		return err
	}
	data.copied = &RehearsalData{
		Database: data.cfg.Database, At: data.at, Tables: found.Tables, Rows: found.Rows, Differs: session.WithoutLedgers(made, settings.Ledger).Compare(data.schema, schema.AllFacets),
		Left: each(found.Left, func(l sample.Left) DataLeft { return DataLeft{l.Table, DataReason(l.Reason), l.Rows, l.Columns} }),
	}
	return nil
}

package prove

import (
	"context"
	"maps"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// Setup says what is rehearsed, and where.
type Setup struct {
	Files    *plan.Files
	Server   *scratch.Server
	Settings session.Settings // of the runs in scratch databases
}

// database is a scratch database in which revisions are applied and reverted by the executor of every run.
type database struct {
	setup   *Setup
	session *session.Session
	reader  *pg.Conn
	applied graph.Set
}

// with calls use with a scratch database in which these revisions, which include all that they require, are applied. notice
// gets the messages of the server about later steps; nil ignores them.
func (s *Setup) with(ctx context.Context, applied graph.Set, notice func(apply.Notice), use func(context.Context, *database) error) error {
	return s.Server.With(ctx, func(ctx context.Context, made *scratch.Database) error {
		d := &database{setup: s, applied: graph.Set{}}
		quiet := true
		observe := func(e apply.Event) {
			if n, ok := e.(apply.Notice); ok && !quiet && notice != nil {
				notice(n)
			}
		}
		var err error
		if d.session, err = session.Open(ctx, s.Files, s.Settings, made.Config, s.Settings.Wait, nil, observe); err != nil {
			return err
		}
		defer d.session.Close()
		if d.reader, err = pg.Connect(ctx, made.Config, s.Settings.Connecting()); err != nil {
			return err
		}
		defer d.reader.Close()
		if role := s.Settings.Role; role != "" {
			if err := d.reader.Exec(ctx, "SET ROLE "+sqltext.QuoteName(role)); err != nil {
				return err
			}
		}
		if err := d.to(ctx, applied); err != nil {
			return err
		}
		quiet = false
		return use(ctx, d)
	})
}

// to applies and reverts until exactly these revisions are applied.
func (d *database) to(ctx context.Context, applied graph.Set) error {
	targets := d.setup.Files.Graph.Maximal(applied)
	if len(targets) == 0 {
		if len(d.applied) == 0 {
			return nil
		}
		targets = []string{"base"}
	}
	_, err := d.session.Move(ctx, plan.VerbTo, targets)
	if err == nil {
		d.applied = clone(applied)
	}
	return err
}

// up applies one revision.
func (d *database) up(ctx context.Context, id string) error {
	after := clone(d.applied)
	after[id] = struct{}{}
	return d.to(ctx, after)
}

// down reverts one revision.
func (d *database) down(ctx context.Context, id string) error {
	after := clone(d.applied)
	delete(after, id)
	return d.to(ctx, after)
}

// state is what is compared before and after a step.
type state struct {
	schema *schema.Schema
	rows   map[string]int64 // the number of rows of each table that is not empty; see countRows
}

func (d *database) read(ctx context.Context) (state, error) {
	found, err := snapshot.Read(ctx, d.reader)
	if err != nil {
		return state{}, err
	}
	found = session.WithoutLedgers(found, d.setup.Settings.Ledger)
	rows, err := countRows(ctx, d.reader, found)
	return state{found, rows}, err
}

// clone returns a copy of a set, which is not nil.
func clone(set graph.Set) graph.Set {
	c := graph.Set{}
	maps.Copy(c, set)
	return c
}

// fixedPath begins a message in which only pg_catalog is searched for names.
const fixedPath = "SET LOCAL search_path = pg_catalog, pg_temp;\n"

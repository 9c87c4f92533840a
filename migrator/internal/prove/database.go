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

// database is a scratch database in which revisions are applied and reverted by the executor of every run.
type database struct {
	setup   *Setup
	session *session.Session
	reader  *pg.Conn
	applied graph.Set
}

// with calls use with a scratch database in which these revisions, which include all that they require and those before the
// proof, are applied. notice gets the messages of the server about later steps; nil ignores them.
func (s *Setup) with(ctx context.Context, applied graph.Set, notice func(apply.Notice), use func(context.Context, *database) error) error {
	return s.Begin(ctx, func(ctx context.Context, made *scratch.Database) error {
		return s.open(ctx, made, s.Before, notice, func(ctx context.Context, d *database) error {
			if err := d.to(ctx, applied); err != nil {
				return err
			}
			return use(ctx, d)
		})
	})
}

// open calls use with a scratch database in which these revisions are applied.
func (s *Setup) open(ctx context.Context, made *scratch.Database, applied graph.Set, notice func(apply.Notice), use func(context.Context, *database) error) (err error) {
	d := &database{setup: s, applied: clone(applied)}
	observe := func(e apply.Event) {
		if n, ok := e.(apply.Notice); ok && notice != nil {
			notice(n)
		}
	}
	if d.session, err = session.Open(ctx, s.Files, s.Settings, made.Config, s.Settings.Wait, nil, observe); err != nil {
		return err
	}
	defer d.session.Close()
	if d.reader, err = pg.Connect(ctx, made.Config, s.Settings.Connecting()); err != nil {
		return err
	}
	defer d.reader.Close()
	if err := d.reader.DisableTimeouts(ctx); err != nil {
		return err
	}
	if role := s.Settings.Role; role != "" {
		if err := d.reader.Exec(ctx, "SET ROLE "+sqltext.QuoteName(role)); err != nil {
			return err
		}
	}
	return use(ctx, d)
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

package prove

import (
	"context"
	"errors"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/scratch"
)

// Setup says what is rehearsed, and where.
type Setup struct {
	Files    *plan.Files
	Server   *scratch.Server
	Settings session.Settings // of the runs in scratch databases
	// Before are the revisions that are applied before, with all that they require.
	Before graph.Set
	// Rows adds rows to a database in which RowsAt are applied, which are among Before. Nil: nothing.
	Rows   func(context.Context, *scratch.Database) error
	RowsAt graph.Set
	// Private: the rows belong to somebody, so that what the server says about values is not part of a result.
	Private bool
	// NoCopies: each database is made from the revisions and not copied from another. Otherwise two of them exist at the same
	// time, and a script can neither create nor drop a role: a role belongs to both.
	NoCopies bool
	// Sizes are those of the tables of the database that is rehearsed for, which decide what is advised. Nil: not known.
	Sizes *rehearse.Sizes
	// Roles is, for revisions by id, what their down scripts would do to roles of the server, with which databases of others may
	// work: they are not tried. See FindRoles.
	Roles map[string]string

	origin *scratch.Database // in which Before are applied, and the rows are; nil: there is none
}

// FindRoles sets Roles. It has to be called before a script is run: a role that a script creates is not one of the server.
func (s *Setup) FindRoles(ctx context.Context) error {
	s.Roles = map[string]string{}
	for _, r := range s.Files.Ordered() {
		down := r.DownScript()
		if down == nil {
			continue
		}
		loaded, err := down.Loaded()
		if err != nil {
			return err
		}
		changes, err := s.Server.RoleChanges(ctx, loaded.Text, loaded.All())
		if err != nil {
			return err
		}
		if len(changes) > 0 {
			s.Roles[r.ID] = changes[0].Text
		}
	}
	return nil
}

// Begin calls use with a scratch database in which the revisions before are applied, and the rows are added. use must have
// closed its connections when it returns.
func (s *Setup) Begin(ctx context.Context, use func(context.Context, *scratch.Database) error) error {
	if s.origin != nil {
		return s.Server.WithCopy(ctx, s.origin, use)
	}
	return s.Server.With(ctx, func(ctx context.Context, made *scratch.Database) error {
		if err := s.begin(ctx, made); err != nil {
			return err
		}
		return use(ctx, made)
	})
}

func (s *Setup) begin(ctx context.Context, made *scratch.Database) error {
	var applied graph.Set
	if s.Rows != nil {
		if err := s.move(ctx, made, nil, s.RowsAt); err != nil {
			return err
		}
		if err := s.Rows(ctx, made); err != nil {
			return err
		}
		applied = s.RowsAt
	}
	return s.move(ctx, made, applied, s.Before)
}

// move applies revisions in a database until exactly those of to are applied, and closes the session.
func (s *Setup) move(ctx context.Context, made *scratch.Database, from, to graph.Set) error {
	if len(from) == len(to) { // one is a part of the other
		return nil
	}
	err := s.open(ctx, made, from, nil, func(ctx context.Context, d *database) error { return d.to(ctx, to) })
	if failed, ok := errors.AsType[*apply.RevisionError](err); ok && s.Private {
		return failed.WithoutValues()
	}
	return err
}

// Keep calls use with a setup that makes the state before only once, if it can be copied.
func (s *Setup) Keep(ctx context.Context, use func(context.Context, *Setup) error) error {
	if s.NoCopies || len(s.Before) == 0 && s.Rows == nil {
		return use(ctx, s)
	}
	copied := false
	err := s.Begin(ctx, func(ctx context.Context, made *scratch.Database) (err error) {
		if copied, err = made.Copyable(ctx); err != nil || !copied {
			return err
		}
		kept := *s
		kept.origin = made
		return use(ctx, &kept)
	})
	if err != nil || copied {
		return err
	}
	return use(ctx, s)
}

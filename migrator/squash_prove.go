package migrator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/content"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// proveUnqualified reports whether the new revision makes the same as the replaced ones in another schema.
func (s *squasher) proveUnqualified(ctx context.Context, server *scratch.Server) (bool, error) {
	var sides [2]*schema.Schema
	left := &schema.Schema{}
	settings := s.settings
	settings.SearchPath, settings.Ledger = []string{"ambix_squash"}, ledger.Tables{}
	for i, side := range []struct {
		files  *plan.Files
		target string
	}{{s.m.files.set, s.targets[0]}, {s.files, s.Revision.ID}} {
		err := server.With(ctx, func(ctx context.Context, d *scratch.Database) error {
			err := s.connected(ctx, d.Config, func(conn *pg.Conn) error { return conn.Exec(ctx, "CREATE SCHEMA ambix_squash") })
			if err == nil {
				err = moveScratch(ctx, d.Config, side.files, settings, side.target)
			}
			if err == nil {
				sides[i], err = s.read(ctx, d)
			}
			if err == nil && s.o.Down && i == 1 {
				if err = moveScratch(ctx, d.Config, side.files, settings, "base"); err == nil {
					left, err = s.read(ctx, d)
				}
			}
			return err
		})
		if failed := newError(err); err != nil {
			if _, ok := errors.AsType[*RevisionError](failed); ok {
				return false, nil
			}
			return false, err
		}
	}
	remains := func(o *schema.Object) bool { return o.Key.Kind != schema.Namespace }
	return len(sides[0].Compare(sides[1])) == 0 && !slices.ContainsFunc(left.Objects, remains), nil
}

// prove applies the new revision and those that follow, and compares what they make.
func (s *squasher) prove(ctx context.Context, server *scratch.Server) error {
	if err := server.With(ctx, s.proveUp); err != nil {
		return err
	}
	if !s.o.Down {
		return nil
	}
	return server.With(ctx, s.proveDown)
}

func (s *squasher) proveUp(ctx context.Context, d *scratch.Database) error {
	if err := moveScratch(ctx, d.Config, s.files, s.settings, s.Revision.ID); err != nil {
		return s.scriptFailed(err)
	}
	made, err := s.read(ctx, d)
	if err != nil {
		return err
	}
	differences := s.made.Compare(made)
	objects, err := s.compareContent(ctx, d)
	if err != nil {
		return err
	}
	if len(differences)+len(objects) > 0 {
		return s.differs("the new revision does not make what the replaced ones made", differences, objects)
	}
	if s.heads == nil {
		return nil
	}
	if err := moveScratch(ctx, d.Config, s.files, s.settings, s.files.Graph.Maximal(graph.NewSet(s.files.Graph.Order()...))...); err != nil {
		return s.scriptFailed(err)
	}
	if made, err = s.read(ctx, d); err != nil {
		return err
	}
	if differences = s.all.Compare(made); len(differences) > 0 {
		return s.differs("the revisions that follow do not make the same after the new one", differences, nil)
	}
	return nil
}

// scriptFailed returns the error for a script that fails after the squash.
func (s *squasher) scriptFailed(err error) error {
	failed, ok := errors.AsType[*apply.RevisionError](err)
	if !ok || failed.Cause != "" && failed.Cause != apply.MissingPrivilege {
		return err
	}
	what := "the script of the new revision fails: "
	if failed.Revision != s.Revision.ID {
		what = "after the new revision another one fails that did not fail before, perhaps because rows are left out that it needs: " + failed.File + ": "
	}
	what += failed.Text
	if failed.SQLState != "" {
		what += " (" + failed.SQLState + ")"
	}
	if failed.Statement != "" {
		what += " in: " + failed.Statement
	}
	return &SquashError{Problem: SquashFails, Replaced: s.ids(), failure: failure{err: errors.New(what)}}
}

func (s *squasher) ids() []string {
	return each(s.Replaced, func(r *revision.Revision) string { return r.ID })
}

// compareContent returns what differs besides the schema, in words.
func (s *squasher) compareContent(ctx context.Context, d *scratch.Database) (objects []string, err error) {
	err = s.connected(ctx, d.Config, func(conn *pg.Conn) error {
		c, err := content.Read(ctx, conn, s.isLedger)
		if err != nil {
			return err
		}
		if !c.Public.Equal(s.content.Public) {
			objects = append(objects, "owner, comment or privileges of the schema public")
		}
		for _, view := range s.content.Populated {
			if !slices.Contains(c.Populated, view) {
				objects = append(objects, "the rows of the materialized view "+view)
			}
		}
		for _, t := range s.content.Tables {
			if want, kept := s.copies[t.FullName()]; kept {
				if got, err := t.Copy(ctx, conn); err != nil {
					return err
				} else if got != want {
					objects = append(objects, "the rows of "+t.SQL())
				}
			}
		}
		for _, q := range s.content.Sequences {
			if s.keepsSequence(q) && !slices.ContainsFunc(c.Sequences, func(x content.Sequence) bool {
				return x.FullName() == q.FullName() && x.Last == q.Last && x.Called == q.Called
			}) {
				objects = append(objects, "the position of "+q.SQL())
			}
		}
		return nil
	})
	return objects, err
}

// proveDown applies the new revision and reverts it.
func (s *squasher) proveDown(ctx context.Context, d *scratch.Database) error {
	for _, target := range []string{s.Revision.ID, "base"} {
		if err := moveScratch(ctx, d.Config, s.files, s.settings, target); err != nil {
			return s.scriptFailed(err)
		}
	}
	left, err := s.read(ctx, d)
	if err != nil {
		return err
	}
	public, err := s.readPublic(ctx, d)
	if err != nil {
		return err
	}
	var objects []string
	if !public.Equal(s.before) {
		objects = append(objects, "owner, comment or privileges of the schema public")
	}
	if empty, _ := schema.New(left.Version, nil, nil, 0); len(left.Objects)+len(objects) > 0 {
		e := s.differs("the down script does not remove everything", empty.Compare(left), objects)
		e.Problem = SquashNotEmpty
		return e
	}
	return nil
}

func (s *squasher) differs(what string, differences []schema.Difference, objects []string) *SquashError {
	names := slices.Clone(objects)
	for _, d := range differences {
		name := d.Key.String()
		for _, f := range d.Facts {
			name += " (" + f.Name + ")"
			break
		}
		names = append(names, name)
	}
	e := &SquashError{Problem: SquashDiffers, Replaced: s.ids(), Differences: differences, Objects: objects}
	if more := len(names) - 10; more > 0 {
		names = append(names[:10], fmt.Sprintf("%d more", more))
	}
	e.err = errors.New(what + ": " + text.List(names, "and"))
	return e
}

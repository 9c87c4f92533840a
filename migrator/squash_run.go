package migrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/content"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// run makes the scripts and proves them.
func (s *squasher) run(ctx context.Context, server *scratch.Server) error {
	if err := server.With(ctx, s.readReplaced); err != nil {
		return err
	}
	up, err := s.upSQL()
	if err != nil {
		return err
	}
	down, err := s.downSQL()
	if err != nil {
		return err
	}
	if s.Unqualified, err = s.tryUnqualified(ctx, server, up, down); err != nil {
		return err
	}
	if !s.Unqualified {
		if err := s.use(up, down); err != nil {
			return err
		}
	}
	return s.prove(ctx, server)
}

// tryUnqualified leaves the schema out of the scripts if those that are replaced name none either, and if the result makes the
// same in another schema.
func (s *squasher) tryUnqualified(ctx context.Context, server *scratch.Server, up, down string) (ok bool, err error) {
	up, upNames := sqltext.Unqualify(up, s.mainSchema())
	down, downNames := sqltext.Unqualify(down, s.mainSchema())
	if upNames || downNames || !s.namesNoSchema() {
		return false, nil
	}
	if err := s.use(up, down); err != nil {
		return false, err
	}
	return s.proveUnqualified(ctx, server)
}

// mainSchema returns the schema for names without one.
func (s *squasher) mainSchema() string {
	if len(s.settings.SearchPath) > 0 {
		return s.settings.SearchPath[0]
	}
	return "public"
}

// namesNoSchema reports whether no replaced up script names a schema or changes the search_path.
func (s *squasher) namesNoSchema() bool {
	return !slices.ContainsFunc(s.Replaced, func(r *revision.Revision) bool {
		script, err := r.Up.Loaded()
		return err != nil || len(namedSchemas(r.ID, script)) > 0
	})
}

// use makes SQL the scripts, and checks the files as they will be.
func (s *squasher) use(up, down string) error {
	s.Revision.Up = revision.NewScript(up)
	if s.o.Down {
		s.Revision.Down = revision.NewScript(down)
	}
	upText, downText := s.Revision.Format()
	files := []revision.Source{{File: "squash.up.sql", Text: upText}, {File: "squash.down.sql", Text: downText}}
	var downFile *revision.Source
	if s.o.Down {
		downFile = &files[1]
	}
	parsed, problems := revision.Parse(files[0], downFile)
	if err := problems.Err(); err != nil {
		return err
	}
	set, problems := plan.NewFiles(s.withoutReplaced(parsed))
	s.files = set
	return problems.Err()
}

// withoutReplaced returns the revisions as they will be, sorted by id.
func (s *squasher) withoutReplaced(added *revision.Revision) []*revision.Revision {
	all := []*revision.Revision{added}
	for _, r := range s.m.files.set.Ordered() {
		if !slices.Contains(s.Replaced, r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *revision.Revision) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// readReplaced applies the replaced revisions and those that follow, and reads what they make.
func (s *squasher) readReplaced(ctx context.Context, d *scratch.Database) (err error) {
	if s.before, err = s.readPublic(ctx, d); err != nil {
		return err
	}
	if err = moveScratch(ctx, d.Config, s.m.files.set, s.settings, s.targets...); err != nil {
		return err
	}
	if s.made, err = s.read(ctx, d); err != nil {
		return err
	}
	s.ServerVersion = s.made.Version
	err = s.connected(ctx, d.Config, func(conn *pg.Conn) error {
		if s.content, err = content.Read(ctx, conn, s.isLedger); err != nil {
			return err
		}
		if err := s.decideData(); err != nil {
			return err
		}
		for _, t := range s.content.Tables {
			if s.keeps(t) {
				if s.copies[t.FullName()], err = t.Copy(ctx, conn); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, what := range s.content.Other {
		s.Omissions = append(s.Omissions, SquashOmission{What: what})
	}
	if s.heads == nil {
		return nil
	}
	if err = moveScratch(ctx, d.Config, s.m.files.set, s.settings, s.heads...); err != nil {
		return err
	}
	s.all, err = s.read(ctx, d)
	return err
}

// connected calls use with a connection to a scratch database, with the role of revisions.
func (s *squasher) connected(ctx context.Context, cfg *pgconn.Config, use func(*pg.Conn) error) error {
	conn, err := pg.Connect(ctx, cfg, s.settings.Connecting())
	if err != nil {
		return err
	}
	defer conn.Close()
	if s.settings.Role != "" {
		if err := conn.Exec(ctx, "SET ROLE "+sqltext.QuoteName(s.settings.Role)); err != nil {
			return err
		}
	}
	return use(conn)
}

func (s *squasher) readContent(ctx context.Context, d *scratch.Database) (c *content.Content, err error) {
	err = s.connected(ctx, d.Config, func(conn *pg.Conn) error {
		c, err = content.Read(ctx, conn, s.isLedger)
		return err
	})
	return c, err
}

func (s *squasher) readPublic(ctx context.Context, d *scratch.Database) (content.Public, error) {
	c, err := s.readContent(ctx, d)
	if err != nil {
		return content.Public{}, err
	}
	return c.Public, nil
}

// read returns the schema of a scratch database without the ledger.
func (s *squasher) read(ctx context.Context, d *scratch.Database) (*schema.Schema, error) {
	made, err := d.Read(ctx)
	if err != nil {
		return nil, err
	}
	return session.WithoutLedgers(made, s.settings.Ledger), nil
}

// isLedger reports whether a table is one of the ledger's.
func (s *squasher) isLedger(table string) bool {
	return slices.ContainsFunc([]string{"_meta", "_revision", "_event"}, func(suffix string) bool {
		return table == s.settings.Ledger.Schema()+"."+s.settings.Ledger.Prefix()+suffix
	})
}

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

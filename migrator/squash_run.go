package migrator

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/content"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/sqltext"
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
	if err := conn.DisableTimeouts(ctx); err != nil {
		return err
	}
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

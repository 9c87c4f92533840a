package scratch

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/schema"
)

// lockKey is that of the advisory lock that a process holds on a named database: "ambixscr" as a number.
const lockKey = 0x616d626978736372

// useNamed makes the database of the configuration the scratch database, if it was named for that and is empty.
func (s *Server) useNamed(ctx context.Context) error {
	if s.options.Server == nil {
		return s.fail(NoCreateDB, nil)
	}
	if like := s.options.Like; like != nil && sameDatabase(like, s.cfg) {
		return s.fail(Configured, nil)
	}
	rows, err := s.query(ctx, s.conn, "SELECT pg_catalog.pg_try_advisory_lock("+strconv.Itoa(lockKey)+")")
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0][0].Text != "t" {
		return s.fail(InUse, nil)
	}
	found, err := snapshot.Read(ctx, s.conn)
	if err != nil {
		return err
	}
	subscriptions, err := s.subscriptions(ctx, s.cfg.Database)
	if err != nil {
		return err
	}
	if len(found.Objects) > 0 || found.Members > 0 || len(subscriptions) > 0 {
		e := s.fail(NotEmpty, nil)
		e.Objects = names(found)
		for _, name := range subscriptions {
			e.Objects = append(e.Objects, schema.Subscription.String()+" "+schema.QuoteIdent(name))
		}
		return e
	}
	s.named = true
	return nil
}

func sameDatabase(a, b *pgconn.Config) bool {
	return a.Host == b.Host && a.Port == b.Port && a.Database == b.Database
}

// empty drops what was made in the named database, and nothing else: an object that somebody else has created meanwhile
// keeps what it needs.
func (s *Server) empty(ctx context.Context, made *schema.Schema) *Error {
	if err := s.removeSubscriptions(ctx, s.cfg.Database); err != nil {
		return s.notEmptied(err)
	}
	conn, err := s.dial(ctx, s.cfg, false)
	if err != nil {
		return s.notEmptied(err)
	}
	defer conn.Close()
	if made == nil { // it is not known, or filling it failed
		if made, err = snapshot.Read(ctx, conn); err != nil {
			return s.notEmptied(err)
		}
	}
	all := *made
	all.Refused = nil // what cannot be made again can be dropped
	statements, err := ddl.Drop(&all, ddl.Options{Owners: true, Privileges: true})
	if err != nil {
		return s.notEmptied(err)
	}
	var failed error
	for _, statement := range statements {
		if err := conn.Exec(ctx, statement.SQL); err != nil && failed == nil {
			failed = err
		}
	}
	left, err := snapshot.Read(ctx, conn)
	switch {
	case err != nil:
		return s.notEmptied(err)
	case len(left.Objects) > 0:
		e := s.notEmptied(failed)
		e.Objects = names(left)
		return e
	}
	return nil
}

func (s *Server) notEmptied(err error) *Error {
	return s.fail(NotDropped, err)
}

// names returns the names of the objects that are not part of another.
func names(s *schema.Schema) []string {
	var list []string
	for _, o := range s.Objects {
		if o.Parent == nil {
			list = append(list, o.Key.String())
		}
	}
	return list
}

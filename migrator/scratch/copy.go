package scratch

import (
	"context"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// WithCopy is [Server.With] for a copy of a scratch database, to which nobody may be connected. It works only where
// [Database.Copyable] has said so.
func (s *Server) WithCopy(ctx context.Context, of *Database, use func(context.Context, *Database) error) error {
	return s.with(ctx, of, func(ctx context.Context, d *Database) (*schema.Schema, error) { return nil, use(ctx, d) })
}

// notCopied counts what belongs to a database and is not copied with it: settings, privileges and subscriptions.
const notCopied = `SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_db_role_setting r WHERE r.setdatabase OPERATOR(pg_catalog.=) d.oid)
  OPERATOR(pg_catalog.+) (SELECT pg_catalog.count(*) FROM pg_catalog.pg_subscription b WHERE b.subdbid OPERATOR(pg_catalog.=) d.oid)
  OPERATOR(pg_catalog.+) CASE WHEN d.datacl IS NULL THEN 0 ELSE 1 END
FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) `

// Copyable reports whether a copy of the database would be the same: not where a named database is used, and not if it has
// settings, privileges or subscriptions, which the server does not copy.
func (d *Database) Copyable(ctx context.Context) (bool, error) {
	if d.server.named {
		return false, nil
	}
	rows, err := d.server.query(ctx, d.server.conn, notCopied+sqltext.QuoteLiteral(d.Config.Database)+"::pg_catalog.name")
	return err == nil && len(rows) == 1 && rows[0][0].Text == "0", err
}

// copyOf returns the options of CREATE DATABASE for a copy.
func (s *Server) copyOf(database string) string {
	from := " TEMPLATE " + sqltext.QuoteName(database)
	if s.unsafe && s.conn.ServerVersion() >= 150000 {
		from += " STRATEGY FILE_COPY" // a third of the time, if a checkpoint costs nothing
	}
	return from
}

// createFrom creates a database. A worker of autovacuum may look at the template: then it tries again.
func (s *Server) createFrom(ctx context.Context, name, options string) (err error) {
	for range 5 {
		err = s.conn.Exec(ctx, "CREATE DATABASE "+sqltext.QuoteName(name)+s.ownerClause()+options)
		if se := pg.ServerError(err); se == nil || se.Code != pg.ObjectInUse {
			break
		}
	}
	return err
}

package scratch

import (
	"context"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// nowhere is a connection string that reaches no publisher. Roles that are not superusers have to give a password.
const nowhere = "host=/nonexistent port=1 password=none"

// subscriptions returns the names of the subscriptions of a database. They belong to a database, but are in a catalog of the
// whole server.
func (s *Server) subscriptions(ctx context.Context, database string) ([]string, error) {
	rows, err := s.query(ctx, s.conn, `SELECT b.subname FROM pg_catalog.pg_subscription b JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) b.subdbid
WHERE d.datname OPERATOR(pg_catalog.=) `+sqltext.QuoteLiteral(database)+`::pg_catalog.name ORDER BY 1`)
	var names []string
	for _, row := range rows {
		names = append(names, row[0].Text)
	}
	return names, err
}

// removeSubscriptions drops the subscriptions of a scratch database, if there are any.
func (s *Server) removeSubscriptions(ctx context.Context, database string) error {
	names, err := s.subscriptions(ctx, database)
	if err != nil || len(names) == 0 {
		return err
	}
	return s.dropSubscriptions(ctx, database, names)
}

// dropSubscriptions drops subscriptions of a scratch database without a connection to their publishers: the slots there may
// be those of a real subscriber. Without a slot name DROP SUBSCRIPTION tries to connect all the same if some tables are not
// yet copied, so the connection string leads nowhere.
func (s *Server) dropSubscriptions(ctx context.Context, database string, names []string) error {
	cfg := s.cfg.Copy()
	cfg.Database = database
	conn, err := s.dial(ctx, cfg, s.options.Server == nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, name := range names {
		subscription := "SUBSCRIPTION " + schema.QuoteIdent(name)
		for _, sql := range []string{
			"ALTER " + subscription + " DISABLE",
			"ALTER " + subscription + " CONNECTION " + sqltext.QuoteLiteral(nowhere),
			"ALTER " + subscription + " SET (slot_name = NONE)",
			"DROP " + subscription,
		} {
			if err := conn.Exec(ctx, sql); err != nil {
				if se := pg.ServerError(err); se != nil && se.Code == pg.UndefinedObject {
					break // dropped meanwhile
				}
				return err
			}
		}
	}
	return nil
}

package migrator

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/rehearse"
)

// Sizes reads the sizes of the tables of a database, and which revisions are applied there, for RehearseOptions where the
// database cannot be asked. It is only read. Errors: those of Status, *SchemaError for a database where no rehearsal can
// begin.
func (m *Migrator) Sizes(ctx context.Context, cfg *pgconn.Config) (sizes *rehearse.Sizes, err error) {
	err = m.with(ctx, cfg, func(s *session.Session) error {
		v, err := s.View(ctx)
		if err != nil {
			return err
		}
		applied, err := reproducible(v)
		if err != nil {
			return err
		}
		sizes, err = readSizes(ctx, s, cfg.Database, applied)
		return err
	})
	return sizes, err
}

func readSizes(ctx context.Context, s *session.Session, database string, applied []string) (*rehearse.Sizes, error) {
	tables, err := s.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	return &rehearse.Sizes{Database: database, At: time.Now(), Applied: applied, Tables: tables}, nil
}

// checkSizes refuses sizes of another database: they have none of the tables where the rehearsal began.
func checkSizes(sizes *rehearse.Sizes, tables []string) error {
	if sizes == nil || len(tables) == 0 || slices.ContainsFunc(tables, func(name string) bool { return sizes.Tables[name].Known }) {
		return nil
	}
	return sizesError(sizes, "that database has none of the tables that the applied revisions make, such as "+tables[0])
}

func sizesError(sizes *rehearse.Sizes, reason string) error {
	return &ConfigError{Setting: "sizes", Value: sizes.Database, Reason: reason}
}

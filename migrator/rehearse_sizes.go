package migrator

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
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
	if len(tables) == 1 {
		return sizesError(sizes, "that database does not have the table that the applied revisions make: "+tables[0])
	}
	return sizesError(sizes, "that database has none of the "+text.Count(len(tables), "table")+" that the applied revisions make: "+text.List(tables, "and"))
}

// checkSizedRevisions refuses sizes of a database whose revisions are not known, so that the rehearsal cannot begin there.
func (m *Migrator) checkSizedRevisions(sizes *rehearse.Sizes) error {
	var unknown []string
	for _, id := range sizes.Applied {
		if m.files.set.Revision(id) == nil {
			unknown = append(unknown, id)
		}
	}
	switch len(unknown) {
	case 0:
		return nil
	case 1:
		return sizesError(sizes, "revision "+unknown[0]+" was applied in that database on "+sizes.At.UTC().Format(time.DateOnly)+", and is not among the files")
	}
	return sizesError(sizes, text.Count(len(unknown), "revision")+" were applied in that database on "+sizes.At.UTC().Format(time.DateOnly)+", and are not among the files: "+text.List(unknown, "and"))
}

func sizesError(sizes *rehearse.Sizes, reason string) error {
	return &ConfigError{Setting: "sizes", Value: sizes.Database, Reason: reason}
}

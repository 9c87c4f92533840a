package migrator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
)

// Adopt says how to take over a database that another tool migrated.
type Adopt struct {
	// Tool is "alembic", "atlas", "dbmate", "diesel", "flyway", "golang-migrate", "goose",
	// "prisma", "rails", "sqitch", "sql-migrate", "sqlx" or "tern". "": the tool whose version
	// table is in the database.
	Tool string
	// Table is the version table, NAME or SCHEMA.NAME. "": found in any schema by the
	// tools' usual names.
	Table string
	// Versions maps the tool's versions to revisions; ReadMap reads it. A version that is
	// not in the map is taken as a revision id.
	Versions map[string]string
	// Checkpoints maps versions at which a new database of the tool may begin, as with Atlas, to
	// revisions: in a database with such a version, the revision and all its ancestors count as
	// applied. ReadMap reads it.
	Checkpoints map[string]string
	// Baseline, for a database that no tool migrated, are the revisions that count as
	// applied, together with their ancestors.
	Baseline []string
	// DryRun records nothing.
	DryRun bool
}

// ReadMap reads the map that the importer wrote (adopt.json) into Versions and Checkpoints, and
// into Tool and Table where they are empty.
func (a *Adopt) ReadMap(r io.Reader) error {
	var m struct {
		Tool, Table string
		Versions    []struct {
			Version, Revision string
			Checkpoint        bool
		}
	}
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return errors.New("it is not a map of versions: " + text.JSONProblem(err))
	}
	if len(m.Versions) == 0 {
		return errors.New(`no versions; the importer writes {"tool": "…", "versions": [{"version": "…", "revision": "…"}]}`)
	}
	a.Versions, a.Checkpoints = map[string]string{}, map[string]string{}
	for _, v := range m.Versions {
		if v.Checkpoint {
			a.Checkpoints[v.Version] = v.Revision
		} else {
			a.Versions[v.Version] = v.Revision
		}
	}
	a.Tool, a.Table = cmp.Or(a.Tool, m.Tool), cmp.Or(a.Table, m.Table)
	return nil
}

// Adoption is what was found in the other tool's table and recorded in the ledger.
type Adoption struct {
	Tool, Table string   // "" for a baseline
	Versions    []string // as the table has them
	Revisions   []string // that count as applied now, parents first
	// Empty: the database has no objects that a baseline could stand for.
	Empty bool
}

// Adopt records the revisions that another tool applied, or a baseline, as applied,
// without running anything. Errors: *AdoptError, *TargetError, and those of Stamp.
func (m *Migrator) Adopt(ctx context.Context, cfg *pgconn.Config, a Adopt) (*Adoption, error) {
	var adoption *Adoption
	err := m.with(ctx, cfg, func(s *session.Session) error {
		found, err := s.Adopt(ctx, session.Adopt(a))
		if found != nil { // also recorded, but not confirmed by a standby
			adoption = &Adoption{Tool: found.Tool, Table: found.Name, Versions: found.Versions, Revisions: found.Revisions, Empty: found.Empty}
		}
		return err
	})
	return adoption, withVerb("adopt", err)
}

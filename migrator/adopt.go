package migrator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/ledger"
	"example.com/ambix/migrator/plan"
)

// Adopt says how to take over a database that another tool migrated.
type Adopt struct {
	// Tool is "alembic", "tern", "goose", "golang-migrate" or "dbmate". "": whichever
	// left its version table in the database.
	Tool string
	// Table is the version table, schema and name as SQL, where it is not to be looked
	// for. "": it is looked for in all schemas.
	Table string
	// Versions leads from the tool's versions to revisions, as an import wrote it. A
	// version that is not in it is taken as a revision's id.
	Versions map[string]string
	// Baseline, for a database that no tool migrated, names the revisions that count as
	// applied, with what they stand on.
	Baseline []string
	// DryRun records nothing.
	DryRun bool
}

// Adoption is what was found in the other tool's table and recorded in ours.
type Adoption struct {
	Tool, Table string   // "" for a baseline
	Versions    []string // as the table has them
	Revisions   []string // that count as applied now, parents first
}

// AdoptError says why a database cannot be adopted. Nothing was recorded.
type AdoptError struct {
	Table, Text string
}

func (e *AdoptError) Error() string {
	if e.Table == "" {
		return "adopt: " + e.Text
	}
	return "adopt " + e.Table + ": " + e.Text
}

// Adopt records the revisions that another tool applied, or a baseline, as applied,
// without running anything. Errors: *AdoptError, *graph.TargetError and those of Stamp.
func (s *Set) Adopt(ctx context.Context, cfg *pgconn.Config, a Adopt) (found *Adoption, err error) {
	err = s.change(ctx, cfg, func(ss *session, state ledger.State) error {
		if len(state.Rows) > 0 {
			return &AdoptError{"", fmt.Sprintf("the ledger %s already has %d revisions: this database is adopted; see `status`", s.ledger, len(state.Rows))}
		}
		if !state.Exists {
			if err := ss.others(ctx); err != nil {
				return err
			}
		}
		v, err := plan.Join(s.files, state)
		if err != nil {
			return err
		}
		targets := a.Baseline
		found = &Adoption{}
		if len(targets) == 0 {
			if found, targets, err = ss.foreign(ctx, a); err != nil {
				return err
			}
		}
		var p plan.Plan
		if len(targets) > 0 {
			if p, err = v.Stamp(targets, false); err != nil {
				return err
			}
		}
		if err := found.complete(p, a); err != nil {
			return err
		}
		if a.DryRun || len(p.Steps) == 0 {
			return nil
		}
		p.Adopt = true
		_, err = ss.runner.Stamp(ctx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// complete lists what will be recorded. A tool that records each version must have
// recorded all that our links say a version stands on.
func (found *Adoption) complete(p plan.Plan, a Adopt) error {
	recorded := map[string]bool{}
	for _, version := range found.Versions {
		recorded[a.revision(version)] = true
	}
	for _, s := range p.Steps {
		if eachVersion[found.Tool] && !recorded[s.Revision] {
			return &AdoptError{found.Table, fmt.Sprintf("revision %s (%s) must have been applied before others that are in this table, and is not there itself; apply it with %s first, or correct the links of the files", s.Revision, s.Message, found.Tool)}
		}
		found.Revisions = append(found.Revisions, s.Revision)
	}
	return nil
}

// eachVersion has the tools whose table has a row for every version that is applied.
var eachVersion = map[string]bool{"goose": true, "dbmate": true}

func (a Adopt) revision(version string) string {
	if id, ok := a.Versions[version]; ok {
		return id
	}
	return version
}

// versionTables finds the tables of other tools: schema, name, and which tool it is by
// its columns.
const versionTables = `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), CASE
  WHEN c.relname = 'alembic_version' THEN 'alembic' WHEN c.relname = 'goose_db_version' THEN 'goose' WHEN c.relname = 'schema_version' THEN 'tern'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'dirty' AND NOT a.attisdropped) THEN 'golang-migrate' ELSE 'dbmate' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname IN ('alembic_version', 'goose_db_version', 'schema_version', 'schema_migrations') ORDER BY 1`

// foreign reads the other tool's table and names the revisions that it stands for.
func (ss *session) foreign(ctx context.Context, a Adopt) (*Adoption, []string, error) {
	found, err := ss.versionTable(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	read, ok := readVersions[found.Tool]
	if !ok {
		return nil, nil, &AdoptError{found.Table, fmt.Sprintf("the tool %q is not known; known are alembic, dbmate, golang-migrate, goose and tern", found.Tool)}
	}
	rows, err := ss.conn.Query(ctx, ss.roleFirst()+fmt.Sprintf(read.sql, found.Table))
	if err != nil {
		return nil, nil, err
	}
	if found.Versions, err = read.versions(rows, a); err != nil {
		return nil, nil, &AdoptError{found.Table, err.Error()}
	}
	var targets []string
	for _, version := range found.Versions {
		id := a.revision(version)
		if ss.set.Revision(id) == nil {
			return nil, nil, &AdoptError{found.Table, fmt.Sprintf("version %s is no revision of this program; import the files first, and give the map that the import wrote", version)}
		}
		targets = append(targets, id)
	}
	// Only what stands highest: targets that contain each other say the same twice.
	return found, ss.set.files.Graph.Maximal(graph.NewSet(targets...)), nil
}

func (ss *session) versionTable(ctx context.Context, a Adopt) (*Adoption, error) {
	if a.Table != "" && a.Tool != "" {
		table, err := ledger.ParseTable(a.Table)
		return &Adoption{Tool: a.Tool, Table: table}, err
	}
	rows, err := ss.conn.Query(ctx, versionTables)
	if err != nil {
		return nil, err
	}
	var all []*Adoption
	var names []string
	for _, row := range rows {
		if (a.Tool == "" || a.Tool == row[1]) && (a.Table == "" || a.Table == row[0]) {
			all = append(all, &Adoption{Tool: row[1], Table: row[0]})
			names = append(names, row[0]+" ("+row[1]+")")
		}
	}
	switch len(all) {
	case 0:
		return nil, &AdoptError{"", "no version table of alembic, dbmate, golang-migrate, goose or tern was found; for a database that no tool migrated, say --baseline REV"}
	case 1:
		return all[0], nil
	}
	return nil, &AdoptError{"", "several version tables were found: " + strings.Join(names, ", ") + "; say which with --tool and --table"}
}

// versionReader is how one tool keeps its versions.
type versionReader struct {
	sql      string
	versions func(rows [][]string, a Adopt) ([]string, error)
}

var readVersions = map[string]versionReader{
	"alembic": {"SELECT version_num FROM %s ORDER BY 1", firstColumn},
	"dbmate":  {"SELECT version FROM %s ORDER BY 1", firstColumn},
	// goose keeps a row for every up and every down; the newest of a version counts.
	"goose": {"SELECT version_id FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) v WHERE is_applied AND version_id > 0 ORDER BY 1", firstColumn},
	"tern":  {"SELECT version FROM %s", upTo},
	"golang-migrate": {"SELECT version, dirty FROM %s", func(rows [][]string, a Adopt) ([]string, error) {
		if len(rows) > 0 && rows[0][1] == "t" {
			return nil, fmt.Errorf("version %s is dirty: golang-migrate stopped in the middle of it; look what of it is there, settle it with `migrate force`, and adopt then", rows[0][0])
		}
		return upTo(rows, a)
	}},
}

func firstColumn(rows [][]string, _ Adopt) ([]string, error) {
	var versions []string
	for _, row := range rows {
		versions = append(versions, row[0])
	}
	return versions, nil
}

// upTo is for tools that keep one number: it and all below it are applied.
func upTo(rows [][]string, a Adopt) ([]string, error) {
	if len(rows) > 1 {
		return nil, fmt.Errorf("it has %d rows where there should be one", len(rows))
	}
	if len(rows) == 0 || rows[0][0] == "0" {
		return nil, nil
	}
	last, err := strconv.ParseInt(rows[0][0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("version %q is no number", rows[0][0])
	}
	var versions []string
	for version := range a.Versions {
		if n, err := strconv.ParseInt(version, 10, 64); err == nil && n <= last {
			versions = append(versions, version)
		}
	}
	if !slices.Contains(versions, rows[0][0]) {
		versions = append(versions, rows[0][0])
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return versions, nil
}

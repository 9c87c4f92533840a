package migrator

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// Adopt says how to take over a database that another tool migrated.
type Adopt struct {
	// Tool is "alembic", "tern", "goose", "golang-migrate" or "dbmate". "": whichever
	// left its version table in the database.
	Tool string
	// Table is the version table, schema and name as SQL, where it is not to be looked
	// for. "": it is looked for in all schemas, by the tools' usual names.
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
	// Empty: the database holds nothing that a baseline could stand for.
	Empty bool
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
		found = &Adoption{}
		targets := a.Baseline
		if len(targets) > 0 {
			found.Empty, err = ss.empty(ctx)
		} else {
			found, targets, err = ss.foreign(ctx, a)
		}
		if err != nil {
			return err
		}
		var p plan.Plan
		if len(targets) > 0 {
			if p, err = v.Stamp(targets, false); err != nil {
				return withVerb(err, "adopt")
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

// foreign reads the other tool's table and names the revisions that it stands for.
func (ss *session) foreign(ctx context.Context, a Adopt) (*Adoption, []string, error) {
	found, err := ss.versionTable(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	rows, err := ss.versions(ctx, found)
	if err != nil {
		return nil, nil, err
	}
	if found.Versions, err = readVersions[found.Tool].versions(rows, a); err != nil {
		return nil, nil, &AdoptError{found.Table, err.Error()}
	}
	var targets []string
	for _, version := range found.Versions {
		id := a.revision(version)
		if ss.set.Revision(id) == nil {
			return nil, nil, &AdoptError{found.Table, a.strange(version, found.Tool)}
		}
		targets = append(targets, id)
	}
	// Only what stands highest: targets that contain each other say the same twice.
	return found, ss.set.files.Graph.Maximal(graph.NewSet(targets...)), nil
}

// strange says what to do about a version that is no revision of this program.
func (a Adopt) strange(version, tool string) string {
	text := fmt.Sprintf("version %s is no revision of this program", version)
	switch id := a.Versions[version]; {
	case id != "":
		return text + ": the map leads to " + id + ", and there is no such file; take the files and the map of one import"
	case len(a.Versions) > 0:
		return text + " and is not in the map: the database was migrated with files that were not imported; import them again with it"
	case tool == "alembic":
		return text + "; import the files that it was migrated with first"
	}
	return text + "; import the files first, and give the map that the import wrote"
}

// empty says whether nothing was ever made in a database: after a baseline, up would have
// nothing to do there, and the application would find no table.
func (ss *session) empty(ctx context.Context) (bool, error) {
	n := ss.set.ledger
	rows, err := ss.conn.Query(ctx, fmt.Sprintf(inhabited, ledger.Array([]string{n.Meta(), n.Revisions(), n.Events()})))
	return err == nil && rows[0][0].Text != "t", err
}

// inhabited asks for tables and the like, and for functions, that are neither the
// system's nor an extension's nor ours.
const inhabited = `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(%s) ours WHERE pg_catalog.to_regclass(ours) OPERATOR(pg_catalog.=) c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid OPERATOR(pg_catalog.=) c.oid AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,e,i}'::"char"[])))
  OR EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
  WHERE n.nspname OPERATOR(pg_catalog.<>) 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid OPERATOR(pg_catalog.=) p.oid AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) 'e'))`

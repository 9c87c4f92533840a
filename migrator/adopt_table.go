package migrator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// versionTables finds the tables of other tools by their usual names: schema and name,
// and which tool it is.
const versionTables = `SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), CASE
  WHEN c.relname = 'alembic_version' THEN 'alembic' WHEN c.relname = 'goose_db_version' THEN 'goose' WHEN c.relname = 'schema_version' THEN 'tern'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'dirty' AND NOT a.attisdropped) THEN 'golang-migrate' ELSE 'dbmate' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relname IN ('alembic_version', 'goose_db_version', 'schema_version', 'schema_migrations') ORDER BY 1`

// versionTable finds the table to read, and which tool's it is.
func (ss *session) versionTable(ctx context.Context, a Adopt) (*Adoption, error) {
	if _, ok := readVersions[a.Tool]; !ok && a.Tool != "" {
		return nil, &AdoptError{"", fmt.Sprintf("the tool %q is not known; known are %s", a.Tool, toolNames("and"))}
	}
	if a.Table != "" {
		return ss.namedTable(ctx, a)
	}
	rows, err := ss.conn.Query(ctx, versionTables)
	if err != nil {
		return nil, err
	}
	var all []*Adoption
	var names, others []string
	for _, row := range rows {
		name := row[0].Text + " (" + row[1].Text + ")"
		if a.Tool != "" && a.Tool != row[1].Text {
			others = append(others, name)
			continue
		}
		all = append(all, &Adoption{Tool: row[1].Text, Table: row[0].Text})
		names = append(names, name)
	}
	switch len(all) {
	case 0:
		return nil, missingTable(a.Tool, others)
	case 1:
		return all[0], nil
	}
	return nil, &AdoptError{"", "several version tables were found: " + strings.Join(names, ", ") + "; say which with --tool and --table"}
}

func missingTable(tool string, others []string) error {
	text := "no version table of " + cmp.Or(tool, toolNames("or")) + " was found"
	if len(others) > 0 {
		text += ", but " + strings.Join(others, ", ") + ": say --tool if that is the one"
	}
	return &AdoptError{"", text + "; --table names one that is called otherwise; for a database that no tool migrated, say --baseline REV"}
}

func toolNames(last string) string {
	names := slices.Sorted(maps.Keys(readVersions))
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

// namedTable is the table that was asked for. Which tool's it is shows in its columns.
func (ss *session) namedTable(ctx context.Context, a Adopt) (*Adoption, error) {
	table, err := ledger.ParseTable(a.Table)
	if err != nil {
		return nil, err
	}
	rows, err := ss.conn.Query(ctx, ss.roleFirst()+"SELECT attname, atttypid::pg_catalog.regtype FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass("+
		sqltext.QuoteLiteral(table)+") AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped ORDER BY attnum")
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, &AdoptError{a.Table, "there is no such table"}
	}
	columns := map[string]string{}
	for _, row := range rows {
		columns[row[0].Text] = row[1].Text
	}
	tool := toolOf(columns)
	switch {
	case a.Tool == "" && tool == "":
		return nil, &AdoptError{a.Table, "its columns are those of no tool that is known: " + strings.Join(slices.Sorted(maps.Keys(columns)), ", ")}
	case a.Tool != "" && a.Tool != tool && (tool != "tern" && tool != "dbmate" || a.Tool != "tern" && a.Tool != "dbmate"):
		return nil, &AdoptError{a.Table, fmt.Sprintf("it is no version table of %s: its columns are %s", a.Tool, strings.Join(slices.Sorted(maps.Keys(columns)), ", "))}
	}
	return &Adoption{Tool: cmp.Or(a.Tool, tool), Table: table}, nil
}

// toolOf knows a tool by the columns of its version table and their types.
func toolOf(columns map[string]string) string {
	switch {
	case columns["version_num"] != "":
		return "alembic"
	case columns["version_id"] != "" && columns["is_applied"] != "":
		return "goose"
	case columns["version"] != "" && columns["dirty"] != "":
		return "golang-migrate"
	case columns["version"] == "integer":
		return "tern"
	case columns["version"] != "":
		return "dbmate"
	}
	return ""
}

// versions reads the table.
func (ss *session) versions(ctx context.Context, found *Adoption) ([]pg.Row, error) {
	rows, err := ss.conn.Query(ctx, ss.roleFirst()+fmt.Sprintf(readVersions[found.Tool].sql, found.Table))
	if se := pg.ServerError(err); se != nil {
		text := fmt.Sprintf("it cannot be read as %s's: %s (%s)", found.Tool, se.Message, se.Code)
		if se.Code == pg.InsufficientPrivilege {
			text += "; the owner can run: GRANT SELECT ON " + found.Table + " TO " + sqltext.QuoteName(cmp.Or(ss.set.cfg.Role, ss.cfg.User))
		}
		return nil, &AdoptError{found.Table, text}
	}
	return rows, err
}

// versionReader is how one tool keeps its versions.
type versionReader struct {
	sql      string
	versions func(rows []pg.Row, a Adopt) ([]string, error)
}

var readVersions = map[string]versionReader{
	"alembic": {"SELECT version_num FROM %s ORDER BY 1", firstColumn},
	"dbmate":  {"SELECT version FROM %s ORDER BY 1", firstColumn},
	// goose keeps a row for every up and every down; the newest of a version counts.
	"goose": {"SELECT version_id FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) v WHERE is_applied AND version_id > 0 ORDER BY 1", firstColumn},
	"tern": {"SELECT version FROM %s", func(rows []pg.Row, a Adopt) ([]string, error) {
		if len(rows) == 1 && rows[0][0].Text == "0" {
			return nil, nil // before the first; golang-migrate deletes its row then, and may have a version 0
		}
		return upTo(rows, a)
	}},
	"golang-migrate": {"SELECT version, dirty FROM %s", func(rows []pg.Row, a Adopt) ([]string, error) {
		if len(rows) > 0 && rows[0][1].Text == "t" {
			return nil, fmt.Errorf("version %s is dirty: golang-migrate stopped in the middle of it; look what of it is there, settle it with `migrate force`, and adopt then", rows[0][0].Text)
		}
		return upTo(rows, a)
	}},
}

func firstColumn(rows []pg.Row, _ Adopt) ([]string, error) {
	var versions []string
	for _, row := range rows {
		versions = append(versions, row[0].Text)
	}
	return versions, nil
}

// upTo is for tools that keep one number: it and all below it are applied.
func upTo(rows []pg.Row, a Adopt) ([]string, error) {
	if len(rows) > 1 {
		return nil, fmt.Errorf("it has %d rows where there should be one", len(rows))
	}
	if len(rows) == 0 {
		return nil, nil
	}
	last, err := strconv.ParseInt(rows[0][0].Text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("version %q is no number", rows[0][0].Text)
	}
	var versions []string
	for version := range a.Versions {
		if n, err := strconv.ParseInt(version, 10, 64); err == nil && n <= last {
			versions = append(versions, version)
		}
	}
	if !slices.Contains(versions, rows[0][0].Text) {
		versions = append(versions, rows[0][0].Text)
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return versions, nil
}

package foreign

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/sqltext"
)

// Table is a version table.
type Table struct {
	Name string // qualified and quoted
	Tool string
}

// tool is how one tool keeps its versions.
type tool struct {
	sql string // reads the table whose name replaces %s
	// versions returns those that count as applied. dirty is a version that the tool did not
	// complete; reason is why the rows are invalid.
	versions func(rows [][]string, known map[string]string) (versions []string, dirty, reason string)
}

var tools = map[string]tool{
	"alembic": {"SELECT version_num FROM %s ORDER BY 1", firstColumn},
	"dbmate":  {"SELECT version FROM %s ORDER BY 1", firstColumn},
	// goose has a row for every up and every down; the newest of a version counts.
	"goose": {`SELECT version_id FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) v
WHERE is_applied AND version_id OPERATOR(pg_catalog.>) 0 ORDER BY 1`, firstColumn},
	"tern": {"SELECT version FROM %s", func(rows [][]string, known map[string]string) ([]string, string, string) {
		if len(rows) == 1 && rows[0][0] == "0" {
			return nil, "", "" // before the first; golang-migrate deletes its row then, and may have a version 0
		}
		return upTo(rows, known)
	}},
	"golang-migrate": {"SELECT version, dirty FROM %s", func(rows [][]string, known map[string]string) ([]string, string, string) {
		if len(rows) > 0 && rows[0][1] == "t" {
			return nil, rows[0][0], ""
		}
		return upTo(rows, known)
	}},
}

// Known reports whether a tool's version table can be read.
func Known(name string) bool {
	_, ok := tools[name]
	return ok
}

// Tools lists the known tools, the last two joined by a conjunction.
func Tools(conjunction string) string {
	names := slices.Sorted(maps.Keys(tools))
	return strings.Join(names[:len(names)-1], ", ") + " " + conjunction + " " + names[len(names)-1]
}

// RecordsEachVersion reports whether the table has a row for every applied version.
func (t Table) RecordsEachVersion() bool { return t.Tool == "goose" || t.Tool == "dbmate" }

// Query returns the query that reads the table.
func (t Table) Query() string { return fmt.Sprintf(tools[t.Tool].sql, t.Name) }

// Versions returns the versions that count as applied, from the rows of Query. known are all
// versions of the files. dirty is a version that the tool did not complete, reason is why
// the rows are invalid; both are "" if neither is the case.
func (t Table) Versions(rows [][]string, known map[string]string) (versions []string, dirty, reason string) {
	return tools[t.Tool].versions(rows, known)
}

func firstColumn(rows [][]string, _ map[string]string) ([]string, string, string) {
	var versions []string
	for _, row := range rows {
		versions = append(versions, row[0])
	}
	return versions, "", ""
}

// upTo is for tools that record one number: it and all lower ones are applied.
func upTo(rows [][]string, known map[string]string) ([]string, string, string) {
	if len(rows) > 1 {
		return nil, "", fmt.Sprintf("it has %d rows where there should be one", len(rows))
	}
	if len(rows) == 0 {
		return nil, "", ""
	}
	last, err := strconv.ParseInt(rows[0][0], 10, 64)
	if err != nil {
		return nil, "", fmt.Sprintf("version %q is not a number", rows[0][0])
	}
	var versions []string
	for version := range known {
		if n, err := strconv.ParseInt(version, 10, 64); err == nil && n <= last {
			versions = append(versions, version)
		}
	}
	if !slices.Contains(versions, rows[0][0]) {
		versions = append(versions, rows[0][0])
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return versions, "", ""
}

// Columns returns a query for the names and types of a table's columns: no rows if it does
// not exist. The name is quoted.
func Columns(table string) string {
	return "SELECT attname, pg_catalog.format_type(atttypid, NULL) FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(" +
		sqltext.QuoteLiteral(table) + ") AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped ORDER BY attnum"
}

// Recognize returns the version table that a table with these columns is. claimed is the
// tool that it should belong to, or "". reason is why it is not a version table, or not one
// of that tool; "" if it is.
func Recognize(name string, columns [][]string, claimed string) (t Table, reason string) {
	types := map[string]string{}
	for _, c := range columns {
		types[c[0]] = c[1]
	}
	found := byColumns(types)
	alike := func(tool string) bool { return tool == "tern" || tool == "dbmate" } // only the type differs
	switch list := strings.Join(slices.Sorted(maps.Keys(types)), ", "); {
	case claimed == "" && found == "":
		return t, "its columns are not those of a known tool: " + list
	case claimed != "" && claimed != found && !(alike(claimed) && alike(found)):
		return t, "it is not a version table of " + claimed + ": its columns are " + list
	}
	return Table{name, cmp.Or(claimed, found)}, ""
}

func byColumns(types map[string]string) string {
	switch {
	case types["version_num"] != "":
		return "alembic"
	case types["version_id"] != "" && types["is_applied"] != "":
		return "goose"
	case types["version"] != "" && types["dirty"] != "":
		return "golang-migrate"
	case types["version"] == "integer":
		return "tern"
	case types["version"] != "":
		return "dbmate"
	}
	return ""
}

// HasObjects asks whether a database has tables and the like, or functions, that belong
// neither to the system, nor to an extension, nor to the named tables: t or f.
func HasObjects(except []string) string { return fmt.Sprintf(hasObjects, ledger.Array(except)) }

const hasObjects = `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f,S}'::pg_catalog."char"[]) AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(%s) excepted WHERE pg_catalog.to_regclass(excepted) OPERATOR(pg_catalog.=) c.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid OPERATOR(pg_catalog.=) c.oid AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) ANY ('{a,e,i}'::pg_catalog."char"[])))
  OR EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
  WHERE n.nspname OPERATOR(pg_catalog.<>) 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid OPERATOR(pg_catalog.=) p.oid AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype OPERATOR(pg_catalog.=) 'e'))`

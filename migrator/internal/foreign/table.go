package foreign

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/sqltext"
)

// Table is a version table.
type Table struct {
	Name string // qualified and quoted
	Tool string
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
func (t Table) RecordsEachVersion() bool { return tools[t.Tool].each }

// Repair says how the tool is told that a version that it did not complete was corrected.
func (t Table) Repair() string { return tools[t.Tool].repair }

// Query returns the query that reads the table.
func (t Table) Query() string { return fmt.Sprintf(tools[t.Tool].sql, t.Name) }

// Versions returns the versions that count as applied, from the rows of Query. known are all
// versions of the files. dirty is a version that the tool did not complete, reason is why
// the rows are invalid; both are "" if neither is the case.
func (t Table) Versions(rows [][]string, known map[string]string) (versions []string, dirty, reason string) {
	return tools[t.Tool].versions(rows, known)
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
	alike := func(tool string) bool { return tool == "tern" || tool == "dbmate" || tool == "rails" } // only the type differs, or nothing
	switch list := strings.Join(slices.Sorted(maps.Keys(types)), ", "); {
	case claimed == "" && found == "":
		return t, "its columns are not those of a known tool: " + list
	case claimed != "" && claimed != found && !(alike(claimed) && alike(found)):
		return t, "it is not a version table of " + claimed + ": its columns are " + list
	}
	return Table{name, cmp.Or(claimed, found)}, ""
}

// byColumns returns the tool whose version table has these columns, or "".
func byColumns(types map[string]string) string {
	for _, t := range []struct{ tool, columns string }{
		{"alembic", "version_num"},
		{"goose", "version_id,is_applied"},
		{"flyway", "installed_rank,version,script"},
		{"prisma", "migration_name,applied_steps_count"},
		{"sqitch", "change_id,project"},
		{"atlas", "version,applied,total,operator_version"},
		{"sqlx", "version,installed_on,checksum"},
		{"diesel", "version,run_on"},
		{"sql-migrate", "id,applied_at"},
		{"golang-migrate", "version,dirty"},
	} {
		if !slices.ContainsFunc(strings.Split(t.columns, ","), func(c string) bool { return types[c] == "" }) {
			return t.tool
		}
	}
	switch types["version"] {
	case "":
		return ""
	case "integer":
		return "tern"
	}
	return "dbmate"
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

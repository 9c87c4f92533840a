package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// Create returns the statements that create the ledger, in order. schema also creates its
// schema: even CREATE SCHEMA IF NOT EXISTS needs CREATE on the database. They belong in a
// transaction that holds the lock, and fail (42P07) if another runner has just created the
// ledger.
func (t Tables) Create(schema bool) []string {
	return t.create("CREATE TABLE", schema, "")
}

// CreateIfMissing is Create for a script, which may run in a database that has an empty
// ledger by then.
func (t Tables) CreateIfMissing(schema bool) []string {
	return t.create("CREATE TABLE IF NOT EXISTS", schema && t.Schema() != "public", " ON CONFLICT DO NOTHING")
}

// create returns the statements of Create. onConflict is a clause of the INSERT.
func (t Tables) create(createTable string, schema bool, onConflict string) []string {
	id := sqltext.QuoteName
	var statements []string
	if schema {
		statements = append(statements, "CREATE SCHEMA IF NOT EXISTS "+id(t.Schema()))
	}
	statements = append(statements,
		fmt.Sprintf(createTable+` %s (
    format integer NOT NULL,
    generation bigint NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT %s PRIMARY KEY (one),
    CONSTRAINT %s CHECK (one)
)`, t.Meta(), id(t.Prefix()+"_meta_pkey"), id(t.Prefix()+"_meta_one")),
		fmt.Sprintf(createTable+` %s (
    revision pg_catalog.text COLLATE pg_catalog."C" NOT NULL,
    message pg_catalog.text NOT NULL,
    down_revision pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    depends_on pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    branch_labels pg_catalog.text[] COLLATE pg_catalog."C" NOT NULL,
    state pg_catalog.text NOT NULL,
    statements_done integer DEFAULT 0 NOT NULL,
    checksum pg_catalog.text NOT NULL,
    digest pg_catalog.text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    duration interval,
    applied_by pg_catalog.text NOT NULL,
    applied_from pg_catalog.text NOT NULL,
    binary_version pg_catalog.text NOT NULL,
    down_options pg_catalog.text,
    down_sql pg_catalog.text,
    CONSTRAINT %s PRIMARY KEY (revision)
)`, t.Revisions(), id(t.Prefix()+"_revision_pkey")),
		fmt.Sprintf(createTable+` %s (
    event bigint GENERATED ALWAYS AS IDENTITY,
    at timestamp with time zone NOT NULL,
    action pg_catalog.text NOT NULL,
    revision pg_catalog.text COLLATE pg_catalog."C",
    message pg_catalog.text,
    direction pg_catalog.text,
    duration interval,
    applied_by pg_catalog.text NOT NULL,
    applied_from pg_catalog.text NOT NULL,
    binary_version pg_catalog.text NOT NULL,
    run pg_catalog.text NOT NULL,
    detail pg_catalog.text,
    CONSTRAINT %s PRIMARY KEY (event)
)`, t.Events(), id(t.Prefix()+"_event_pkey")),
	)
	statements = append(statements, t.comments()...)
	return append(statements, fmt.Sprintf("INSERT INTO %s (format, generation) VALUES (%d, 0)%s", t.Meta(), Format, onConflict))
}

// MetaComment begins the comment of every ledger's meta table. It distinguishes a ledger from
// other tables of that name, in existing databases too.
const MetaComment = "ambix ledger: "

func (t Tables) comments() []string {
	comment := func(table, text string) string {
		return "COMMENT ON TABLE " + table + " IS " + sqltext.QuoteLiteral(text)
	}
	return []string{
		comment(t.Meta(), MetaComment+"its format version, and a generation that every change increments"),
		comment(t.Revisions(), "ambix ledger: one row per applied revision, with its down script"),
		comment(t.Events(), "ambix ledger: event log, append-only"),
	}
}

// tablePrivileges returns what a runner needs on each table. Reading needs only SELECT.
func (t Tables) tablePrivileges() []struct{ table, privileges string } {
	return []struct{ table, privileges string }{
		{t.Revisions(), "SELECT, INSERT, UPDATE, DELETE"},
		{t.Events(), "SELECT, INSERT"},
		{t.Meta(), "SELECT, UPDATE"},
	}
}

// CreateGrants returns the statements that let a role create the ledger.
func (t Tables) CreateGrants(role string) []string {
	return []string{"GRANT USAGE, CREATE ON SCHEMA " + sqltext.QuoteName(t.Schema()) + " TO " + sqltext.QuoteName(role)}
}

// ReadGrants returns the statements that let a role read the ledger.
func (t Tables) ReadGrants(role string) []string {
	to := " TO " + sqltext.QuoteName(role)
	return []string{
		"GRANT USAGE ON SCHEMA " + sqltext.QuoteName(t.Schema()) + to,
		"GRANT SELECT ON " + t.Revisions() + ", " + t.Events() + ", " + t.Meta() + to,
	}
}

// WriteGrants returns the statements that let a role write the ledger.
func (t Tables) WriteGrants(role string) []string {
	to := " TO " + sqltext.QuoteName(role)
	grants := []string{"GRANT USAGE ON SCHEMA " + sqltext.QuoteName(t.Schema()) + to}
	for _, p := range t.tablePrivileges() {
		grants = append(grants, "GRANT "+p.privileges+" ON "+p.table+to)
	}
	return grants
}

// Privileges queries which privileges the current role has that writing the ledger, or
// creating it, needs: rows of privilege, t or f, role, and the statement that grants it.
func (t Tables) Privileges(exists bool) string {
	lit, schema := sqltext.QuoteLiteral, sqltext.QuoteName(t.Schema())
	row := func(what, test, grant string) string {
		return fmt.Sprintf("SELECT %s, %s, CURRENT_USER, %s OPERATOR(pg_catalog.||) pg_catalog.quote_ident(CURRENT_USER)", lit(what), test, lit(grant+" TO "))
	}
	if !exists {
		test := fmt.Sprintf("CASE WHEN pg_catalog.to_regnamespace(%s) IS NULL THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') ELSE pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace(%[1]s)::pg_catalog.oid, 'CREATE') END", lit(schema))
		return row("CREATE on the schema "+schema, test, "GRANT USAGE, CREATE ON SCHEMA "+schema)
	}
	rows := []string{row("USAGE on the schema "+schema, "pg_catalog.has_schema_privilege("+lit(t.Schema())+", 'USAGE')", "GRANT USAGE ON SCHEMA "+schema)}
	for _, p := range t.tablePrivileges() {
		for privilege := range strings.SplitSeq(p.privileges, ", ") {
			test := "pg_catalog.has_table_privilege(" + lit(p.table) + ", '" + privilege + "')"
			rows = append(rows, row(privilege+" on "+p.table, test, "GRANT "+p.privileges+" ON "+p.table))
		}
	}
	return strings.Join(rows, " UNION ALL ")
}

// HasSchema is HasSchema of the ledger's schema.
func (t Tables) HasSchema() string { return HasSchema(t.Schema()) }

// HasSchema queries whether a schema exists: one row with t or f.
func HasSchema(schema string) string {
	return "SELECT pg_catalog.to_regnamespace(" + sqltext.QuoteLiteral(sqltext.QuoteName(schema)) + ") IS NOT NULL"
}

// RequireDatabase fails in a database with another name.
func RequireDatabase(name string) string {
	return require("pg_catalog.current_database() OPERATOR(pg_catalog.=) "+sqltext.QuoteLiteral(name)+"::pg_catalog.name", "this is not the database of this target")
}

// RequireSchema fails in a database without a schema.
func RequireSchema(name string) string {
	return require("pg_catalog.to_regnamespace("+sqltext.QuoteLiteral(sqltext.QuoteName(name))+") IS NOT NULL", "the schema of this target does not exist")
}

// require returns a query that fails with a text unless a condition is true.
func require(condition, text string) string {
	return fmt.Sprintf("SELECT CASE WHEN NOT (%s) THEN (%s::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(%s::pg_catalog.text, 1, 0))::pg_catalog.int4 END",
		condition, sqltext.QuoteString(text), backend)
}

// Others finds all ledgers of the database: rows of schema and meta table. It reads only
// the system catalog, which every role may read.
func (t Tables) Others() string {
	return `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_description d ON d.objoid OPERATOR(pg_catalog.=) c.oid AND d.objsubid OPERATOR(pg_catalog.=) 0
  AND d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND pg_catalog.starts_with(d.description, ` + sqltext.QuoteLiteral(MetaComment+"its format") + `)
ORDER BY 1, 2`
}

// ParseOther parses a row of Others. ok is false if it is not that of a ledger.
func ParseOther(schema, table string) (t Tables, ok bool) {
	prefix, ok := strings.CutSuffix(table, "_meta")
	return Tables{schema, prefix}, ok && prefix != ""
}

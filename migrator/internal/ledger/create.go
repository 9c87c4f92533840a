package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// Create gives the statements that create the ledger, in order; with its schema, if
// there is none: even CREATE SCHEMA IF NOT EXISTS needs CREATE on the database. They
// belong inside a transaction that holds the lock; the tables do not say IF NOT EXISTS,
// so that a ledger that somebody else has just made stops the transaction (42P07). Types
// that are no key words of SQL are qualified: a search_path may lead elsewhere.
func (n Name) Create(schema bool) []string {
	id := sqltext.QuoteName
	var statements []string
	if schema {
		statements = append(statements, "CREATE SCHEMA IF NOT EXISTS "+id(n.Schema()))
	}
	statements = append(statements,
		fmt.Sprintf(`CREATE TABLE %s (
    format integer NOT NULL,
    generation bigint NOT NULL,
    one boolean DEFAULT true NOT NULL,
    CONSTRAINT %s PRIMARY KEY (one),
    CONSTRAINT %s CHECK (one)
)`, n.Meta(), id(n.Prefix()+"_meta_pkey"), id(n.Prefix()+"_meta_one")),
		fmt.Sprintf(`CREATE TABLE %s (
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
)`, n.Revisions(), id(n.Prefix()+"_revision_pkey")),
		fmt.Sprintf(`CREATE TABLE %s (
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
)`, n.Events(), id(n.Prefix()+"_event_pkey")),
	)
	statements = append(statements, n.comments()...)
	return append(statements, fmt.Sprintf("INSERT INTO %s (format, generation) VALUES (%d, 0)", n.Meta(), Format))
}

// MetaComment begins the comment of every ledger's meta table; it tells a ledger from
// a table that only has its name.
const MetaComment = "ambix ledger: "

func (n Name) comments() []string {
	comment := func(table, text string) string {
		return "COMMENT ON TABLE " + table + " IS " + sqltext.QuoteLiteral(text)
	}
	return []string{
		comment(n.Meta(), MetaComment+"its format version, and a generation that every change raises by one"),
		comment(n.Revisions(), "ambix ledger: one row per applied revision, with the script that takes it down"),
		comment(n.Events(), "ambix ledger: what happened, only ever appended to"),
	}
}

// Grant is the statement that lets role create the ledger.
func (n Name) Grant(role string) string {
	return "GRANT USAGE, CREATE ON SCHEMA " + sqltext.QuoteName(n.Schema()) + " TO " + sqltext.QuoteName(role)
}

// Rights asks whether the current role could write the ledger: rows of what, t or f,
// the role, and the statement that grants it.
func (n Name) Rights(exists bool) string {
	lit, schema := sqltext.QuoteLiteral, sqltext.QuoteName(n.Schema())
	row := func(what, test, grant string) string {
		return fmt.Sprintf("SELECT %s, %s, CURRENT_USER, %s OPERATOR(pg_catalog.||) pg_catalog.quote_ident(CURRENT_USER)", lit(what), test, lit(grant+" TO "))
	}
	if !exists {
		test := fmt.Sprintf("CASE WHEN pg_catalog.to_regnamespace(%s) IS NULL THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') ELSE pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace(%[1]s)::pg_catalog.oid, 'CREATE') END", lit(schema))
		return row("CREATE on the schema "+schema, test, "GRANT USAGE, CREATE ON SCHEMA "+schema)
	}
	rows := []string{row("USAGE on the schema "+schema, "pg_catalog.has_schema_privilege("+lit(n.Schema())+", 'USAGE')", "GRANT USAGE ON SCHEMA "+schema)}
	for _, t := range []struct {
		table  string
		rights []string
	}{
		{n.Revisions(), []string{"SELECT", "INSERT", "UPDATE", "DELETE"}},
		{n.Events(), []string{"SELECT", "INSERT"}},
		{n.Meta(), []string{"SELECT", "UPDATE"}},
	} {
		for _, right := range t.rights {
			test := "pg_catalog.has_table_privilege(" + lit(t.table) + ", '" + right + "')"
			rows = append(rows, row(right+" on "+t.table, test, "GRANT "+strings.Join(t.rights, ", ")+" ON "+t.table))
		}
	}
	return strings.Join(rows, " UNION ALL ")
}

// HasSchema asks whether the ledger's schema exists: t or f.
func (n Name) HasSchema() string {
	return "SELECT pg_catalog.to_regnamespace(" + sqltext.QuoteLiteral(sqltext.QuoteName(n.Schema())) + ") IS NOT NULL"
}

// Others finds ledgers in other places of the same database: rows of schema and
// prefix. It reads the catalog only, which every role may.
func (n Name) Others() string {
	return `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_description d ON d.objoid OPERATOR(pg_catalog.=) c.oid AND d.objsubid OPERATOR(pg_catalog.=) 0
  AND d.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
WHERE c.relkind OPERATOR(pg_catalog.=) 'r' AND pg_catalog.starts_with(d.description, ` + sqltext.QuoteLiteral(MetaComment+"its format") + `)
ORDER BY 1, 2`
}

// OtherName makes a Name of a row of Others; false when it is not one.
func OtherName(row []string) (Name, bool) {
	if len(row) != 2 {
		return Name{}, false
	}
	prefix, ok := strings.CutSuffix(row[1], "_meta")
	return Name{row[0], prefix}, ok && prefix != ""
}

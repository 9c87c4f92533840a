package ledger

import (
	"fmt"

	"example.com/ambix/migrator/internal/sqltext"
)

// Whoever owns a table decides what runs when others read and write it: triggers, rules,
// policies and views run with the privileges of the role that uses it. So the owner is
// looked at before the tables are.

// trustedOwner is a condition on c (pg_class), n (its schema), o (its owner), me (the
// current role) and d (the database). A superuser counts as a member of every role, so its
// memberships mean nothing.
const trustedOwner = `(c.relowner OPERATOR(pg_catalog.=) me.oid OR o.rolsuper OR c.relowner OPERATOR(pg_catalog.=) n.nspowner OR c.relowner OPERATOR(pg_catalog.=) d.datdba
  OR NOT me.rolsuper AND pg_catalog.pg_has_role(c.relowner, 'MEMBER') OR o.rolname OPERATOR(pg_catalog.=) %s::pg_catalog.name)`

// fromTables joins what trustedOwner needs.
func (t Tables) fromTables() string {
	return fmt.Sprintf(`FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_roles o ON o.oid OPERATOR(pg_catalog.=) c.relowner JOIN pg_catalog.pg_roles me ON me.rolname OPERATOR(pg_catalog.=) CURRENT_USER
JOIN pg_catalog.pg_database d ON d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
WHERE n.nspname OPERATOR(pg_catalog.=) %s::pg_catalog.name AND c.relname OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.name[])`,
		sqltext.QuoteLiteral(t.Schema()), Array(t.names()))
}

// Relations finds the tables: rows of name without schema, and whether it belongs to the
// current role, t or f; none if there is no ledger. It fails with 22P02 if one is not a table:
// to read a view is to run what its owner wrote. It is cheap, because every read begins with
// it, and reads only the system catalog, which every role may read.
func (t Tables) Relations() string {
	return fmt.Sprintf("SELECT relname, CASE WHEN relkind OPERATOR(pg_catalog.=) 'r' THEN pg_catalog.pg_get_userbyid(relowner) OPERATOR(pg_catalog.=) CURRENT_USER ELSE "+failCast+`::pg_catalog.bool END
FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace(%s) AND relname OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.name[])`,
		"relation", backend, sqltext.QuoteLiteral(sqltext.QuoteName(t.Schema())), Array(t.names()))
}

// Distributed finds the tables that Citus manages: rows of name without schema. It is for a
// database with Citus.
func (t Tables) Distributed() string {
	return fmt.Sprintf("SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_dist_partition p ON p.logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) c.oid WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace(%s) AND c.relname OPERATOR(pg_catalog.=) ANY (%s::pg_catalog.name[]) ORDER BY c.relname",
		sqltext.QuoteLiteral(sqltext.QuoteName(t.Schema())), Array(t.names()))
}

// Untrusted finds the tables whose owner is not trusted: rows of table, owner and current
// role. also is another role whose tables are trusted, or "".
func (t Tables) Untrusted(also string) string {
	return "SELECT c.relname, o.rolname, me.rolname " + t.fromTables() + " AND NOT " + fmt.Sprintf(trustedOwner, sqltext.QuoteLiteral(also)) + " ORDER BY 1"
}

// RequireOwner fails with 22P02 unless all tables that exist are tables with a trusted
// owner. It is for scripts, which anybody may run.
func (t Tables) RequireOwner(also string) string {
	return fmt.Sprintf("SELECT CASE WHEN EXISTS (SELECT %s AND NOT (c.relkind OPERATOR(pg_catalog.=) 'r' AND %s)) THEN ('a table of the ledger belongs to a role that is not trusted'::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.substr(%s::pg_catalog.text, 1, 0))::pg_catalog.int4 END",
		t.fromTables(), fmt.Sprintf(trustedOwner, sqltext.QuoteLiteral(also)), backend)
}

// Attachments finds what others may have attached to the tables and runs when they are
// used: rows of table, kind and name. An owner that is not trusted is one of them, for a
// role that may write.
func (t Tables) Attachments(also string) string {
	from := t.fromTables()
	return "SELECT c.relname, 'trigger', g.tgname::pg_catalog.text FROM pg_catalog.pg_trigger g, LATERAL (SELECT c.oid, c.relname " + from + ") c WHERE g.tgrelid OPERATOR(pg_catalog.=) c.oid AND NOT g.tgisinternal" +
		" UNION ALL SELECT c.relname, 'rule', r.rulename::pg_catalog.text FROM pg_catalog.pg_rewrite r, LATERAL (SELECT c.oid, c.relname " + from + ") c WHERE r.ev_class OPERATOR(pg_catalog.=) c.oid" +
		" UNION ALL SELECT c.relname, 'owner', o.rolname::pg_catalog.text " + from + " AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE') AND NOT " + fmt.Sprintf(trustedOwner, sqltext.QuoteLiteral(also)) +
		" UNION ALL SELECT c.relname, 'row-level security', '' " + from + " AND c.relrowsecurity ORDER BY 1, 2, 3"
}

package content

import (
	"fmt"
	"slices"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// Public is what belongs to the schema public, which is part of every database, and therefore of no schema that is compared.
type Public struct {
	Exists         bool
	Owner, Comment string
	Grants         []Grant // sorted
}

// Grant is a privilege on the schema public.
type Grant struct {
	Role      string // quoted, or PUBLIC
	Privilege string
	Option    bool // WITH GRANT OPTION
}

const publicSQL = `SELECT pg_catalog.pg_get_userbyid(n.nspowner), COALESCE(pg_catalog.obj_description(n.oid, 'pg_namespace'::pg_catalog.name), ''),
  CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, a.privilege_type, a.is_grantable
FROM pg_catalog.pg_namespace n LEFT JOIN LATERAL pg_catalog.aclexplode(COALESCE(n.nspacl, pg_catalog.acldefault('n'::pg_catalog."char", n.nspowner))) a
  ON a.grantee OPERATOR(pg_catalog.<>) n.nspowner
WHERE n.nspname OPERATOR(pg_catalog.=) 'public'::pg_catalog.name ORDER BY 3, 4`

func (p *Public) add(row pg.Row) {
	p.Exists, p.Owner, p.Comment = true, row[0].Text, row[1].Text
	if !row[2].Null && !row[3].Null {
		p.Grants = append(p.Grants, Grant{row[2].Text, row[3].Text, row[4].Text == "t"})
	}
}

// Equal reports whether two schemas public are the same.
func (p Public) Equal(q Public) bool {
	return p.Exists == q.Exists && p.Owner == q.Owner && p.Comment == q.Comment && slices.Equal(p.Grants, q.Grants)
}

// Change returns the statements that make the schema public what another one is.
func (p Public) Change(to Public) []string {
	switch {
	case p.Exists && !to.Exists:
		return []string{"DROP SCHEMA public"}
	case !p.Exists && to.Exists:
		return []string{"CREATE SCHEMA public"}
	}
	var sql []string
	if p.Owner != to.Owner {
		sql = append(sql, "ALTER SCHEMA public OWNER TO "+schema.QuoteIdent(to.Owner))
	}
	if p.Comment != to.Comment {
		value := "NULL"
		if to.Comment != "" {
			value = quote(to.Comment)
		}
		sql = append(sql, "COMMENT ON SCHEMA public IS "+value)
	}
	for _, g := range p.Grants {
		if !slices.Contains(to.Grants, g) {
			sql = append(sql, fmt.Sprintf("REVOKE %s ON SCHEMA public FROM %s", g.Privilege, g.Role))
		}
	}
	for _, g := range to.Grants {
		if slices.Contains(p.Grants, g) {
			continue
		}
		grant := fmt.Sprintf("GRANT %s ON SCHEMA public TO %s", g.Privilege, g.Role)
		if g.Option {
			grant += " WITH GRANT OPTION"
		}
		sql = append(sql, grant)
	}
	return sql
}

package rehearsal

import (
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// namedQuery reads what else than relations has a name that a program may use: schemas, functions that are not those of
// triggers, types, the values of enum types, and extensions. What belongs to an extension goes with it. The values have their
// type in the last column.
var namedQuery = `SELECT o.kind, o.oid, o.name, o.arguments, o.type, n.nspname, pg_catalog.pg_get_userbyid(o.owner), ` + privileges("o.acl") + ` FROM (
  SELECT 'schema' AS kind, n.oid, n.oid AS namespace, '' AS name, '' AS arguments, 0::pg_catalog.oid AS type, n.nspowner AS owner, COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner)) AS acl FROM pg_catalog.pg_namespace n
  UNION ALL SELECT CASE WHEN p.prokind OPERATOR(pg_catalog.=) 'p' THEN 'procedure' ELSE 'function' END, p.oid, p.pronamespace, p.proname::pg_catalog.text, pg_catalog.oidvectortypes(p.proargtypes), 0, p.proowner, COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))
  FROM pg_catalog.pg_proc p WHERE p.prorettype OPERATOR(pg_catalog.<>) ALL (ARRAY['pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype]::pg_catalog.oid[])
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) ANY (ARRAY['e','i']::pg_catalog."char"[]))
  UNION ALL SELECT 'type', t.oid, t.typnamespace, t.typname::pg_catalog.text, '', 0, t.typowner, COALESCE(t.typacl, pg_catalog.acldefault('T', t.typowner))
  FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.typrelid
  WHERE (t.typtype OPERATOR(pg_catalog.=) ANY (ARRAY['e','d','r']::pg_catalog."char"[]) OR c.relkind OPERATOR(pg_catalog.=) 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) t.oid AND d.deptype OPERATOR(pg_catalog.=) 'e')
  UNION ALL SELECT 'value', e.oid, t.typnamespace, t.typname::pg_catalog.text, e.enumlabel::pg_catalog.text, t.oid, 0, NULL
  FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) e.enumtypid
  UNION ALL SELECT 'extension', e.oid, 0, e.extname::pg_catalog.text, '', 0, 0, NULL FROM pg_catalog.pg_extension e
) o LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.namespace
WHERE n.oid IS NULL OR NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'`

// named is a row of namedQuery.
type named struct {
	oid, kind, name string // the name is quoted and qualified
	arguments       string // of a function, or the value of an enum type
	typ             string // of a value
	access          access
}

// key identifies an object while its name changes.
func (n named) key() string { return n.kind + " " + n.oid }

func newNamed(row pg.Row) named {
	n := named{kind: row[0].Text, oid: row[1].Text, arguments: row[3].Text, typ: row[4].Text, access: access{owner: row[6].Text, privileges: row[7].Text}}
	switch n.kind {
	case "schema":
		n.name = schema.QuoteIdent(row[5].Text)
	case "extension":
		n.name = schema.QuoteIdent(row[2].Text)
	default:
		n.name = schema.Qualify(row[5].Text, row[2].Text)
	}
	return n
}

// changesNames reports whether a statement can make, or take away, the name of something that is not a relation.
func changesNames(st sqltext.Statement) bool {
	words := strings.Fields(st.Keywords)
	switch {
	case len(words) == 0:
		return false
	case words[0] == "CREATE":
		return slices.ContainsFunc(words, func(word string) bool {
			return slices.Contains([]string{"FUNCTION", "PROCEDURE", "AGGREGATE", "TYPE", "DOMAIN", "SCHEMA", "EXTENSION"}, word)
		})
	}
	return slices.Contains([]string{"ALTER", "DROP", "DO", "CALL", "SELECT"}, words[0]) && !strings.HasPrefix(st.Keywords, "ALTER TABLE")
}

// named returns what is named as a value of package rehearse.
func (o *observer) named(n named) rehearse.Relation {
	kinds := map[string]rehearse.RelationKind{
		"schema": rehearse.Schema, "function": rehearse.Function, "procedure": rehearse.Procedure, "type": rehearse.Type, "value": rehearse.Type, "extension": rehearse.Extension,
	}
	return rehearse.Relation{ID: n.key(), Name: n.name, Original: o.original[n.key()], Made: o.made[n.key()], Kind: kinds[n.kind]}
}

// compareNamed finds the names that are taken away. Those of the functions and the types of a schema or an extension that is
// dropped go with it, and so do the tables of a schema that is renamed.
func (d *difference) compareNamed() {
	for _, key := range slices.Sorted(maps.Keys(d.was.named)) {
		was := d.was.named[key]
		if _, before := d.before.named[key]; !before {
			continue
		}
		now, found := d.now.named[key]
		c := rehearse.Change{Relation: d.named(was), Kind: rehearse.DropRelation}
		switch {
		case was.kind == "value":
			if _, kept := d.now.named["type "+was.typ]; !kept || found && now.arguments == was.arguments {
				continue
			}
			c.Kind, c.Name, c.To, c.Uses = rehearse.RenameValue, was.arguments, now.arguments, d.tablesWith(was.typ)
		case found && (now.name == was.name || d.schemaRenamed(was.name, now.name)):
			continue
		case found:
			c.Kind, c.To = rehearse.RenameRelation, now.name
		case d.droppedWithSchema(was):
			continue
		}
		switch was.kind {
		case "function", "procedure":
			c.Name = "(" + was.arguments + ")"
		case "schema":
			c.Uses = d.tablesIn(was.name)
		}
		d.changes = append(d.changes, c)
	}
}

// droppedWithSchema reports whether the schema of something is gone, or whether something is a schema that had relations.
func (d *difference) droppedWithSchema(was named) bool {
	if was.kind == "schema" {
		return len(d.tablesIn(was.name)) > 0
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(d.was.named)), func(n named) bool {
		_, kept := d.now.named[n.key()]
		return n.kind == "schema" && !kept && strings.HasPrefix(was.name, n.name+".")
	})
}

// schemaRenamed reports whether two qualified names differ because a schema was renamed.
func (d *difference) schemaRenamed(was, now string) bool {
	for key, n := range d.was.named {
		if renamed, found := d.now.named[key]; found && n.kind == "schema" && n.name != renamed.name {
			if rest, ok := strings.CutPrefix(was, n.name+"."); ok && now == renamed.name+"."+rest {
				return true
			}
		}
	}
	return false
}

// tablesWith returns the tables that have a column of a type.
func (d *difference) tablesWith(typ string) []rehearse.Relation {
	return d.tables(func(r *relation) bool {
		for _, c := range r.columns {
			if !c.dropped && strings.HasPrefix(c.typ, typ+" ") {
				return true
			}
		}
		return false
	})
}

// tablesIn returns the tables of a schema.
func (d *difference) tablesIn(name string) []rehearse.Relation {
	return d.tables(func(r *relation) bool { return schema.QuoteIdent(r.schema) == name })
}

func (d *difference) tables(match func(*relation) bool) (list []rehearse.Relation) {
	for _, oid := range slices.Sorted(maps.Keys(d.was.relations)) {
		if r := d.existed(d.was, oid); r != nil && r.hasRows() && match(r) {
			list = append(list, d.public(r))
		}
	}
	return list
}

// isKept reports whether the name that a change takes away is that of something at the end of the step.
func isKept(c rehearse.Change, kept func(name string) bool) bool {
	name := c.Relation.Name
	switch c.Kind {
	case rehearse.RenameColumn:
		return kept(name + "." + schema.QuoteIdent(c.Name))
	case rehearse.RenameValue:
		return kept("value " + name + "(" + c.Name + ")")
	case rehearse.RenameRelation, rehearse.DropRelation:
		switch c.Relation.Kind {
		case rehearse.Function, rehearse.Procedure:
			return kept(string(c.Relation.Kind) + " " + name + c.Name)
		case rehearse.Schema, rehearse.Type, rehearse.Extension:
			return kept(string(c.Relation.Kind) + " " + name + "()")
		}
		return c.Kind == rehearse.RenameRelation && kept(name)
	}
	return false
}

// recreated replaces the drops of views that the step has made again by those of the columns that they do not have any more.
func (o *observer) recreated(changes []rehearse.Change) []rehearse.Change {
	now := map[string]*relation{}
	for _, r := range o.now.relations {
		now[r.qualified()] = r
	}
	var list []rehearse.Change
	for _, c := range changes {
		again, was := now[c.Relation.Name], o.before.relations[c.Relation.ID]
		if c.Kind != rehearse.DropRelation || c.Relation.Kind != rehearse.View && c.Relation.Kind != rehearse.MaterializedView || again == nil || was == nil {
			list = append(list, c)
			continue
		}
		columns := o.now.names()
		for _, number := range slices.Sorted(maps.Keys(was.columns)) {
			if name := was.columns[number].name; !columns[c.Relation.Name+"."+schema.QuoteIdent(name)] {
				list = append(list, rehearse.Change{Relation: c.Relation, Kind: rehearse.DropColumn, Name: name})
			}
		}
	}
	return list
}

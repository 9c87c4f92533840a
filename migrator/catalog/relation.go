package catalog

import (
	"encoding/json"
	"slices"

	"example.com/ambix/migrator/schema"
)

// relationQueries reads tables and views, and every row of pg_class of a kind that no other query reads.
func relationQueries() []query {
	return []query{{
		catalog: "pg_class",
		columns: slices.Concat(named("c.oid", "c.relname"), []column{
			in("relkind", "c.relkind"),
			flag("unlogged", "c.relpersistence = 'u'"),
			fact("options", options("c.reloptions")),
			fact("toast options", "(SELECT "+options("t.reloptions")+" FROM pg_catalog.pg_class t WHERE t.oid = c.reltoastrelid)"),
			fact("access method", "(SELECT a.amname FROM pg_catalog.pg_am a WHERE a.oid = c.relam AND a.amname <> 'heap')"),
			fact("tablespace", "(SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace)"),
			fact("replica identity", "CASE WHEN c.relkind = ANY ('{r,p,m}'::pg_catalog.\"char\"[]) AND c.relreplident <> 'd' THEN "+
				word("c.relreplident", "n", "nothing", "f", "full", "i", "index")+" END"),
			flag("row security", "c.relrowsecurity"),
			flag("force row security", "c.relforcerowsecurity"),
			fact("of type", "CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END"),
			flag("partition", "c.relispartition"),
			fact("partition bound", "pg_catalog.pg_get_expr(c.relpartbound, c.oid)"),
			fact("partition key", "CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END"),
			fact("query", "CASE WHEN c.relkind = ANY ('{v,m}'::pg_catalog.\"char\"[]) THEN pg_catalog.pg_get_viewdef(c.oid) END"),
			fact("parents", `CASE WHEN c.relkind = ANY ('{r,p,f}'::pg_catalog."char"[]) THEN
    (SELECT pg_catalog.to_json(pg_catalog.array_agg(i.inhparent::pg_catalog.regclass::pg_catalog.text ORDER BY i.inhseqno))::pg_catalog.text
    FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid) END`),
			in("detaching", "(SELECT true FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND i.inhdetachpending)").from(14),
		}, foreignTableColumns(), owned(`'r'::pg_catalog."char"`, "c.relacl", "c.relowner")),
		from: `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (c.relkind = ANY ('{i,I,S,c}'::pg_catalog."char"[])) AND ` + lasting("c.oid", "c.relnamespace"),
		decode: decodeRelations,
	}}
}

var relationKinds = map[string]schema.Kind{
	"r": schema.Table, "p": schema.Table, "f": schema.ForeignTable, "v": schema.View, "m": schema.MaterializedView,
}

func decodeRelations(r *reader, records []record) {
	for _, rec := range records {
		kind, ok := relationKinds[rec.get("relkind")]
		if !ok {
			r.unknown(rec)
			continue
		}
		o := r.add(rec, kind, schema.Qualify(rec.get("schema"), rec.get("name")))
		if o == nil {
			continue
		}
		if (kind == schema.View || kind == schema.MaterializedView) && o.Fact("query") == "" {
			r.changing(o)
		}
		if rec.get("detaching") == "t" {
			r.refuse(o, "is a partition that is being detached concurrently: finish the DETACH first")
			refused := &r.refused[len(r.refused)-1]
			refused.Damage = true
			var parents []string
			if json.Unmarshal([]byte(o.Fact("parents")), &parents) == nil && len(parents) == 1 {
				refused.Repair = "ALTER TABLE " + parents[0] + " DETACH PARTITION " + o.Key.Name + " FINALIZE"
			}
		}
	}
}

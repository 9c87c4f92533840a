package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func indexQueries(version int) []query {
	statisticsHaveExpressions := "false"
	if version >= 140000 {
		statisticsHaveExpressions = "s.stxexprs IS NOT NULL"
	}
	return []query{{
		catalog: "pg_class",
		columns: slices.Concat(named("c.oid", "c.relname"), []column{
			in("relation", "i.indrelid"), in("relkind", "c.relkind"), in("valid", "i.indisvalid"), in("options", options("c.reloptions")),
			flag("clustered", "i.indisclustered"),
			flag("replica identity", "i.indisreplident"),
			fact("parent", "(SELECT p.inhparent::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_inherits p WHERE p.inhrelid = c.oid)"),
			fact("tablespace", "(SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = c.reltablespace)"),
			fact("column statistics", `CASE WHEN i.indexprs IS NOT NULL THEN (SELECT pg_catalog.to_json(pg_catalog.array_agg((a.attnum::pg_catalog.text || '=') || a.attstattarget::pg_catalog.text ORDER BY a.attnum))::pg_catalog.text
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attstattarget >= 0) END`),
		}, text("pg_catalog.pg_get_indexdef(i.indexrelid)", "i.indexprs IS NOT NULL OR i.indpred IS NOT NULL")),
		from: `pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE ` + lasting("c.oid", "c.relnamespace"),
		decode: decodeIndexes,
	}, {
		catalog: "pg_statistic_ext",
		columns: slices.Concat(named("s.oid", "s.stxname"), []column{
			in("relation", "s.stxrelid"),
			fact("owner", "pg_catalog.pg_get_userbyid(s.stxowner)"),
			fact("target", "CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::pg_catalog.text END"),
		}, text("pg_catalog.pg_get_statisticsobjdef(s.oid)", statisticsHaveExpressions)),
		from: `pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE ` + lasting("s.oid", "s.stxnamespace"),
		decode: decodeStatistics,
	}}
}

func decodeIndexes(r *reader, records []record) {
	for _, rec := range records {
		table := r.owner(rec, "pg_class", rec.get("relation"))
		if table == nil {
			continue
		}
		o := r.at("pg_class", rec.get("oid"))
		if o != nil { // that of a constraint, whose definition includes that of the index but for its options
			for _, name := range []string{"clustered", "replica identity", "parent", "tablespace", "options", "column statistics"} {
				o.AddFact(name, rec.get(name))
			}
			o.AddDetail("index", schema.Qualify(rec.get("schema"), rec.get("name")))
		} else {
			o = r.part(rec, table, schema.Index, schema.Qualify(rec.get("schema"), rec.get("name")))
			if o.Fact("expression") == "" && o.Fact("definition") == "" {
				r.changing(o)
			}
		}
		// An index of a partitioned table is invalid while partitions lack theirs, which is not damage.
		if rec.get("valid") == "f" && rec.get("relkind") == "i" {
			name := schema.Qualify(rec.get("schema"), rec.get("name"))
			r.refused = append(r.refused, schema.Refusal{
				Object: "index " + name, Name: name,
				Reason: "is invalid (a failed CREATE INDEX CONCURRENTLY): drop or rebuild it first",
				Damage: true,
				Repair: "REINDEX INDEX CONCURRENTLY " + name + " or DROP INDEX CONCURRENTLY " + name,
			})
		}
	}
}

func decodeStatistics(r *reader, records []record) {
	for _, rec := range records {
		table := r.owner(rec, "pg_class", rec.get("relation"))
		if table == nil {
			continue
		}
		o := r.part(rec, table, schema.Statistics, schema.Qualify(rec.get("schema"), rec.get("name")))
		if o.Fact("expression") == "" && o.Fact("definition") == "" {
			r.changing(o)
		}
	}
}

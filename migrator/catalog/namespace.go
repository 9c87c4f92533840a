package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func namespaceQueries() []query {
	return []query{{
		// The schema public is never created or dropped, and its owner and privileges differ by version.
		catalog: "pg_namespace",
		columns: slices.Concat([]column{in("oid", "n.oid"), in("name", "n.nspname")}, owned("'n'", "n.nspacl", "n.nspowner")),
		from:    "pg_catalog.pg_namespace n WHERE n.oid >= " + firstOID + " AND n.nspname !~ '^pg_(toast|temp)' AND n.nspname <> 'public'",
		decode:  simple(schema.Namespace),
	}, {
		// Without plpgsql, which initdb creates: where it was dropped and created again, it would differ by its oid.
		catalog: "pg_extension",
		columns: []column{
			in("oid", "e.oid"), in("name", "e.extname"),
			fact("installed in", "e.extnamespace::pg_catalog.regnamespace::pg_catalog.text"), detail("version", "e.extversion"),
		},
		from:   "pg_catalog.pg_extension e WHERE e.oid >= " + firstOID + " AND e.extname <> 'plpgsql'",
		decode: simple(schema.Extension),
	}}
}

// simple decodes rows that are objects of one kind, named by the columns schema and name.
func simple(k schema.Kind) func(*reader, []record) {
	return func(r *reader, records []record) {
		for _, rec := range records {
			r.add(rec, k, schema.Qualify(rec.get("schema"), rec.get("name")))
		}
	}
}

package catalog

import (
	"example.com/ambix/migrator/schema"
)

func publicationQueries(version int) []query {
	columns, filter := "NULL", "NULL"
	if version >= 150000 {
		columns = `(SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs))`
		filter = "pg_catalog.pg_get_expr(t.prqual, t.prrelid)"
	}
	queries := []query{{
		catalog: "pg_publication",
		columns: []column{
			in("oid", "p.oid"), in("name", "p.pubname"),
			fact("owner", "pg_catalog.pg_get_userbyid(p.pubowner)"),
			flag("all tables", "p.puballtables"),
			flag("insert", "p.pubinsert"), flag("update", "p.pubupdate"), flag("delete", "p.pubdelete"), flag("truncate", "p.pubtruncate"),
			flag("via partition root", "p.pubviaroot"),
			fact("generated columns", "CASE WHEN p.pubgencols <> 'n' THEN "+word("p.pubgencols", "s", "stored")+" END").from(18),
		},
		from:   "pg_catalog.pg_publication p WHERE p.oid >= " + firstOID,
		decode: simple(schema.Publication),
	}, {
		catalog: "pg_publication_rel",
		columns: []column{
			in("oid", "t.oid"), in("publication", "t.prpubid"), in("name", "t.prrelid::pg_catalog.regclass::pg_catalog.text"),
			in("columns", columns), in("filter", filter),
		},
		from:   "pg_catalog.pg_publication_rel t WHERE t.oid >= " + firstOID,
		decode: decodePublishedTables,
	}, {
		catalog: "pg_subscription",
		// Before 14 only a superuser may read the oid.
		columns: []column{in("oid", "s.oid").from(14), in("name", "s.subname"), fact("owner", "pg_catalog.pg_get_userbyid(s.subowner)")},
		from:    "pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()",
		decode:  decodeSubscriptions,
	}}
	if version >= 150000 {
		queries = append(queries, query{
			catalog: "pg_publication_namespace",
			columns: []column{in("oid", "t.oid"), in("publication", "t.pnpubid"), in("name", "t.pnnspid::pg_catalog.regnamespace::pg_catalog.text")},
			from:    "pg_catalog.pg_publication_namespace t WHERE t.oid >= " + firstOID,
			decode:  decodePublishedSchemas,
		})
	}
	return queries
}

func decodePublishedTables(r *reader, records []record) {
	for _, rec := range records {
		o := r.owner(rec, "pg_publication", rec.get("publication"))
		if o == nil {
			continue
		}
		r.claim(rec.address(), o, "table")
		columns := rec.get("columns")
		if columns == "" {
			columns = "all columns"
		}
		o.AddFact("table "+rec.get("name"), columns)
		o.AddFact("filter "+rec.get("name"), rec.get("filter"))
	}
}

func decodePublishedSchemas(r *reader, records []record) {
	for _, rec := range records {
		if o := r.owner(rec, "pg_publication", rec.get("publication")); o != nil {
			r.claim(rec.address(), o, "schema")
			o.AddFact("schema "+rec.get("name"), "all tables")
		}
	}
}

func decodeSubscriptions(r *reader, records []record) {
	for _, rec := range records {
		if o := r.add(rec, schema.Subscription, schema.QuoteIdent(rec.get("name"))); o != nil {
			r.refuse(o, "is not written as SQL: its connection string may hold a password; write it by hand")
		}
	}
}

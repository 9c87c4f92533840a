package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func languageQueries() []query {
	return []query{{
		catalog: "pg_language",
		columns: slices.Concat([]column{
			in("oid", "l.oid"), in("name", "l.lanname"),
			flag("trusted", "l.lanpltrusted"),
			fact("handler", object("l.lanplcallfoid", "regproc")),
			fact("inline", object("l.laninline", "regproc")),
			fact("validator", object("l.lanvalidator", "regproc")),
		}, owned("'l'", "l.lanacl", "l.lanowner")),
		from:   "pg_catalog.pg_language l WHERE l.oid >= " + firstOID,
		decode: simple(schema.Language),
	}, {
		catalog: "pg_transform",
		columns: []column{
			in("oid", "t.oid"), in("language", "l.lanname"), in("type", "pg_catalog.format_type(t.trftype, NULL)"),
			fact("from sql", object("t.trffromsql", "regprocedure")),
			fact("to sql", object("t.trftosql", "regprocedure")),
		},
		from: "pg_catalog.pg_transform t JOIN pg_catalog.pg_language l ON l.oid = t.trflang WHERE t.oid >= " + firstOID,
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.add(rec, schema.Transform, "FOR "+rec.get("type")+" LANGUAGE "+schema.QuoteIdent(rec.get("language")))
			}
		},
	}, {
		catalog: "pg_am",
		columns: []column{
			in("oid", "a.oid"), in("name", "a.amname"),
			fact("type", word("a.amtype", "i", "index", "t", "table")),
			fact("handler", "a.amhandler::pg_catalog.regproc::pg_catalog.text"),
		},
		from:   "pg_catalog.pg_am a WHERE a.oid >= " + firstOID,
		decode: simple(schema.AccessMethod),
	}}
}

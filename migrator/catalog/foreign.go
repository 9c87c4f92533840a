package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

// foreignTableColumns are NULL for everything but a foreign table.
func foreignTableColumns() []column {
	return []column{
		fact("server", `CASE WHEN c.relkind = 'f' THEN (SELECT s.srvname FROM pg_catalog.pg_foreign_table f
    JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid) END`),
		fact("foreign options", "CASE WHEN c.relkind = 'f' THEN (SELECT "+options("f.ftoptions")+" FROM pg_catalog.pg_foreign_table f WHERE f.ftrelid = c.oid) END"),
	}
}

func foreignQueries() []query {
	return []query{{
		catalog: "pg_foreign_data_wrapper",
		columns: slices.Concat([]column{
			in("oid", "f.oid"), in("name", "f.fdwname"),
			fact("handler", object("f.fdwhandler", "regproc")),
			fact("validator", object("f.fdwvalidator", "regproc")),
			fact("options", options("f.fdwoptions")),
		}, owned("'F'", "f.fdwacl", "f.fdwowner")),
		from:   "pg_catalog.pg_foreign_data_wrapper f WHERE f.oid >= " + firstOID,
		decode: simple(schema.DataWrapper),
	}, {
		catalog: "pg_foreign_server",
		columns: slices.Concat([]column{
			in("oid", "s.oid"), in("name", "s.srvname"),
			fact("wrapper", "f.fdwname"),
			fact("type", "s.srvtype"),
			fact("version", "s.srvversion"),
			fact("options", options("s.srvoptions")),
		}, owned("'S'", "s.srvacl", "s.srvowner")),
		from:   "pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw WHERE s.oid >= " + firstOID,
		decode: simple(schema.Server),
	}, {
		// Options may contain passwords and are not read. A role that may not see them cannot tell whether there are any.
		catalog: "pg_user_mapping",
		columns: []column{
			in("oid", "u.umid"), in("user", "u.umuser"), in("name", "u.usename"), in("server", "u.srvname"),
			detail("options", "CASE WHEN u.umoptions IS NOT NULL THEN 'not read' END"),
		},
		from: "pg_catalog.pg_user_mappings u WHERE u.umid >= " + firstOID,
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				user := "PUBLIC"
				if rec.get("user") != "0" {
					user = schema.QuoteIdent(rec.get("name"))
				}
				r.add(rec, schema.UserMapping, "FOR "+user+" SERVER "+schema.QuoteIdent(rec.get("server")))
			}
		},
	}}
}

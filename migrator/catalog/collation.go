package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func collationQueries(version int) []query {
	// Version 15 has a column for the locale of ICU, which was in the other two before; 17 renamed it.
	locale := "c.collcollate"
	switch {
	case version >= 170000:
		locale = "c.colllocale"
	case version >= 150000:
		locale = "c.colliculocale"
	}
	return []query{{
		catalog: "pg_collation",
		columns: slices.Concat(named("c.oid", "c.collname"), []column{
			fact("owner", "pg_catalog.pg_get_userbyid(c.collowner)"),
			fact("provider", word("c.collprovider", "c", "libc", "i", "icu", "b", "builtin")),
			flag("nondeterministic", "NOT c.collisdeterministic"),
			fact("lc_collate", "CASE WHEN c.collprovider = 'c' THEN c.collcollate END"),
			fact("lc_ctype", "CASE WHEN c.collprovider = 'c' THEN c.collctype END"),
			fact("locale", "CASE WHEN c.collprovider <> 'c' THEN "+locale+" END"),
			fact("rules", "c.collicurules").from(16),
			fact("encoding", "CASE WHEN c.collprovider = 'c' AND c.collencoding >= 0 THEN pg_catalog.pg_encoding_to_char(c.collencoding) END"),
		}),
		from:   "pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace WHERE " + lasting("c.oid", "c.collnamespace"),
		decode: simple(schema.Collation),
	}, {
		catalog: "pg_conversion",
		columns: slices.Concat(named("c.oid", "c.conname"), []column{
			fact("owner", "pg_catalog.pg_get_userbyid(c.conowner)"),
			fact("from", "pg_catalog.pg_encoding_to_char(c.conforencoding)"),
			fact("to", "pg_catalog.pg_encoding_to_char(c.contoencoding)"),
			fact("function", "c.conproc::pg_catalog.regproc::pg_catalog.text"),
			flag("default", "c.condefault"),
		}),
		from:   "pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE " + lasting("c.oid", "c.connamespace"),
		decode: simple(schema.Conversion),
	}}
}

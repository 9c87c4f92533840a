package catalog

import (
	"sort"
	"strconv"

	"example.com/ambix/migrator/schema"
)

func columnQueries(version int) []query {
	return []query{{
		catalog: "pg_attribute",
		columns: []column{
			in("relation", "a.attrelid"), in("number", "a.attnum"), in("name", "a.attname"),
			fact("type", "pg_catalog.format_type(a.atttypid, a.atttypmod)"),
			fact("collation", "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::pg_catalog.text END"),
			flag("not null", "a.attnotnull"),
			fact("identity", "CASE WHEN a.attidentity <> '' THEN "+word("a.attidentity", "a", "always", "d", "by default")+" END"),
			fact("generated", "CASE WHEN a.attgenerated <> '' THEN "+word("a.attgenerated", "s", "stored", "v", "virtual")+" END"),
			fact("storage", "CASE WHEN a.attstorage <> t.typstorage THEN "+storageName("a.attstorage")+" END"),
			fact("compression", "CASE WHEN a.attcompression <> '' THEN "+word("a.attcompression", "p", "pglz", "l", "lz4")+" END").from(14),
			fact("statistics target", "CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::pg_catalog.text END"),
			fact("options", columnOptions()),
			fact("foreign options", options("a.attfdwoptions")),
			fact("local", "CASE WHEN NOT a.attislocal THEN 'false' END"),
			in("acl", "a.attacl::pg_catalog.text"),
		},
		from: `pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = ANY ('{r,p,f,v,m,c}'::pg_catalog."char"[]) AND ` + lasting("c.oid", "c.relnamespace"),
		decode: decodeColumns,
	}, {
		catalog: "pg_attrdef",
		columns: []column{
			in("oid", "d.oid"), in("relation", "d.adrelid"), in("number", "d.adnum"),
			fact("expression", "pg_catalog.pg_get_expr(d.adbin, d.adrelid)"),
		},
		from:   "pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid WHERE " + lasting("c.oid", "c.relnamespace"),
		decode: decodeDefaults,
	}}
}

// columnOptions leaves out what the server itself keeps among the options since the minor releases of November 2026: a number that
// tells one version of a column from another, and is another one wherever the column is made. pg_dump leaves it out too.
func columnOptions() string {
	isOwn := func(option string) string { return "pg_catalog.starts_with(" + option + ", 'pg_attver=')" }
	return "CASE WHEN a.attoptions[2] IS NOT NULL OR NOT " + isOwn("a.attoptions[1]") + " THEN " + optionsThat("a.attoptions", "NOT "+isOwn("o")) + " END"
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // the catalogs have nothing else
	return n
}

func decodeColumns(r *reader, records []record) {
	sort.Slice(records, func(i, j int) bool { return number(records[i].get("number")) < number(records[j].get("number")) })
	for _, rec := range records {
		table := r.owner(rec, "pg_class", rec.get("relation"))
		if table == nil {
			continue
		}
		o := r.part(rec, table, schema.Column, table.Key.Name+"."+schema.QuoteIdent(rec.get("name")))
		r.columns[columnAddress{rec.get("relation"), rec.get("number")}] = o
		r.setPrivileges(o, "privileges", schema.ACL{Text: rec.get("acl"), Owner: table.Fact("owner"), All: allPrivileges("c", r.version)})
	}
	for _, o := range r.objects {
		if o.Fact("form") == "composite" {
			o.AddFact("attributes", attributeNames(o))
		}
	}
}

// attributeNames returns the names of the columns in their order, which matters in a composite type.
func attributeNames(o *schema.Object) string {
	names := ""
	for i, p := range o.Parts {
		if i > 0 {
			names += ", "
		}
		names += schema.QuoteIdent(p.Name)
	}
	return names
}

func decodeDefaults(r *reader, records []record) {
	for _, rec := range records {
		column := r.columns[columnAddress{rec.get("relation"), rec.get("number")}]
		if column == nil {
			r.owner(rec, "pg_class", rec.get("relation"))
			continue
		}
		o := r.part(rec, column, schema.Default, column.Key.Name)
		if o.Fact("expression") == "" {
			r.changing(o)
		}
	}
}

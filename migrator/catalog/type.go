package catalog

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

func typeQueries() []query {
	return []query{{
		catalog: "pg_type",
		columns: slices.Concat(named("t.oid", "t.typname"), []column{
			in("typtype", "t.typtype"), in("relation", "t.typrelid"), in("relkind", "c.relkind"), in("element", "t.typelem"),
			in("is array", "e.typarray = t.oid"), in("defined", "t.typisdefined"),
			fact("labels", `CASE WHEN t.typtype = 'e' THEN (SELECT pg_catalog.to_json(pg_catalog.array_agg(l.enumlabel ORDER BY l.enumsortorder))::pg_catalog.text
    FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid) END`),
		}, domainColumns(), baseTypeColumns(), owned("'T'", "t.typacl", "t.typowner")),
		from: `pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE ` + lasting("t.oid", "t.typnamespace"),
		decode: decodeTypes,
	}, {
		catalog: "pg_range",
		columns: []column{
			in("type", "g.rngtypid"), in("range name", "t.typname"),
			fact("subtype", "pg_catalog.format_type(g.rngsubtype, NULL)"),
			fact("collation", "CASE WHEN g.rngcollation <> s.typcollation THEN g.rngcollation::pg_catalog.regcollation::pg_catalog.text END"),
			fact("operator class", `CASE WHEN NOT o.opcdefault THEN (pg_catalog.quote_ident(n.nspname) || '.') || pg_catalog.quote_ident(o.opcname) END`),
			fact("canonical", object("g.rngcanonical", "regproc")),
			fact("subtype diff", object("g.rngsubdiff", "regproc")),
			in("multirange", "g.rngmultitypid").from(14),
			in("multirange name", "(SELECT m.typname FROM pg_catalog.pg_type m WHERE m.oid = g.rngmultitypid)").from(14),
			in("multirange text", "pg_catalog.format_type(g.rngmultitypid, NULL)").from(14),
		},
		from: `pg_catalog.pg_range g JOIN pg_catalog.pg_type t ON t.oid = g.rngtypid JOIN pg_catalog.pg_type s ON s.oid = g.rngsubtype
  JOIN pg_catalog.pg_opclass o ON o.oid = g.rngsubopc JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
WHERE ` + lasting("g.rngtypid", "t.typnamespace"),
		decode: decodeRanges,
	}}
}

func domainColumns() []column {
	return []column{
		fact("base type", "CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END"),
		fact("collation", `CASE WHEN t.typtype = 'd' AND t.typcollation <> (SELECT b.typcollation FROM pg_catalog.pg_type b WHERE b.oid = t.typbasetype)
    THEN t.typcollation::pg_catalog.regcollation::pg_catalog.text END`),
		flag("not null", "t.typtype = 'd' AND t.typnotnull"),
		fact("expression", "CASE WHEN t.typtype = 'd' THEN COALESCE(pg_catalog.pg_get_expr(t.typdefaultbin, 0), pg_catalog.quote_literal(t.typdefault)) END"),
	}
}

// baseTypeColumns are for base types. Arrays are base types too, but not objects.
func baseTypeColumns() []column {
	return []column{
		baseType("input", "t.typinput::pg_catalog.text"),
		baseType("output", "t.typoutput::pg_catalog.text"),
		baseType("receive", object("t.typreceive", "regproc")),
		baseType("send", object("t.typsend", "regproc")),
		baseType("modifier input", object("t.typmodin", "regproc")),
		baseType("modifier output", object("t.typmodout", "regproc")),
		baseType("analyze", object("t.typanalyze", "regproc")),
		baseType("subscript", object("t.typsubscript", "regproc")).from(14),
		baseType("length", "t.typlen::pg_catalog.text"),
		baseType("by value", "CASE WHEN t.typbyval THEN 'true' END"),
		baseType("alignment", word("t.typalign", "c", "char", "s", "int2", "i", "int4", "d", "double")),
		baseType("storage", storageName("t.typstorage")),
		baseType("category", "CASE WHEN t.typcategory <> 'U' THEN t.typcategory::pg_catalog.text END"),
		baseType("preferred", "CASE WHEN t.typispreferred THEN 'true' END"),
		baseType("delimiter", "CASE WHEN t.typdelim <> ',' THEN t.typdelim::pg_catalog.text END"),
		baseType("element", "CASE WHEN t.typelem <> 0 THEN pg_catalog.format_type(t.typelem, NULL) END"),
		baseType("collatable", "CASE WHEN t.typcollation <> 0 THEN 'true' END"),
		baseType("default", "pg_catalog.quote_literal(t.typdefault)"),
	}
}

func baseType(name, expr string) column {
	return fact(name, "CASE WHEN t.typtype = 'b' AND t.typisdefined THEN "+expr+" END")
}

func storageName(code string) string {
	return word(code, "p", "plain", "e", "external", "x", "extended", "m", "main")
}

// decodeTypes leaves row types, array types and multiranges to what they belong to.
func decodeTypes(r *reader, records []record) {
	for _, rec := range records {
		oid := rec.get("oid")
		switch typtype := rec.get("typtype"); {
		case rec.get("is array") == "t":
			r.arrays[oid] = rec.get("element")
		case typtype == "c" && rec.get("relkind") != "c":
			r.rowTypes[oid] = rec.get("relation")
		case typtype == "m":
			r.multiranges[oid] = "" // decodeRanges adds the range type
		case typtype == "d":
			r.add(rec, schema.Domain, schema.Qualify(rec.get("schema"), rec.get("name")))
		case strings.Contains("cebrp", typtype):
			r.addType(rec)
		default:
			r.unknown(rec)
		}
	}
}

func (r *reader) addType(rec record) {
	form := map[string]string{"c": "composite", "e": "enum", "b": "base", "r": "range", "p": "shell"}[rec.get("typtype")]
	if rec.get("defined") != "t" {
		form = "shell"
	}
	relation := address{"pg_class", rec.get("relation")}
	o := r.add(rec, schema.Type, schema.Qualify(rec.get("schema"), rec.get("name")))
	switch {
	case o == nil && form == "composite":
		r.members[relation] = r.members[rec.address()]
		return
	case o == nil:
		return
	}
	o.AddFact("form", form)
	r.claim(relation, o, "relation")
}

func decodeRanges(r *reader, records []record) {
	for _, rec := range records {
		o := r.at("pg_type", rec.get("type"))
		r.multiranges[rec.get("multirange")] = rec.get("type")
		if o == nil {
			continue
		}
		r.addFacts(o, rec)
		o.AddDetail("multirange name", rec.get("multirange name"))
		if name := rec.get("multirange name"); !schema.IsMadeMultirange(name, rec.get("range name")) {
			o.AddFact("multirange", rec.get("multirange text"))
		}
	}
}

// claimMadeTypes assigns the types that the server created to the object that they belong to. A type's array may be that of a row type.
func (r *reader) claimMadeTypes() {
	for oid, relation := range r.rowTypes {
		r.claim(address{"pg_type", oid}, r.at("pg_class", relation), "row type")
	}
	for oid, rangeType := range r.multiranges {
		if rangeType != "" {
			r.claim(address{"pg_type", oid}, r.at("pg_type", rangeType), "multirange")
		}
	}
	for oid, element := range r.arrays {
		r.claim(address{"pg_type", oid}, r.at("pg_type", element), "array type")
	}
}

package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func operatorQueries() []query {
	return []query{{
		catalog: "pg_operator",
		columns: slices.Concat(named("o.oid", "o.oprname"), []column{
			in("code", "o.oprcode::pg_catalog.oid"), detail("left", argument("o.oprleft")), detail("right", argument("o.oprright")),
			fact("owner", "pg_catalog.pg_get_userbyid(o.oprowner)"),
			fact("function", object("o.oprcode", "regproc")),
			fact("commutator", operatorName("o.oprcom")),
			fact("negator", operatorName("o.oprnegate")),
			fact("restrict", object("o.oprrest", "regproc")),
			fact("join", object("o.oprjoin", "regproc")),
			flag("merges", "o.oprcanmerge"),
			flag("hashes", "o.oprcanhash"),
		}),
		from:   "pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE " + lasting("o.oid", "o.oprnamespace"),
		decode: decodeOperators,
	}, {
		catalog: "pg_opfamily",
		columns: slices.Concat(named("f.oid", "f.opfname"), []column{in("method", "m.amname"), fact("owner", "pg_catalog.pg_get_userbyid(f.opfowner)")}),
		from: `pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am m ON m.oid = f.opfmethod JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
WHERE ` + lasting("f.oid", "f.opfnamespace"),
		decode: func(r *reader, records []record) { r.addForMethod(records, schema.OperatorFamily) },
	}, {
		catalog: "pg_opclass",
		columns: slices.Concat(named("c.oid", "c.opcname"), []column{
			in("method", "m.amname"),
			fact("owner", "pg_catalog.pg_get_userbyid(c.opcowner)"),
			fact("type", "pg_catalog.format_type(c.opcintype, NULL)"),
			flag("default", "c.opcdefault"),
			fact("storage", "CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END"),
			fact("family", familyName("c.opcfamily")),
		}),
		from: `pg_catalog.pg_opclass c JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
WHERE ` + lasting("c.oid", "c.opcnamespace"),
		decode: func(r *reader, records []record) { r.addForMethod(records, schema.OperatorClass) },
	}, {
		catalog: "pg_amop",
		columns: []column{
			in("oid", "a.oid"), in("family", "a.amopfamily"),
			in("name", "(('operator ' || a.amopstrategy::pg_catalog.text) || ' (') || "+operands("a.amoplefttype", "a.amoprighttype")),
			in("value", "a.amopopr::pg_catalog.regoperator::pg_catalog.text"), in("sort family", familyName("a.amopsortfamily")),
		},
		from:   "pg_catalog.pg_amop a WHERE a.oid >= " + firstOID,
		decode: decodeFamilyMembers,
	}, {
		catalog: "pg_amproc",
		columns: []column{
			in("oid", "a.oid"), in("family", "a.amprocfamily"),
			in("name", "(('function ' || a.amprocnum::pg_catalog.text) || ' (') || "+operands("a.amproclefttype", "a.amprocrighttype")),
			in("value", "a.amproc::pg_catalog.regprocedure::pg_catalog.text"),
		},
		from:   "pg_catalog.pg_amproc a WHERE a.oid >= " + firstOID,
		decode: decodeFamilyMembers,
	}, {
		catalog: "pg_cast",
		columns: []column{
			in("oid", "c.oid"), in("source", "pg_catalog.format_type(c.castsource, NULL)"), in("target", "pg_catalog.format_type(c.casttarget, NULL)"),
			fact("function", object("c.castfunc", "regprocedure")),
			fact("context", word("c.castcontext", "e", "explicit", "a", "assignment", "i", "implicit")),
			fact("method", word("c.castmethod", "f", "function", "i", "inout", "b", "binary")),
		},
		from:   "pg_catalog.pg_cast c WHERE c.oid >= " + firstOID,
		decode: decodeCasts,
	}}
}

func argument(typeOID string) string {
	return "CASE WHEN " + typeOID + " = 0 THEN 'NONE' ELSE pg_catalog.format_type(" + typeOID + ", NULL) END"
}

// operands ends a list of two types with a closing parenthesis.
func operands(left, right string) string {
	return "(((pg_catalog.format_type(" + left + ", NULL) || ', ') || pg_catalog.format_type(" + right + ", NULL)) || ')')"
}

func operatorName(oid string) string {
	return `(SELECT (pg_catalog.quote_ident(s.nspname) || '.') || x.oprname FROM pg_catalog.pg_operator x
    JOIN pg_catalog.pg_namespace s ON s.oid = x.oprnamespace WHERE x.oid = ` + oid + ")"
}

func familyName(oid string) string {
	return `(SELECT (pg_catalog.quote_ident(s.nspname) || '.') || pg_catalog.quote_ident(f.opfname) FROM pg_catalog.pg_opfamily f
    JOIN pg_catalog.pg_namespace s ON s.oid = f.opfnamespace WHERE f.oid = ` + oid + ")"
}

func decodeOperators(r *reader, records []record) {
	for _, rec := range records {
		if rec.get("code") == "0" {
			// Only named as the commutator or negator of another operator, and not defined yet.
			r.claim(rec.address(), nil, "")
			continue
		}
		r.add(rec, schema.Operator, schema.QuoteIdent(rec.get("schema"))+"."+rec.get("name")+" ("+rec.get("left")+", "+rec.get("right")+")")
	}
}

func (r *reader) addForMethod(records []record, kind schema.Kind) {
	for _, rec := range records {
		r.add(rec, kind, schema.Qualify(rec.get("schema"), rec.get("name"))+" USING "+schema.QuoteIdent(rec.get("method")))
	}
}

// decodeFamilyMembers adds operators and support functions to the class that they were created with, or to the family.
func decodeFamilyMembers(r *reader, records []record) {
	for _, rec := range records {
		owner := r.internal[rec.address()]
		if owner.class != "pg_opclass" {
			owner = address{"pg_opfamily", rec.get("family")}
		}
		if isSystem(owner.oid) {
			r.refused = append(r.refused, schema.Refusal{Object: rec.get("name") + " " + rec.get("value"), Reason: "is in an operator family of the system: create another family"})
			continue
		}
		o := r.owner(rec, owner.class, owner.oid)
		if o == nil {
			continue
		}
		r.claim(rec.address(), o, "member")
		value := rec.get("value")
		if sort := rec.get("sort family"); sort != "" {
			value += " FOR ORDER BY " + sort
		}
		o.AddFact(rec.get("name"), value)
	}
}

func decodeCasts(r *reader, records []record) {
	for _, rec := range records {
		if !r.claimMade(rec) { // from a range to its multirange
			r.add(rec, schema.Cast, "("+rec.get("source")+" AS "+rec.get("target")+")")
		}
	}
}

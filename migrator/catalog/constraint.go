package catalog

import (
	"example.com/ambix/migrator/schema"
)

func constraintQueries() []query {
	const definition = `CASE WHEN con.contype = ANY ('{c,p,u,x}'::pg_catalog."char"[]) OR con.contype = 'f' AND con.conparentid = 0
    THEN pg_catalog.pg_get_constraintdef(con.oid) END`
	return []query{{
		catalog: "pg_constraint",
		columns: append([]column{
			in("oid", "con.oid"), in("name", "con.conname"), in("contype", "con.contype"),
			in("relation", "con.conrelid"), in("domain", "con.contypid"), in("index", "con.conindid"), in("parent", "con.conparentid"),
			in("column", "con.conkey[1]"), in("valid", "con.convalidated"), in("no inherit", "con.connoinherit"), in("local", "con.conislocal"),
			fact("type", word("con.contype", "c", "check", "f", "foreign key", "p", "primary key", "u", "unique", "x", "exclude", "n", "not null")),
		}, text(definition, `con.contype = ANY ('{c,x}'::pg_catalog."char"[])`)...),
		from:   "pg_catalog.pg_constraint con WHERE " + lasting("con.oid", "con.connamespace"),
		decode: decodeConstraints,
	}}
}

func decodeConstraints(r *reader, records []record) {
	clones := map[string]string{} // foreign keys that the server copied to partitions, and their origin
	for _, rec := range records {
		class, oid := "pg_class", rec.get("relation")
		if oid == "0" {
			class, oid = "pg_type", rec.get("domain")
		}
		parent := r.owner(rec, class, oid)
		if parent == nil {
			continue
		}
		switch contype := rec.get("contype"); contype {
		case "n":
			r.addNotNull(rec, parent)
		case "t": // belongs to its trigger, which claims it
		case "c", "f", "p", "u", "x":
			if contype == "f" && rec.get("parent") != "0" {
				clones[rec.get("oid")] = rec.get("parent")
				continue
			}
			r.addConstraint(rec, parent)
		default:
			r.unknown(rec)
		}
	}
	r.claimClones("pg_constraint", clones)
}

// addNotNull adds the facts of a NOT NULL constraint to its column (since 18) or domain (since 17).
func (r *reader) addNotNull(rec record, parent *schema.Object) {
	if parent.Key.Kind == schema.Domain {
		r.claim(rec.address(), parent, "not null constraint")
		parent.AddDetail("not null name", rec.get("name"))
		if !schema.IsMadeName(rec.get("name"), parent.Name, "", "not_null") {
			parent.AddFact("not null name", schema.QuoteIdent(rec.get("name")))
		}
		return
	}
	column := r.columns[columnAddress{rec.get("relation"), rec.get("column")}]
	if column == nil {
		r.unknown(rec)
		return
	}
	r.claim(rec.address(), column, "not null constraint")
	if rec.get("no inherit") == "t" {
		column.AddFact("not null no inherit", "true")
	}
	if rec.get("valid") == "f" {
		column.AddFact("not null not valid", "true")
	}
	column.AddDetail("not null name", rec.get("name"))
	switch {
	case rec.get("local") == "f": // named by the parent
		column.AddDetail("not null local", "false")
	case !schema.IsMadeName(rec.get("name"), parent.Name, column.Name, "not_null"):
		column.AddFact("not null name", schema.QuoteIdent(rec.get("name")))
	}
}

func (r *reader) addConstraint(rec record, parent *schema.Object) {
	on := " ON "
	if parent.Key.Kind == schema.Domain {
		on = " ON DOMAIN "
	}
	o := r.part(rec, parent, schema.Constraint, schema.QuoteIdent(rec.get("name"))+on+parent.Key.Name)
	if o.Fact("expression") == "" && o.Fact("definition") == "" {
		r.changing(o)
	}
	switch rec.get("contype") {
	case "c":
		if rec.get("local") == "f" {
			o.AddFact("local", "false")
		}
	case "p", "u", "x":
		r.claim(address{"pg_class", rec.get("index")}, o, "index")
	}
}

// claimClones assigns copies that the server made for partitions to the object that they were copied from, possibly
// through other copies.
func (r *reader) claimClones(class string, origins map[string]string) {
	for oid := range origins {
		origin := origins[oid]
		for origins[origin] != "" {
			origin = origins[origin]
		}
		r.claim(address{class, oid}, r.at(class, origin), "copy")
	}
}

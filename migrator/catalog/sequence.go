package catalog

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// sequenceQueries reads sequences, with the column that owns them: deptype a is OWNED BY, i is an identity column.
func sequenceQueries() []query {
	return []query{{
		catalog: "pg_class",
		columns: slices.Concat(named("c.oid", "c.relname"), []column{
			in("type", "pg_catalog.format_type(s.seqtypid, NULL)"), in("start", "s.seqstart"), in("increment", "s.seqincrement"),
			in("maximum", "s.seqmax"), in("minimum", "s.seqmin"), in("cache", "s.seqcache"), in("cycle", "s.seqcycle"),
			flag("unlogged", "c.relpersistence = 'u'"),
			in("link", "d.deptype"), in("relation", "d.refobjid"), in("number", "d.refobjsubid"),
		}, owned("'s'", "c.relacl", "c.relowner")),
		from: `pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjsubid > 0 AND d.deptype = ANY ('{a,i}'::pg_catalog."char"[])
WHERE ` + lasting("c.oid", "c.relnamespace"),
		decode: decodeSequences,
	}}
}

func decodeSequences(r *reader, records []record) {
	for _, rec := range records {
		column := r.columns[columnAddress{rec.get("relation"), rec.get("number")}]
		if rec.get("link") == "i" {
			r.addIdentity(rec, column)
			continue
		}
		o := r.add(rec, schema.Sequence, schema.Qualify(rec.get("schema"), rec.get("name")))
		if o == nil {
			continue
		}
		if rec.get("type") != "bigint" {
			o.AddFact("type", rec.get("type"))
		}
		for _, f := range sequenceOptions(rec) {
			o.AddFact(f.Name, f.Value)
		}
		if column != nil {
			o.AddFact("owned by", column.Key.Name)
		}
	}
}

// addIdentity adds facts of an identity column's sequence to the column.
func (r *reader) addIdentity(rec record, column *schema.Object) {
	if column == nil {
		r.owner(rec, "pg_class", rec.get("relation"))
		return
	}
	table := column.Parent
	r.claim(rec.address(), column, "sequence")
	column.AddDetail("sequence schema", rec.get("schema"))
	column.AddDetail("sequence name", rec.get("name"))
	if rec.get("schema") != table.Schema || !schema.IsMadeName(rec.get("name"), table.Name, column.Name, "seq") {
		column.AddFact("sequence", schema.Qualify(rec.get("schema"), rec.get("name")))
	}
	var list []string
	for _, f := range sequenceOptions(rec) {
		list = append(list, f.Name+" "+f.Value)
	}
	column.AddFact("sequence options", strings.Join(list, ", "))
	if r.version >= 150000 && rec.get("unlogged") != table.Fact("unlogged") { // before, all sequences are logged
		column.AddFact("sequence unlogged", map[bool]string{true: "true", false: "false"}[rec.get("unlogged") != ""])
	}
	r.setPrivileges(column, "sequence privileges", r.acl(rec))
}

var sequenceRanges = map[string]struct{ min, max string }{
	"smallint": {"-32768", "32767"},
	"integer":  {"-2147483648", "2147483647"},
	"bigint":   {"-9223372036854775808", "9223372036854775807"},
}

// sequenceOptions returns the options that are not the default for the type and the direction.
func sequenceOptions(rec record) []schema.Fact {
	limits := sequenceRanges[rec.get("type")]
	low, high, start := "1", limits.max, rec.get("minimum")
	if strings.HasPrefix(rec.get("increment"), "-") {
		low, high, start = limits.min, "-1", rec.get("maximum")
	}
	var facts []schema.Fact
	for _, o := range []struct{ name, byDefault string }{
		{"start", start}, {"increment", "1"}, {"minimum", low}, {"maximum", high}, {"cache", "1"}, {"cycle", "f"},
	} {
		if value := rec.get(o.name); value != o.byDefault {
			facts = append(facts, schema.Fact{Name: o.name, Value: strings.Replace(value, "t", "true", 1)})
		}
	}
	return facts
}

package catalog

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// knownCatalogs have a query of their own, or are not part of a schema: large objects.
var knownCatalogs = []string{
	"pg_am", "pg_amop", "pg_amproc", "pg_attrdef", "pg_cast", "pg_class", "pg_collation", "pg_constraint", "pg_conversion", "pg_default_acl",
	"pg_event_trigger", "pg_extension", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_language", "pg_largeobject", "pg_largeobject_metadata",
	"pg_namespace", "pg_opclass", "pg_operator", "pg_opfamily", "pg_policy", "pg_proc", "pg_publication", "pg_publication_namespace",
	"pg_publication_rel", "pg_rewrite", "pg_statistic_ext", "pg_subscription", "pg_transform", "pg_trigger", "pg_ts_config", "pg_ts_dict",
	"pg_ts_parser", "pg_ts_template", "pg_type", "pg_user_mapping",
}

func dependencyQueries() []query {
	known := "'{" + strings.Join(knownCatalogs, ",") + "}'::pg_catalog.name[]"
	return []query{{
		catalog: "pg_class",
		columns: []column{in("oid", "c.oid"), in("name", "c.relname")},
		from:    "pg_catalog.pg_class c WHERE c.oid < " + firstOID + " AND c.relname = ANY (" + known + ")",
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.classes[rec.get("oid")] = rec.get("name")
			}
		},
	}, {
		catalog: "pg_depend",
		columns: []column{
			in("class", "d.classid"), in("oid", "d.objid"), in("number", "d.objsubid"),
			in("referenced class", "d.refclassid"), in("referenced oid", "d.refobjid"), in("referenced number", "d.refobjsubid"), in("type", "d.deptype"),
		},
		from:   "pg_catalog.pg_depend d WHERE d.objid >= " + firstOID + " AND d.refobjid >= " + firstOID,
		decode: decodeDependencies,
	}, {
		// Extensions that initdb created, such as plpgsql, can have members that it did not.
		catalog: "pg_depend",
		columns: []column{in("class", "d.classid"), in("oid", "d.objid")},
		from:    "pg_catalog.pg_depend d WHERE d.objid >= " + firstOID + " AND d.refobjid < " + firstOID + " AND d.deptype = 'e'",
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.members[address{r.classes[rec.get("class")], rec.get("oid")}] = ""
			}
		},
	}, {
		// Objects of a catalog that is not known, because the server is newer than this program.
		catalog: "pg_depend",
		columns: []column{in("catalog", "d.classid::pg_catalog.regclass::pg_catalog.text"), in("oid", "d.objid")},
		from: "pg_catalog.pg_depend d WHERE d.objid >= " + firstOID + " AND d.deptype <> 'p' AND NOT d.classid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c\n" +
			"WHERE c.oid < " + firstOID + " AND c.relname = ANY (" + known + "))) GROUP BY d.classid, d.objid",
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.unknownRows = append(r.unknownRows, rec.get("catalog")+" "+rec.get("oid"))
			}
		},
	}}
}

// decodeDependencies keeps the edges for later, and what has to be known before: the members of extensions, and what the
// server made for another object.
func decodeDependencies(r *reader, records []record) {
	r.dependencies = records
	for _, rec := range records {
		from := address{r.classes[rec.get("class")], rec.get("oid")}
		to := address{r.classes[rec.get("referenced class")], rec.get("referenced oid")}
		switch rec.get("type") {
		case "e":
			r.members[from] = to.oid
		case "i":
			if to.class == "pg_type" || to.class == "pg_opclass" {
				r.internal[from] = to
			}
		}
	}
}

// addNeeds turns the edges of pg_depend into those between objects. An edge of a part that the server made is one of the
// object that it belongs to, and an edge to a member of an extension is one to the extension.
func (r *reader) addNeeds() {
	for _, rec := range r.dependencies {
		kind := rec.get("type")
		from := r.end(rec.get("class"), rec.get("oid"), rec.get("number"))
		to := r.end(rec.get("referenced class"), rec.get("referenced oid"), rec.get("referenced number"))
		if from == nil || to == nil || from == to || kind == "e" || r.isMember(address{r.classes[rec.get("class")], rec.get("oid")}) {
			continue
		}
		if need := (schema.Need{On: to, Kind: kind[0]}); !slices.Contains(from.Needs, need) {
			from.Needs = append(from.Needs, need)
		}
	}
}

// end returns the object at one end of an edge, or nil.
func (r *reader) end(classOID, oid, number string) *schema.Object {
	a := address{r.classes[classOID], oid}
	if a.class == "pg_class" && number != "0" {
		if column := r.columns[columnAddress{oid, number}]; column != nil {
			return column
		}
	}
	if c, ok := r.claimed[a]; ok {
		return c.object
	}
	if extension, ok := r.members[a]; ok {
		return r.at("pg_extension", extension)
	}
	return nil
}

package catalog

import (
	"strings"

	"example.com/ambix/migrator/schema"
)

// accessQueries reads what belongs to objects of several kinds: default privileges, comments and security labels.
func accessQueries() []query {
	return []query{{
		catalog: "pg_default_acl",
		columns: []column{
			in("oid", "d.oid"), in("owner", "pg_catalog.pg_get_userbyid(d.defaclrole)"), in("schema", "n.nspname"), in("type", "d.defaclobjtype"),
			in("acl", "d.defaclacl::pg_catalog.text"),
			// In a schema they are added to the global ones.
			in("acl default", `CASE WHEN d.defaclnamespace = 0 AND d.defaclobjtype = ANY ('{r,S,f,T,n,L}'::pg_catalog."char"[]) THEN
    pg_catalog.acldefault(CASE WHEN d.defaclobjtype = 'S' THEN 's'::pg_catalog."char" ELSE d.defaclobjtype END, d.defaclrole)::pg_catalog.text END`),
		},
		from:   "pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace WHERE d.oid >= " + firstOID,
		decode: decodeDefaultPrivileges,
	}, {
		catalog: "pg_description",
		columns: []column{in("class", "d.classoid"), in("oid", "d.objoid"), in("number", "d.objsubid"), in("text", "d.description")},
		from:    "pg_catalog.pg_description d WHERE d.objoid >= " + firstOID,
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.annotate(rec, "comment")
			}
		},
	}, {
		catalog: "pg_seclabel",
		columns: []column{in("class", "l.classoid"), in("oid", "l.objoid"), in("number", "l.objsubid"), in("text", "l.label"), in("provider", "l.provider")},
		from:    "pg_catalog.pg_seclabel l WHERE l.objoid >= " + firstOID,
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				r.annotate(rec, "label "+schema.QuoteIdent(rec.get("provider")))
			}
		},
	}}
}

var defaultPrivilegeTypes = map[string]string{
	"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS", "L": "LARGE OBJECTS",
}

func decodeDefaultPrivileges(r *reader, records []record) {
	for _, rec := range records {
		kind, ok := defaultPrivilegeTypes[rec.get("type")]
		if !ok {
			r.unknown(rec)
			continue
		}
		name := "FOR ROLE " + schema.QuoteIdent(rec.get("owner"))
		if rec.get("schema") != "" {
			name += " IN SCHEMA " + schema.QuoteIdent(rec.get("schema"))
		}
		o := &schema.Object{Key: schema.Key{Kind: schema.DefaultPrivileges, Name: name + " ON " + kind}, Schema: rec.get("schema")}
		r.objects = append(r.objects, o)
		r.claim(rec.address(), o, "")
		r.setPrivileges(o, "privileges", schema.ACL{
			Text: rec.get("acl"), Default: rec.get("acl default"), Owner: rec.get("owner"), All: allPrivileges(strings.Replace(rec.get("type"), "S", "s", 1), r.version),
		})
	}
}

// allPrivileges has the letters of all privileges of a kind, which is an argument of acldefault.
func allPrivileges(kind string, version int) string {
	switch kind {
	case "r":
		if version >= 170000 {
			return "arwdDxtm"
		}
		return "arwdDxt"
	case "c":
		return "arwx"
	case "s":
		return "rwU"
	case "n":
		return "UC"
	case "L":
		return "rw"
	}
	return "" // one privilege, which is written by its name
}

// acl returns the access control list of a row with the columns of owned.
func (r *reader) acl(rec record) schema.ACL {
	return schema.ACL{Text: rec.get("acl"), Default: rec.get("acl default"), Owner: rec.get("owner"), All: allPrivileges(rec.get("acl kind"), r.version)}
}

func (r *reader) setPrivileges(o *schema.Object, fact string, acl schema.ACL) {
	if acl.Text == "" {
		return
	}
	privileges, err := acl.Privileges()
	if err != nil {
		r.errs = append(r.errs, err)
	}
	o.AddFact(fact, privileges)
}

// annotate adds a comment or a label. One on a part that the server made has the name of the part in front.
func (r *reader) annotate(rec record, fact string) {
	a := address{r.classes[rec.get("class")], rec.get("oid")}
	if r.isMember(a) {
		return
	}
	if n := rec.get("number"); n != "0" && a.class == "pg_class" {
		if o := r.columns[columnAddress{a.oid, n}]; o != nil {
			o.AddFact(fact, rec.get("text"))
		}
		return
	}
	c := r.claimed[a]
	if c.object == nil || c.object.Key.Kind == schema.Extension { // the control file sets the comment of an extension
		return
	}
	if c.part != "" {
		fact = c.part + " " + fact
	}
	c.object.AddFact(fact, rec.get("text"))
}

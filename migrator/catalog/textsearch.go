package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func searchQueries() []query {
	return []query{{
		catalog: "pg_ts_parser",
		columns: slices.Concat(named("p.oid", "p.prsname"), []column{
			fact("start", object("p.prsstart", "regproc")),
			fact("gettoken", object("p.prstoken", "regproc")),
			fact("end", object("p.prsend", "regproc")),
			fact("lextypes", object("p.prslextype", "regproc")),
			fact("headline", object("p.prsheadline", "regproc")),
		}),
		from:   "pg_catalog.pg_ts_parser p JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace WHERE " + lasting("p.oid", "p.prsnamespace"),
		decode: simple(schema.SearchParser),
	}, {
		catalog: "pg_ts_template",
		columns: slices.Concat(named("t.oid", "t.tmplname"), []column{
			fact("init", object("t.tmplinit", "regproc")),
			fact("lexize", object("t.tmpllexize", "regproc")),
		}),
		from:   "pg_catalog.pg_ts_template t JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace WHERE " + lasting("t.oid", "t.tmplnamespace"),
		decode: simple(schema.SearchTemplate),
	}, {
		catalog: "pg_ts_dict",
		columns: slices.Concat(named("d.oid", "d.dictname"), []column{
			fact("owner", "pg_catalog.pg_get_userbyid(d.dictowner)"),
			fact("template", "(pg_catalog.quote_ident(s.nspname) || '.') || pg_catalog.quote_ident(t.tmplname)"),
			fact("options", "d.dictinitoption"),
		}),
		from: `pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
  JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_catalog.pg_namespace s ON s.oid = t.tmplnamespace
WHERE ` + lasting("d.oid", "d.dictnamespace"),
		decode: simple(schema.SearchDictionary),
	}, {
		catalog: "pg_ts_config",
		columns: slices.Concat(named("c.oid", "c.cfgname"), []column{
			fact("owner", "pg_catalog.pg_get_userbyid(c.cfgowner)"),
			fact("parser", "(pg_catalog.quote_ident(s.nspname) || '.') || pg_catalog.quote_ident(p.prsname)"),
		}),
		from: `pg_catalog.pg_ts_config c JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace
  JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_catalog.pg_namespace s ON s.oid = p.prsnamespace
WHERE ` + lasting("c.oid", "c.cfgnamespace"),
		decode: simple(schema.SearchConfiguration),
	}, {
		catalog: "pg_ts_config_map",
		columns: []column{
			in("configuration", "c.oid"), in("token", "k.alias"),
			in("dictionaries", "pg_catalog.string_agg(m.mapdict::pg_catalog.regdictionary::pg_catalog.text, ', ' ORDER BY m.mapseqno)"),
		},
		from: `pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_config c ON c.oid = m.mapcfg
  JOIN LATERAL pg_catalog.ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype
WHERE ` + lasting("c.oid", "c.cfgnamespace") + " GROUP BY c.oid, k.alias",
		decode: func(r *reader, records []record) {
			for _, rec := range records {
				if o := r.at("pg_ts_config", rec.get("configuration")); o != nil {
					o.AddFact("mapping "+rec.get("token"), rec.get("dictionaries"))
				}
			}
		},
	}}
}

package catalog

import (
	"slices"

	"example.com/ambix/migrator/schema"
)

func triggerQueries() []query {
	return []query{{
		catalog: "pg_trigger",
		columns: slices.Concat([]column{
			in("oid", "t.oid"), in("name", "t.tgname"), in("relation", "t.tgrelid"), in("parent", "t.tgparentid"),
			in("internal", "t.tgisinternal"), in("constraint", "t.tgconstraint"), in("state", "t.tgenabled"),
			enabled("t.tgenabled"),
		}, text("CASE WHEN NOT t.tgisinternal AND t.tgparentid = 0 THEN pg_catalog.pg_get_triggerdef(t.oid) END", "t.tgqual IS NOT NULL")),
		from:   "pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE " + lasting("t.oid", "c.relnamespace"),
		decode: decodeTriggers,
	}, {
		catalog: "pg_rewrite",
		columns: []column{
			in("oid", "w.oid"), in("name", "w.rulename"), in("relation", "w.ev_class"), in("relkind", "c.relkind"),
			fact("query", "CASE WHEN w.rulename <> '_RETURN' THEN pg_catalog.pg_get_ruledef(w.oid) END"),
			enabled("w.ev_enabled"),
		},
		from:   "pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class WHERE " + lasting("w.oid", "c.relnamespace"),
		decode: decodeRules,
	}, {
		catalog: "pg_policy",
		columns: []column{
			in("oid", "p.oid"), in("name", "p.polname"), in("relation", "p.polrelid"),
			fact("command", word("p.polcmd", "*", "all", "r", "select", "a", "insert", "w", "update", "d", "delete")),
			flag("restrictive", "NOT p.polpermissive"),
			fact("roles", `(SELECT pg_catalog.string_agg(CASE WHEN o = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(o)) END, ', '
    ORDER BY pg_catalog.pg_get_userbyid(o)) FROM pg_catalog.unnest(p.polroles) o)`),
			fact("using", "pg_catalog.pg_get_expr(p.polqual, p.polrelid)"),
			fact("with check", "pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)"),
		},
		from:   "pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid WHERE " + lasting("p.oid", "c.relnamespace"),
		decode: func(r *reader, records []record) { r.addNamedOnTable(records, schema.Policy) },
	}, {
		catalog: "pg_event_trigger",
		columns: []column{
			in("oid", "e.oid"), in("name", "e.evtname"),
			fact("owner", "pg_catalog.pg_get_userbyid(e.evtowner)"),
			fact("event", "e.evtevent"),
			fact("tags", options("e.evttags")),
			fact("function", "e.evtfoid::pg_catalog.regproc::pg_catalog.text"),
			enabled("e.evtenabled"),
		},
		from:   "pg_catalog.pg_event_trigger e WHERE e.oid >= " + firstOID,
		decode: simple(schema.EventTrigger),
	}}
}

// enabled is the state of a trigger or a rule, unless it is the default.
func enabled(code string) column {
	return fact("enabled", "CASE WHEN "+code+" <> 'O' THEN "+stateName(code)+" END")
}

func stateName(code string) string { return word(code, "D", "disabled", "R", "replica", "A", "always") }

// decodeTriggers leaves triggers of constraints to them, and copies on partitions to the original. The state of both is a
// fact of what they belong to if it differs.
func decodeTriggers(r *reader, records []record) {
	clones, states := map[string]string{}, map[string]string{}
	for _, rec := range records {
		states[rec.get("oid")] = rec.get("state")
	}
	for _, rec := range records {
		table := r.owner(rec, "pg_class", rec.get("relation"))
		if table == nil {
			continue
		}
		parent := rec.get("parent")
		constraint := r.at("pg_constraint", rec.get("constraint"))
		switch {
		case parent != "0":
			clones[rec.get("oid")] = parent
			if states[parent] != rec.get("state") {
				addOnce(table, "trigger "+schema.QuoteIdent(rec.get("name")), stateWord(rec))
			}
		case rec.get("internal") == "t" && constraint != nil:
			r.claim(rec.address(), constraint, "trigger")
			if rec.get("state") != "O" {
				addOnce(constraint, "triggers on "+table.Key.Name, stateWord(rec))
			}
		case rec.get("internal") == "t":
			r.unknown(rec)
		default:
			o := r.part(rec, table, schema.Trigger, schema.QuoteIdent(rec.get("name"))+" ON "+table.Key.Name)
			if o.Fact("expression") == "" && o.Fact("definition") == "" {
				r.changing(o)
			}
			r.claim(address{"pg_constraint", rec.get("constraint")}, o, "constraint")
		}
	}
	r.claimClones("pg_trigger", clones)
}

func stateWord(rec record) string {
	if state := rec.get("enabled"); state != "" {
		return state
	}
	return "enabled"
}

// addOnce adds a fact that several rows may have.
func addOnce(o *schema.Object, name, value string) {
	if o.Fact(name) == "" {
		o.AddFact(name, value)
	}
}

func decodeRules(r *reader, records []record) {
	var rules []record
	for _, rec := range records {
		if rec.get("name") != "_RETURN" {
			rules = append(rules, rec)
			continue
		}
		if view := r.owner(rec, "pg_class", rec.get("relation")); view != nil {
			r.claim(rec.address(), view, "rule")
		}
	}
	r.addNamedOnTable(rules, schema.Rule)
}

// addNamedOnTable adds rules or policies.
func (r *reader) addNamedOnTable(records []record, kind schema.Kind) {
	for _, rec := range records {
		table := r.owner(rec, "pg_class", rec.get("relation"))
		if table == nil {
			continue
		}
		o := r.part(rec, table, kind, schema.QuoteIdent(rec.get("name"))+" ON "+table.Key.Name)
		if kind == schema.Rule && o.Fact("query") == "" {
			r.changing(o)
		}
	}
}

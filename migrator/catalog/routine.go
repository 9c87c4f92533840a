package catalog

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

func routineQueries(version int) []query {
	body := "false"
	if version >= 140000 {
		body = "p.prosqlbody IS NOT NULL" // BEGIN ATOMIC
	}
	const definition = "pg_catalog.pg_get_functiondef(p.oid)"
	return []query{{
		catalog: "pg_proc",
		columns: slices.Concat(named("p.oid", "p.proname"), []column{
			in("prokind", "p.prokind"),
			in("types", "pg_catalog.oidvectortypes(p.proargtypes)"),
			in("identity arguments", "pg_catalog.pg_get_function_identity_arguments(p.oid)"),
			detail("result", "pg_catalog.pg_get_function_result(p.oid)"),
			fact("query", "CASE WHEN "+body+" THEN "+definition+" END"),
			fact("expression", "CASE WHEN NOT ("+body+") AND p.proargdefaults IS NOT NULL THEN "+definition+" END"),
			fact("definition", "CASE WHEN NOT ("+body+") AND p.proargdefaults IS NULL AND p.prokind <> 'a' THEN "+definition+" END"),
		}, aggregateColumns(), owned(`'f'::pg_catalog."char"`, "p.proacl", "p.proowner")),
		from: `pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
WHERE ` + lasting("p.oid", "p.pronamespace"),
		decode: decodeRoutines,
	}}
}

// aggregateColumns are NULL for everything but an aggregate.
func aggregateColumns() []column {
	return []column{
		fact("arguments", "CASE WHEN p.prokind = 'a' THEN pg_catalog.pg_get_function_arguments(p.oid) END"),
		fact("parallel", "CASE WHEN p.prokind = 'a' THEN "+word("p.proparallel", "s", "safe", "r", "restricted", "u", "unsafe")+" END"),
		flag("hypothetical", "a.aggkind = 'h'"),
		fact("state function", "a.aggtransfn::pg_catalog.text"),
		fact("state type", "pg_catalog.format_type(a.aggtranstype, NULL)"),
		fact("state space", "CASE WHEN a.aggtransspace <> 0 THEN a.aggtransspace::pg_catalog.text END"),
		fact("initial value", "pg_catalog.quote_literal(a.agginitval)"),
		fact("final function", object("a.aggfinalfn", "regproc")),
		flag("final extra", "a.aggfinalextra"),
		fact("final modify", word("a.aggfinalmodify", "r", "read_only", "s", "shareable", "w", "read_write")),
		fact("combine function", object("a.aggcombinefn", "regproc")),
		fact("serial function", object("a.aggserialfn", "regproc")),
		fact("deserial function", object("a.aggdeserialfn", "regproc")),
		fact("moving state function", object("a.aggmtransfn", "regproc")),
		fact("moving inverse function", object("a.aggminvtransfn", "regproc")),
		fact("moving state type", "CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END"),
		fact("moving state space", "CASE WHEN a.aggmtransspace <> 0 THEN a.aggmtransspace::pg_catalog.text END"),
		fact("moving initial value", "pg_catalog.quote_literal(a.aggminitval)"),
		fact("moving final function", object("a.aggmfinalfn", "regproc")),
		flag("moving final extra", "a.aggmfinalextra"),
		fact("moving final modify", word("a.aggmfinalmodify", "r", "read_only", "s", "shareable", "w", "read_write")),
		fact("sort operator", operatorName("a.aggsortop")),
	}
}

func decodeRoutines(r *reader, records []record) {
	for _, rec := range records {
		if r.claimMade(rec) {
			continue // a constructor of a range type
		}
		kind, arguments := schema.Function, rec.get("types")
		switch rec.get("prokind") {
		case "f", "w":
		case "p":
			kind = schema.Procedure
		case "a":
			kind = schema.Aggregate
			if arguments = rec.get("identity arguments"); arguments == "" {
				arguments = "*"
			}
		default:
			r.unknown(rec)
			continue
		}
		o := r.add(rec, kind, schema.Qualify(rec.get("schema"), rec.get("name"))+"("+arguments+")")
		if o == nil {
			continue
		}
		o.AddDetail("identity arguments", rec.get("identity arguments"))
		if kind != schema.Aggregate && !slices.ContainsFunc(o.Facts, func(f schema.Fact) bool {
			return f.Name == "definition" || f.Name == "expression" || f.Name == "query"
		}) {
			r.changing(o)
		}
	}
}

// trimmed is the text of a definition without what the server's functions put around it.
func trimmed(text string) string { return strings.TrimSuffix(strings.TrimSpace(text), ";") }

package ddl

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

func sequence(o *schema.Object) string {
	words := "CREATE "
	if o.Fact("unlogged") != "" {
		words += "UNLOGGED "
	}
	sql := words + o.Key.String() + clause(" AS ", o, "type")
	for _, fact := range []string{"start", "increment", "minimum", "maximum", "cache", "cycle"} {
		sql += sequenceOption(fact, o.Fact(fact))
	}
	return sql
}

// sequenceOption returns one option of a sequence with a space in front, or "" if the value is.
func sequenceOption(fact, value string) string {
	words := map[string]string{"start": " START WITH ", "increment": " INCREMENT BY ", "minimum": " MINVALUE ", "maximum": " MAXVALUE ", "cache": " CACHE "}
	switch {
	case value == "":
		return ""
	case fact == "cycle":
		return " CYCLE"
	}
	return words[fact] + value
}

// view returns CREATE VIEW. One that is part of a cycle gets empty columns first.
func (w *writer) view(o *schema.Object) string {
	if !w.stub[o] {
		return viewSQL("CREATE", o)
	}
	var columns []string
	for _, c := range o.Columns() {
		columns = append(columns, "NULL::"+c.Fact("type")+clause(" COLLATE ", c, "collation")+" AS "+schema.QuoteIdent(c.Name))
	}
	return "CREATE " + o.Key.String() + " AS\nSELECT " + strings.Join(columns, ",\n    ")
}

func viewSQL(verb string, o *schema.Object) string {
	return verb + " " + o.Key.String() + with(storageOptions(o.Fact("options"), "")) + " AS\n" + text(o, "query")
}

func materializedView(o *schema.Object) string {
	sql := "CREATE " + o.Key.String()
	if method := o.Fact("access method"); method != "" {
		sql += " USING " + schema.QuoteIdent(method)
	}
	sql += with(relationOptions(o))
	if space := o.Fact("tablespace"); space != "" {
		sql += " TABLESPACE " + schema.QuoteIdent(space)
	}
	return sql + " AS\n" + text(o, "query") + "\nWITH NO DATA"
}

// constraint adds a constraint to its table or domain.
func (w *writer) constraint(o *schema.Object) []string {
	parent := o.Parent
	if parent.Key.Kind == schema.Domain {
		return line("ALTER DOMAIN %s ADD CONSTRAINT %s %s", parent.Key.Name, schema.QuoteIdent(o.Name), definition(o))
	}
	if w.validatesInherited(o) && (w.makes(parent) || !w.isAlone(parent)) {
		return line("ALTER %s VALIDATE CONSTRAINT %s", parent.Key, schema.QuoteIdent(o.Name))
	}
	if o.Fact("local") == "false" && (w.makes(parent) && parent.Fact("partition") == "" || !w.isAlone(parent)) {
		return nil // inherited
	}
	only := "ONLY "
	if o.Fact("type") == "check" || isForeignKey(o) && parent.Fact("partition key") != "" {
		only = ""
	}
	sql := "ALTER " + parent.Key.Kind.String() + " " + only + parent.Key.Name + "\n    ADD CONSTRAINT " + schema.QuoteIdent(o.Name) + " " + indexedDefinition(o)
	name := indexName(o)
	statements := []string{sql}
	if space := o.Fact("tablespace"); space != "" {
		statements = append(statements, "ALTER INDEX "+name+" SET TABLESPACE "+schema.QuoteIdent(space))
	}
	statements = append(statements, indexDetails(o)...)
	for _, f := range o.Facts {
		if table, found := strings.CutPrefix(f.Name, "triggers on "); found {
			statements = append(statements, triggerState(o, table, f.Value))
		}
	}
	return statements
}

func isNotValid(o *schema.Object) bool { return strings.HasSuffix(o.Fact("expression"), " NOT VALID") }

// validatesInherited reports whether a check that comes from a parent is valid although that of the parent is not.
func (w *writer) validatesInherited(o *schema.Object) bool {
	return o.Fact("type") == "check" && o.Fact("local") == "false" && !isNotValid(o) && slices.ContainsFunc(w.sameChecks(o), isNotValid)
}

// sameChecks returns the checks of the parents that have the name of o.
func (w *writer) sameChecks(o *schema.Object) []*schema.Object {
	var checks []*schema.Object
	if o.Key.Kind == schema.Constraint && isTable(o.Parent) {
		for _, parent := range w.parentsOf(o.Parent) {
			for _, part := range parent.Parts {
				if part.Key.Kind == schema.Constraint && part.Name == o.Name && part.Fact("type") == "check" {
					checks = append(checks, part)
				}
			}
		}
	}
	return checks
}

// triggerState sets the state of the triggers that a foreign key has on a table. Their names contain oids, and ALL would
// be the triggers of users and of other foreign keys too.
func triggerState(o *schema.Object, table, state string) string {
	verb := strings.TrimSpace(enabledSQL(state, ""))
	return "DO " + sqltext.QuoteLiteral("\nDECLARE trigger_name name;\nBEGIN\n"+
		"    FOR trigger_name IN SELECT t.tgname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint\n"+
		"        WHERE c.conrelid = "+sqltext.QuoteString(o.Parent.Key.Name)+"::pg_catalog.regclass AND c.conname = "+sqltext.QuoteString(o.Name)+" AND t.tgrelid = "+sqltext.QuoteString(table)+"::pg_catalog.regclass LOOP\n"+
		"        EXECUTE pg_catalog.format('ALTER TABLE ONLY %s "+verb+" TRIGGER %I', "+sqltext.QuoteString(table)+", trigger_name);\n"+
		"    END LOOP;\nEND")
}

// indexedDefinition is the definition with the options of the index. The server leaves them out, except for EXCLUDE.
// They precede DEFERRABLE.
func indexedDefinition(o *schema.Object) string {
	sql := definition(o)
	options := with(storageOptions(o.Fact("options"), ""))
	if options == "" || strings.HasPrefix(sql, "EXCLUDE ") {
		return sql
	}
	return insertBefore(sql, options, "DEFERRABLE")
}

// insertBefore inserts a clause before the first of some keywords that stands outside of parentheses, or appends it.
func insertBefore(sql, clause string, keywords ...string) string {
	depth := 0
	for t := range sqltext.Tokens(sql) {
		switch token := sql[t.Start:t.End]; {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case depth == 0 && t.Kind == sqltext.Word && slices.Contains(keywords, token):
			return strings.TrimSuffix(sql[:t.Start], " ") + clause + " " + sql[t.Start:]
		}
	}
	return sql + clause
}

// indexName returns the name of an index, which may be that of a constraint.
func indexName(o *schema.Object) string {
	if name := o.Detail("index"); name != "" {
		return name
	}
	return o.Key.Name
}

func index(o *schema.Object) []string {
	sql := definition(o)
	if space := o.Fact("tablespace"); space != "" {
		sql = insertBefore(sql, " TABLESPACE "+schema.QuoteIdent(space), "WHERE")
	}
	return append([]string{sql}, indexDetails(o)...)
}

func indexDetails(o *schema.Object) []string {
	var sql []string
	if o.Fact("clustered") != "" {
		sql = append(sql, "ALTER TABLE "+o.Parent.Key.Name+" CLUSTER ON "+schema.QuoteIdent(o.Name))
	}
	if o.Fact("replica identity") != "" {
		sql = append(sql, "ALTER TABLE ONLY "+o.Parent.Key.Name+" REPLICA IDENTITY USING INDEX "+schema.QuoteIdent(o.Name))
	}
	for _, target := range list(o.Fact("column statistics")) {
		number, value, _ := strings.Cut(target, "=")
		sql = append(sql, "ALTER INDEX "+indexName(o)+" ALTER COLUMN "+number+" SET STATISTICS "+value)
	}
	return sql
}

// enabledSQL returns the words of ALTER TABLE for the state of a trigger or a rule.
func enabledSQL(state, what string) string {
	words := map[string]string{"disabled": "DISABLE ", "replica": "ENABLE REPLICA ", "always": "ENABLE ALWAYS ", "enabled": "ENABLE "}
	return words[state] + what
}

func copiedTriggers(o *schema.Object) []string {
	var sql []string
	for _, f := range o.Facts {
		if trigger, found := strings.CutPrefix(f.Name, "trigger "); found {
			sql = append(sql, "ALTER TABLE "+o.Key.Name+" "+enabledSQL(f.Value, "TRIGGER "+trigger))
		}
	}
	return sql
}

package ddl

import (
	"strings"

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
	sql += with(storageOptions(o.Fact("options"), ""))
	if space := o.Fact("tablespace"); space != "" {
		sql += " TABLESPACE " + schema.QuoteIdent(space)
	}
	return sql + " AS\n" + text(o, "query") + "\nWITH NO DATA"
}

// constraint adds a constraint to its table or domain.
func constraint(o *schema.Object) []string {
	parent := o.Parent
	if parent.Key.Kind == schema.Domain {
		return line("ALTER DOMAIN %s ADD CONSTRAINT %s %s", parent.Key.Name, schema.QuoteIdent(o.Name), definition(o))
	}
	if o.Fact("local") == "false" && parent.Fact("partition") == "" {
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
		if table, found := strings.CutPrefix(f.Name, "triggers on "); found && f.Value == "disabled" && table == parent.Key.Name {
			statements = append(statements, "ALTER TABLE ONLY "+table+" DISABLE TRIGGER ALL")
		}
	}
	return statements
}

// indexedDefinition is the definition with the options of the index, which the server leaves out. They precede WHERE
// and DEFERRABLE.
func indexedDefinition(o *schema.Object) string {
	sql := definition(o)
	options := with(storageOptions(o.Fact("options"), ""))
	if options == "" {
		return sql
	}
	for _, word := range []string{" WHERE (", " DEFERRABLE"} {
		if i := strings.LastIndex(sql, word); i >= 0 {
			return sql[:i] + options + sql[i:]
		}
	}
	return sql + options
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
		clause := " TABLESPACE " + schema.QuoteIdent(space)
		if i := strings.LastIndex(sql, " WHERE "); i >= 0 && text(o, "expression") != "" {
			sql = sql[:i] + clause + sql[i:]
		} else {
			sql += clause
		}
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

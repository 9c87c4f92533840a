package ddl

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// createGlobal makes languages, text search, foreign data, publications and event triggers.
func createGlobal(o *schema.Object) []string {
	create := "CREATE " + o.Key.String()
	switch o.Key.Kind {
	case schema.Language:
		if o.Fact("trusted") != "" {
			create = "CREATE TRUSTED " + o.Key.String()
		}
		return []string{create + " HANDLER " + o.Fact("handler") + clause(" INLINE ", o, "inline") + clause(" VALIDATOR ", o, "validator")}
	case schema.AccessMethod:
		return line("%s TYPE %s HANDLER %s", create, strings.ToUpper(o.Fact("type")), o.Fact("handler"))
	case schema.Transform:
		var items []string
		for _, a := range []attribute{{"FROM SQL", "from sql"}, {"TO SQL", "to sql"}} {
			if function := o.Fact(a.fact); function != "" {
				items = append(items, a.name+" WITH FUNCTION "+function)
			}
		}
		return []string{create + " (" + strings.Join(items, ", ") + ")"}
	case schema.SearchParser:
		return []string{create + " (" + strings.Join(attributes(o, attribute{"START", "start"}, attribute{"GETTOKEN", "gettoken"}, attribute{"END", "end"},
			attribute{"LEXTYPES", "lextypes"}, attribute{"HEADLINE", "headline"}), ", ") + ")"}
	case schema.SearchTemplate:
		return []string{create + " (" + strings.Join(attributes(o, attribute{"LEXIZE", "lexize"}, attribute{"INIT", "init"}), ", ") + ")"}
	case schema.SearchDictionary:
		return []string{create + " (TEMPLATE = " + o.Fact("template") + clause(", ", o, "options") + ")"}
	case schema.SearchConfiguration:
		return searchConfiguration(o)
	case schema.DataWrapper:
		return []string{create + clause(" HANDLER ", o, "handler") + clause(" VALIDATOR ", o, "validator") + foreignOptions(o.Fact("options"))}
	case schema.Server:
		return []string{server(o)}
	case schema.UserMapping:
		return []string{create}
	case schema.EventTrigger:
		return eventTrigger(o)
	case schema.Publication:
		return publication(o)
	}
	return nil
}

func searchConfiguration(o *schema.Object) []string {
	sql := line("CREATE %s (PARSER = %s)", o.Key, o.Fact("parser"))
	for _, f := range o.Facts {
		if token, found := strings.CutPrefix(f.Name, "mapping "); found {
			sql = append(sql, "ALTER "+o.Key.String()+" ADD MAPPING FOR "+schema.QuoteIdent(token)+" WITH "+f.Value)
		}
	}
	return sql
}

func server(o *schema.Object) string {
	sql := "CREATE " + o.Key.String()
	for _, a := range []attribute{{" TYPE ", "type"}, {" VERSION ", "version"}} {
		if value := o.Fact(a.fact); value != "" {
			sql += a.name + sqltext.QuoteString(value)
		}
	}
	return sql + " FOREIGN DATA WRAPPER " + schema.QuoteIdent(o.Fact("wrapper")) + foreignOptions(o.Fact("options"))
}

func eventTrigger(o *schema.Object) []string {
	sql := "CREATE " + o.Key.String() + " ON " + o.Fact("event")
	var tags []string
	for _, tag := range list(o.Fact("tags")) {
		tags = append(tags, sqltext.QuoteString(tag))
	}
	if len(tags) > 0 {
		sql += "\n    WHEN TAG IN (" + strings.Join(tags, ", ") + ")"
	}
	statements := []string{sql + "\n    EXECUTE FUNCTION " + o.Fact("function") + "()"}
	if state := o.Fact("enabled"); state != "" {
		statements = append(statements, "ALTER "+o.Key.String()+" "+strings.TrimSpace(enabledSQL(state, "")))
	}
	return statements
}

func publication(o *schema.Object) []string {
	sql := "CREATE " + o.Key.String()
	if o.Fact("all tables") != "" {
		sql += " FOR ALL TABLES"
	}
	options := publicationOptions(o, 0)
	statements := []string{sql + with(options)}
	for _, f := range o.Facts { // one by one: before 15, ONLY cannot be repeated in a list
		if table, found := strings.CutPrefix(f.Name, "table "); found {
			statements = append(statements, "ALTER "+o.Key.String()+publishedTable(o, table))
		}
		if namespace, found := strings.CutPrefix(f.Name, "schema "); found {
			statements = append(statements, "ALTER "+o.Key.String()+" ADD TABLES IN SCHEMA "+namespace)
		}
	}
	return statements
}

// publicationOptions returns the options of a publication, with their default values if a version is given.
func publicationOptions(o *schema.Object, version int) []string {
	var actions []string
	for _, action := range []string{"insert", "update", "delete", "truncate"} {
		if o.Fact(action) != "" {
			actions = append(actions, action)
		}
	}
	options := []string{"publish = " + sqltext.QuoteString(strings.Join(actions, ", "))}
	if viaRoot := o.Fact("via partition root"); viaRoot != "" || version > 0 {
		options = append(options, "publish_via_partition_root = "+orDefault(viaRoot, "false"))
	}
	if columns := o.Fact("generated columns"); columns != "" || version >= 180000 {
		options = append(options, "publish_generated_columns = "+orDefault(columns, "none"))
	}
	return options
}

// publishedTable returns what follows ALTER PUBLICATION to add a table.
func publishedTable(o *schema.Object, table string) string {
	member := " ADD TABLE ONLY " + table
	if columns := o.Fact("table " + table); columns != "all columns" {
		member += " (" + columns + ")"
	}
	if filter := text(o, "filter "+table); filter != "" {
		member += " WHERE (" + filter + ")"
	}
	return member
}

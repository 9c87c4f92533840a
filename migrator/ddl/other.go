package ddl

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// createOther makes objects that belong to a table, operators and what is built of them, and collations.
func createOther(o *schema.Object) []string {
	switch o.Key.Kind {
	case schema.Trigger:
		return withState(o, definition(o), "TRIGGER ")
	case schema.Rule:
		return withState(o, definition(o), "RULE ")
	case schema.Policy:
		return []string{policy(o)}
	case schema.Statistics:
		sql := []string{definition(o)}
		if target := o.Fact("target"); target != "" {
			sql = append(sql, "ALTER STATISTICS "+o.Key.Name+" SET STATISTICS "+target)
		}
		return sql
	case schema.Operator:
		return []string{operator(o)}
	case schema.OperatorFamily:
		return []string{"CREATE " + o.Key.String()}
	case schema.OperatorClass:
		return []string{operatorClass(o)}
	case schema.Cast:
		return []string{cast(o)}
	case schema.Collation:
		return []string{collation(o)}
	case schema.Conversion:
		byDefault := ""
		if o.Fact("default") != "" {
			byDefault = "DEFAULT "
		}
		return line("CREATE %s%s FOR %s TO %s FROM %s", byDefault, o.Key, sqltext.QuoteString(o.Fact("from")), sqltext.QuoteString(o.Fact("to")), o.Fact("function"))
	}
	return nil
}

func withState(o *schema.Object, sql, what string) []string {
	statements := []string{sql}
	if state := o.Fact("enabled"); state != "" {
		statements = append(statements, "ALTER TABLE "+o.Parent.Key.Name+" "+enabledSQL(state, what+schema.QuoteIdent(o.Name)))
	}
	return statements
}

func policy(o *schema.Object) string {
	sql := "CREATE " + o.Key.String()
	if o.Fact("restrictive") != "" {
		sql += " AS RESTRICTIVE"
	}
	if command := o.Fact("command"); command != "all" {
		sql += " FOR " + strings.ToUpper(command)
	}
	if roles := o.Fact("roles"); roles != "PUBLIC" {
		sql += " TO " + roles
	}
	if expression := text(o, "using"); expression != "" {
		sql += " USING (" + expression + ")"
	}
	if expression := text(o, "with check"); expression != "" {
		sql += " WITH CHECK (" + expression + ")"
	}
	return sql
}

func operator(o *schema.Object) string {
	items := []string{"FUNCTION = " + o.Fact("function")}
	for _, a := range []attribute{{"LEFTARG", "left"}, {"RIGHTARG", "right"}} {
		if operand := o.Detail(a.fact); operand != "NONE" {
			items = append(items, a.name+" = "+operand)
		}
	}
	for _, a := range []attribute{{"COMMUTATOR", "commutator"}, {"NEGATOR", "negator"}} {
		if name := o.Fact(a.fact); name != "" {
			items = append(items, a.name+" = OPERATOR("+name+")")
		}
	}
	items = append(items, flags(o, attribute{"MERGES", "merges"}, attribute{"HASHES", "hashes"})...)
	items = append(items, attributes(o, attribute{"RESTRICT", "restrict"}, attribute{"JOIN", "join"})...)
	return "CREATE OPERATOR " + schema.QuoteIdent(o.Schema) + "." + o.Name + " " + block(items)
}

// members returns the operators and support functions of a class or a family.
func members(o *schema.Object) []string {
	var items []string
	for _, f := range o.Facts {
		if item := member(f.Name, f.Value); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// member returns an item of CREATE OPERATOR CLASS, or "" for another fact. The name is that of a member, its number, and its
// operand types in parentheses, which can contain any text.
func member(name, value string) string {
	words, types, _ := strings.Cut(name, " (")
	switch {
	case strings.HasPrefix(name, "operator ") && types != "":
		return strings.ToUpper(words) + " " + value
	case strings.HasPrefix(name, "function ") && types != "":
		return strings.ToUpper(words) + " (" + types + " " + value
	}
	return ""
}

func operatorClass(o *schema.Object) string {
	byDefault := ""
	if o.Fact("default") != "" {
		byDefault = "DEFAULT "
	}
	items := members(o)
	if storage := o.Fact("storage"); storage != "" {
		items = append(items, "STORAGE "+storage)
	}
	if len(items) == 0 {
		items = []string{"STORAGE " + o.Fact("type")}
	}
	name, method, _ := cutLast(o.Key.Name, " USING ")
	return "CREATE OPERATOR CLASS " + name + "\n    " + byDefault + "FOR TYPE " + o.Fact("type") + " USING " + method + " FAMILY " + o.Fact("family") +
		" AS\n    " + strings.Join(items, ",\n    ")
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// looseMembers are those of a family that belong to no class. They may be those of types of several classes.
func looseMembers(o *schema.Object) []string {
	if o.Key.Kind != schema.OperatorFamily {
		return nil
	}
	items := members(o)
	if len(items) == 0 {
		return nil
	}
	return []string{"ALTER " + o.Key.String() + " ADD\n    " + strings.Join(items, ",\n    ")}
}

func cast(o *schema.Object) string {
	sql := "CREATE " + o.Key.String()
	switch o.Fact("method") {
	case "function":
		sql += " WITH FUNCTION " + o.Fact("function")
	case "inout":
		sql += " WITH INOUT"
	default:
		sql += " WITHOUT FUNCTION"
	}
	if context := o.Fact("context"); context != "explicit" {
		sql += " AS " + strings.ToUpper(context)
	}
	return sql
}

func collation(o *schema.Object) string {
	items := []string{"provider = " + o.Fact("provider")}
	if o.Fact("nondeterministic") != "" {
		items = append(items, "deterministic = false")
	}
	for _, name := range []string{"locale", "lc_collate", "lc_ctype", "rules"} {
		if value := o.Fact(name); value != "" {
			items = append(items, name+" = "+sqltext.QuoteString(value))
		}
	}
	return "CREATE " + o.Key.String() + " (" + strings.Join(items, ", ") + ")"
}

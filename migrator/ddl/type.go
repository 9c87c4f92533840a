package ddl

import (
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

func typeSQL(o *schema.Object) []string {
	var items []string
	words := ""
	switch o.Fact("form") {
	case "enum":
		words = "AS ENUM "
		for _, label := range list(o.Fact("labels")) {
			items = append(items, sqltext.QuoteString(label))
		}
	case "composite":
		words = "AS "
		for _, c := range o.Columns() {
			items = append(items, schema.QuoteIdent(c.Name)+" "+c.Fact("type")+clause(" COLLATE ", c, "collation"))
		}
	case "range":
		words = "AS RANGE "
		items = attributes(o, attribute{"SUBTYPE", "subtype"}, attribute{"SUBTYPE_OPCLASS", "operator class"}, attribute{"COLLATION", "collation"},
			attribute{"CANONICAL", "canonical"}, attribute{"SUBTYPE_DIFF", "subtype diff"}, attribute{"MULTIRANGE_TYPE_NAME", "multirange"})
	case "base":
		items = baseType(o)
	default: // a shell is made in its own step
		return nil
	}
	return []string{"CREATE TYPE " + o.Key.Name + " " + words + block(items)}
}

func baseType(o *schema.Object) []string {
	items := attributes(o, attribute{"INPUT", "input"}, attribute{"OUTPUT", "output"}, attribute{"RECEIVE", "receive"}, attribute{"SEND", "send"},
		attribute{"TYPMOD_IN", "modifier input"}, attribute{"TYPMOD_OUT", "modifier output"}, attribute{"ANALYZE", "analyze"}, attribute{"SUBSCRIPT", "subscript"},
		attribute{"ALIGNMENT", "alignment"}, attribute{"STORAGE", "storage"}, attribute{"DEFAULT", "default"}, attribute{"ELEMENT", "element"})
	length := o.Fact("length")
	if length == "-1" {
		length = "VARIABLE"
	}
	items = append(items, "INTERNALLENGTH = "+length)
	if category := o.Fact("category"); category != "" {
		items = append(items, "CATEGORY = "+sqltext.QuoteString(category))
	}
	if delimiter := o.Fact("delimiter"); delimiter != "" {
		items = append(items, "DELIMITER = "+sqltext.QuoteString(delimiter))
	}
	items = append(items, flags(o, attribute{"PASSEDBYVALUE", "by value"})...)
	return append(items, flags(o, attribute{"PREFERRED = true", "preferred"}, attribute{"COLLATABLE = true", "collatable"})...)
}

// domain returns CREATE DOMAIN.
func (w *writer) domain(o *schema.Object) []string {
	sql := "CREATE DOMAIN " + o.Key.Name + " AS " + o.Fact("base type") + clause(" COLLATE ", o, "collation") + defaultClause(o)
	if o.Fact("not null") != "" {
		sql += clause(" CONSTRAINT ", o, "not null name") + " NOT NULL"
	}
	for _, p := range o.Parts {
		if w.inline[p] {
			sql += "\n    CONSTRAINT " + schema.QuoteIdent(p.Name) + " " + text(p, "expression")
		}
	}
	return []string{sql}
}

func aggregate(o *schema.Object) string {
	items := attributes(o, attribute{"SFUNC", "state function"}, attribute{"STYPE", "state type"}, attribute{"SSPACE", "state space"},
		attribute{"INITCOND", "initial value"}, attribute{"FINALFUNC", "final function"}, attribute{"COMBINEFUNC", "combine function"},
		attribute{"SERIALFUNC", "serial function"}, attribute{"DESERIALFUNC", "deserial function"}, attribute{"MSFUNC", "moving state function"},
		attribute{"MINVFUNC", "moving inverse function"}, attribute{"MSTYPE", "moving state type"}, attribute{"MSSPACE", "moving state space"},
		attribute{"MINITCOND", "moving initial value"}, attribute{"MFINALFUNC", "moving final function"})
	items = append(items, flags(o, attribute{"FINALFUNC_EXTRA", "final extra"}, attribute{"MFINALFUNC_EXTRA", "moving final extra"}, attribute{"HYPOTHETICAL", "hypothetical"})...)
	byDefault := "read_only"
	if strings.Contains(o.Fact("arguments"), "ORDER BY") {
		byDefault = "read_write"
	}
	if modify := o.Fact("final modify"); modify != byDefault {
		items = append(items, "FINALFUNC_MODIFY = "+strings.ToUpper(modify))
	}
	if modify := o.Fact("moving final modify"); modify != byDefault && o.Fact("moving state function") != "" {
		items = append(items, "MFINALFUNC_MODIFY = "+strings.ToUpper(modify))
	}
	if operator := o.Fact("sort operator"); operator != "" {
		items = append(items, "SORTOP = OPERATOR("+operator+")")
	}
	if parallel := o.Fact("parallel"); parallel != "unsafe" {
		items = append(items, "PARALLEL = "+strings.ToUpper(parallel))
	}
	arguments := o.Fact("arguments")
	if arguments == "" {
		arguments = "*"
	}
	return "CREATE AGGREGATE " + schema.Qualify(o.Schema, o.Name) + "(" + arguments + ") " + block(items)
}

func defaultClause(o *schema.Object) string {
	if expression := text(o, "expression"); expression != "" {
		return " DEFAULT " + expression
	}
	return ""
}

package ddl

import (
	"encoding/json"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

// text returns an expression or a query in the form that it has after it was loaded, so that writing it again gives the
// same.
func text(o *schema.Object, fact string) string { return schema.NormalText(o.Fact(fact)) }

// list decodes a fact that is a JSON array.
func list(value string) []string {
	var items []string
	_ = json.Unmarshal([]byte(value), &items) // "" is an empty list, and the catalogs give nothing else
	return items
}

// block puts items in parentheses, one a line.
func block(items []string) string {
	if len(items) == 0 {
		return "(\n)"
	}
	return "(\n    " + strings.Join(items, ",\n    ") + "\n)"
}

// relationOptions returns the options of WITH of a table or a materialized view.
func relationOptions(o *schema.Object) []string {
	return append(storageOptions(o.Fact("options"), ""), storageOptions(o.Fact("toast options"), "toast.")...)
}

// storageOptions writes options of WITH, with a prefix such as "toast.".
func storageOptions(value, prefix string) []string {
	var options []string
	for _, o := range list(value) {
		name, setting, _ := strings.Cut(o, "=")
		namespace, rest, found := strings.Cut(name, ".")
		name = schema.QuoteIdent(namespace)
		if found {
			name += "." + schema.QuoteIdent(rest)
		}
		options = append(options, prefix+name+"="+sqltext.QuoteString(setting))
	}
	return options
}

// with returns " WITH (options)", or "" if there are none.
func with(options []string) string {
	if len(options) == 0 {
		return ""
	}
	return " WITH (" + strings.Join(options, ", ") + ")"
}

// foreignOptions returns " OPTIONS (name 'value')", or "" if there are none.
func foreignOptions(value string) string {
	var options []string
	for _, o := range list(value) {
		name, setting, _ := strings.Cut(o, "=")
		options = append(options, schema.QuoteIdent(name)+" "+sqltext.QuoteString(setting))
	}
	if len(options) == 0 {
		return ""
	}
	return " OPTIONS (" + strings.Join(options, ", ") + ")"
}

// attribute is an option of CREATE in the form NAME = value, taken from a fact.
type attribute struct{ name, fact string }

// attributes returns the options whose facts are present.
func attributes(o *schema.Object, names ...attribute) []string {
	var items []string
	for _, a := range names {
		if value := o.Fact(a.fact); value != "" {
			items = append(items, a.name+" = "+value)
		}
	}
	return items
}

// flags returns the words whose facts are present.
func flags(o *schema.Object, names ...attribute) []string {
	var items []string
	for _, a := range names {
		if o.Fact(a.fact) != "" {
			items = append(items, a.name)
		}
	}
	return items
}

// clause returns the words and the value of a fact, or "" if it is absent.
func clause(words string, o *schema.Object, fact string) string {
	if value := o.Fact(fact); value != "" {
		return words + value
	}
	return ""
}

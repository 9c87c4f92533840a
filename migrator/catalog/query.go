package catalog

import (
	"encoding/binary"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// query reads one catalog. Its rows are decoded together, after those of the queries before it.
type query struct {
	catalog string // the catalog that its column oid belongs to, such as "pg_class"
	columns []column
	from    string // what follows FROM
	decode  func(*reader, []record)
}

// column is one expression in the list of a SELECT.
type column struct {
	name  string
	expr  string
	use   use
	since int // the first major version that has it
}

// use is what becomes of a column that is not NULL.
type use uint8

const (
	internal use = iota // only the decoder looks at it
	isFact
	isDetail
)

// in is a column that only the decoder looks at.
//
//go:noinline // many calls: copies would take more room
func in(name, expr string) column { return column{name: name, expr: expr} }

// fact is a column that becomes a fact.
//
//go:noinline // many calls: copies would take more room
func fact(name, expr string) column { return column{name: name, expr: expr, use: isFact} }

// detail is a column that becomes a detail.
func detail(name, expr string) column { return column{name: name, expr: expr, use: isDetail} }

// flag is a fact that is "true" or absent.
//
//go:noinline // many calls: copies would take more room
func flag(name, condition string) column {
	return fact(name, "CASE WHEN "+condition+" THEN 'true' END")
}

// from returns the column for servers of this major version and later.
func (c column) from(major int) column {
	c.since = major
	return c
}

// text is the fact that holds a definition. If it contains expressions, its name marks it as text that
// depends on the version of the server.
func text(definition, hasExpressions string) []column {
	return []column{
		fact("expression", "CASE WHEN "+hasExpressions+" THEN "+definition+" END"),
		fact("definition", "CASE WHEN NOT ("+hasExpressions+") THEN "+definition+" END"),
	}
}

// owned has the owner and the access control list of an object. kind is the argument of acldefault.
func owned(kind, acl, owner string) []column {
	return []column{
		fact("owner", "pg_catalog.pg_get_userbyid("+owner+")"),
		in("acl", acl+"::pg_catalog.text"),
		in("acl default", "CASE WHEN "+acl+" IS NOT NULL THEN pg_catalog.acldefault("+kind+", "+owner+")::pg_catalog.text END"),
		in("acl kind", kind),
	}
}

// named has the address and the name of an object in a schema, which from must call n.
//
//go:noinline // many calls: copies would take more room
func named(oid, name string) []column {
	return []column{in("oid", oid), in("schema", "n.nspname"), in("name", name)}
}

// options returns an array of options as a JSON array. Their order has no meaning.
func options(array string) string {
	return "CASE WHEN " + array + " IS NOT NULL THEN " + optionsThat(array, "true") + " END"
}

// optionsThat returns the options o of an array for which a condition is true.
func optionsThat(array, condition string) string {
	return "(SELECT pg_catalog.to_json(pg_catalog.array_agg(o ORDER BY o COLLATE pg_catalog.\"C\"))::pg_catalog.text" +
		" FROM pg_catalog.unnest(" + array + ") o WHERE " + condition + ")"
}

// object returns the name of the object with an oid, such as a regproc, or NULL for 0.
//
//go:noinline // many calls: copies would take more room
func object(oid, cast string) string {
	return "CASE WHEN " + oid + " <> 0 THEN " + oid + "::pg_catalog." + cast + "::pg_catalog.text END"
}

// word is an expression that spells out a code: pairs of a code and its word. An unknown code is kept.
func word(code string, pairs ...string) string {
	var b strings.Builder
	b.WriteString("CASE")
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString(" WHEN " + code + " = '" + pairs[i] + "' THEN '" + pairs[i+1] + "'")
	}
	return b.String() + " ELSE " + code + "::pg_catalog.text END"
}

// firstOID is the first oid that initdb does not use.
const firstOID = "16384"

// isSystem reports whether initdb created the row with an oid.
func isSystem(oid string) bool {
	return len(oid) < len(firstOID) || len(oid) == len(firstOID) && oid < firstOID
}

// lasting is the condition for an object that initdb did not create and that is neither temporary nor a TOAST table.
func lasting(oid, namespace string) string {
	return oid + " >= " + firstOID + " AND NOT (" + namespace + " = ANY (ARRAY(SELECT t.oid FROM pg_catalog.pg_namespace t" +
		" WHERE t.nspname ~ '^pg_(toast|temp)')))"
}

// sql returns the statement for a server version.
func (q query) sql(version int) string {
	var list []string
	for _, c := range q.known(version) {
		list = append(list, c.expr)
	}
	return qualifyOperators("SELECT " + strings.Join(list, ",\n  ") + "\nFROM " + q.from)
}

// known returns the columns that servers of a version have.
func (q query) known(version int) []column {
	return slices.DeleteFunc(slices.Clone(q.columns), func(c column) bool { return c.since*10000 > version })
}

// qualifyOperators writes operators with their schema, so that no operator of the same name can be used instead: a = b
// becomes a OPERATOR(pg_catalog.=) b. These have one precedence, lower than that of other operators in SQL and higher
// than NOT: mixed operators need parentheses.
func qualifyOperators(sql string) string {
	var b strings.Builder
	for t := range sqltext.Tokens(sql) {
		s := sql[t.Start:t.End]
		switch s {
		case "=", "<>", ">=", "<=", "<", ">", "~", "!~", "||":
			s = "OPERATOR(pg_catalog." + s + ")"
		}
		b.WriteString(s)
	}
	return b.String()
}

// Row is one row in text format. "" is NULL or an empty text: no query distinguishes the two.
type Row []string

// NewRow copies the fields of a row as the driver passes them; nil is NULL.
func NewRow(fields [][]byte) Row {
	size := 0
	for _, f := range fields {
		size += len(f)
	}
	joined := make([]byte, 0, size)
	for _, f := range fields {
		joined = append(joined, f...)
	}
	rest := string(joined) // one allocation for all fields
	row := make(Row, len(fields))
	for i, f := range fields {
		row[i], rest = rest[:len(f)], rest[len(f):]
	}
	return row
}

// Append adds a row of a statement of the message to the results for [Read].
func Append(results [][]Row, statement int, fields [][]byte) [][]Row {
	for len(results) <= statement {
		results = append(results, nil)
	}
	results[statement] = append(results[statement], NewRow(fields))
	return results
}

// result holds the rows of one query. They are packed, because there are many and most of their fields are empty.
type result struct {
	catalog string
	columns []column          // those that the server has
	packed  []byte            // the fields of all rows, each with its length in front
	words   map[string]string // texts that were returned, so that equal ones share memory
}

// record is a row of a result.
type record struct {
	*result
	start int // in packed
}

// longestWord is the length in bytes up to which equal texts share memory. Most rows consist of short ones that are in many.
const longestWord = 32

// text returns the text of a field.
func (res *result) text(field []byte) string {
	switch {
	case len(field) == 0:
		return ""
	case len(field) > longestWord:
		return string(field)
	}
	word, known := res.words[string(field)]
	if !known {
		word = string(field)
		res.words[word] = word
	}
	return word
}

// cut returns the first field of packed fields, and the others.
func cut(packed []byte) (field, rest []byte) {
	length, n := binary.Uvarint(packed)
	end := n + int(length)
	return packed[n:end], packed[end:]
}

// get returns the value of a column. It is "" for a column that the server's version does not have.
//
//go:noinline // many calls: copies would take more room
func (r record) get(name string) string {
	rest := r.packed[r.start:]
	for i := range r.columns {
		var field []byte
		if field, rest = cut(rest); r.columns[i].name == name {
			return r.text(field)
		}
	}
	return ""
}

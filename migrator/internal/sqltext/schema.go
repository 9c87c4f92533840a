package sqltext

import "strings"

// objectKinds are the kinds of objects that belong to schemas, in CREATE, ALTER, DROP and COMMENT ON.
var objectKinds = []string{"TABLE", "VIEW", "INDEX", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "STATISTICS", "COLLATION"}

// WrittenSchema returns the schema of the object that a statement creates, changes or writes, "" if its text does not name
// one. A table that is only read does not count, because a.b in a query may also be a column.
func WrittenSchema(src string, s Statement) string {
	r := newTokenReader(src, s)
	if !r.next() {
		return ""
	}
	switch {
	case r.is("CREATE"), r.is("ALTER"), r.is("DROP"), r.is("COMMENT"):
		return r.definedSchema()
	case r.is("INSERT"), r.is("MERGE"):
		r.accept("INTO")
	case r.is("DELETE"):
		r.accept("FROM")
	case r.is("UPDATE"), r.is("COPY"):
	case r.is("TRUNCATE"):
		r.accept("TABLE")
	default:
		return ""
	}
	r.accept("ONLY")
	return r.schemaOfName()
}

// definedSchema is WrittenSchema after CREATE, ALTER, DROP or COMMENT.
func (r *tokenReader) definedSchema() string {
	const modifiers = 5 // as in CREATE OR REPLACE TEMPORARY RECURSIVE VIEW
	for range modifiers {
		switch {
		case r.accept("SCHEMA"):
			r.acceptIfExists()
			if ahead := *r; ahead.next() {
				return ahead.name()
			}
			return ""
		case r.accept("TRIGGER"):
			for r.next() && !r.is("ON") {
			}
			return r.schemaOfName()
		case r.acceptAny(objectKinds...):
			index := r.is("INDEX")
			r.accept("CONCURRENTLY")
			r.acceptIfExists()
			r.accept("ONLY")
			if schema := r.schemaOfName(); schema != "" || !index {
				return schema
			}
			if !r.accept("ON") {
				r.next()
				r.accept("ON")
			}
			r.accept("ONLY")
			return r.schemaOfName()
		case !r.next():
			return ""
		}
	}
	return ""
}

// schemaOfName returns the first part of the name that follows, if it has another one. It does not advance.
func (r *tokenReader) schemaOfName() string {
	ahead := *r
	if !ahead.next() {
		return ""
	}
	first := ahead.name()
	ahead.acceptEscape()
	if !ahead.next() || !ahead.isOperator(".") || strings.HasPrefix(first, "pg_temp") {
		return ""
	}
	return first
}

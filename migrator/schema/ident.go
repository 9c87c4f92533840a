package schema

import (
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// QuoteIdent returns name as an identifier, quoted if it has to be. The rule is the same for all versions of PostgreSQL, so
// that keys of two servers can be compared: the server's own quote_ident depends on its keywords.
func QuoteIdent(name string) string {
	if isPlainIdent(name) && !isKeyword(name) {
		return name
	}
	return sqltext.QuoteName(name)
}

// Qualify returns schema.name, both quoted if they have to be, or the name alone if schema is "".
func Qualify(schema, name string) string {
	if schema == "" {
		return QuoteIdent(name)
	}
	return QuoteIdent(schema) + "." + QuoteIdent(name)
}

func isPlainIdent(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func isKeyword(word string) bool {
	_, found := slices.BinarySearch(keywords, word)
	return found
}

// keywords are those of PostgreSQL 13 to 18 that cannot be used as every kind of name, sorted.
var keywords = strings.Fields(`all analyse analyze and any array as asc asymmetric authorization between bigint binary
	bit boolean both case cast char character check coalesce collate collation column concurrently constraint create cross
	current_catalog current_date current_role current_schema current_time current_timestamp current_user dec decimal default
	deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest
	group grouping having ilike in initially inner inout int integer intersect interval into is isnull join json json_array
	json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral
	leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull
	null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real
	references returning right row select session_user setof similar smallint some substring symmetric system_user table
	tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic verbose
	when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
	xmlserialize xmltable`)

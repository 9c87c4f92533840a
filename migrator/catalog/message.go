package catalog

import (
	"slices"
	"strings"
)

// Newest is the newest major version whose catalogs this package knows. Those of a newer one are read as if they were its,
// and what they contain besides is not seen.
const Newest = 18

// settings are fixed for the transaction, because the text of expressions, queries and names depends on them. The schema
// pg_temp is last: otherwise a temporary object could hide one of pg_catalog.
var settings = []string{
	"search_path = pg_catalog, pg_temp",
	"quote_all_identifiers = off",
	"datestyle = iso",
	"intervalstyle = postgres",
	"extra_float_digits = 1",
	"bytea_output = hex",
	"timezone = 'UTC'",
	"lc_monetary = 'C'",
	"jit = off",
	"lock_timeout = '900ms'",
	"statement_timeout = 0", // the role's own is for the statements of programs
}

// prologue has the statements before the first query.
func prologue(version int) []string {
	statements := []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
	if version >= 170000 {
		statements = append(statements, "SET LOCAL transaction_timeout = 0")
	}
	for _, s := range settings {
		statements = append(statements, "SET LOCAL "+s)
	}
	return statements
}

// Message returns the message of the simple query protocol that reads the catalogs of a server. version is its
// server_version_num, such as 150020; the statements for an unknown newer version are those for the newest known one. The
// session must not be in a transaction, and its client_encoding must be UTF8.
//
// The message fails with lock_not_available (55P03) if another session holds an exclusive lock on a table that a view or a
// function uses, and possibly with another error if an object is dropped meanwhile: it can be sent again.
func Message(version int) string {
	statements := prologue(version)
	for _, q := range queries(version) {
		statements = append(statements, q.sql(version))
	}
	return strings.Join(append(statements, "COMMIT"), ";\n")
}

// queries returns the queries in the order in which their rows are decoded: tables before columns, and so on.
func queries(version int) []query {
	return slices.Concat(
		dependencyQueries(),
		namespaceQueries(),
		languageQueries(),
		collationQueries(version),
		typeQueries(),
		relationQueries(),
		columnQueries(version),
		sequenceQueries(),
		constraintQueries(),
		indexQueries(version),
		routineQueries(version),
		triggerQueries(),
		operatorQueries(),
		searchQueries(),
		foreignQueries(),
		publicationQueries(version),
		accessQueries(),
	)
}

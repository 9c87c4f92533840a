// Database reports what is in the database that the environment names, for scripts that
// must not touch a database of somebody else.
//
//	usage: go run ./scripts/database
//
// It only reads, and prints two lines. The first is one of
//
//	none        the environment names no database
//	empty       no schema, relation, function or type besides those of PostgreSQL and extensions
//	ours        it has the ledger public.ambix_revision
//	foreign     it has something else
//
// The second line says where the database is and, if it is foreign, names an object in it.
// The exit code is 1 if the database cannot be reached.
package main

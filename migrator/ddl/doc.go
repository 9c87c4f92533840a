// Package ddl writes schemas as SQL: ordered statements that make one from nothing, remove it, or change one into another.
// It needs no server.
//
// Statements are ordered by the dependencies between objects and, where these leave a choice, by kind, schema and name, so
// that equal schemas give equal text. Foreign keys follow all tables, indexes and triggers. Objects that need each other are made in two steps: a
// default or a check leaves its table, a view is first made with empty columns, and a type as a shell.
//
// Statements of a change have marks that say what they do to rows. A change prefers to alter; it drops and makes again only
// what cannot be altered, with what depends on that. Data is never at stake silently: tables are not made again unless that
// is asked for, and a drop of rows is marked.
//
// Roles, tablespaces and databases are named but never created. Rows, sequence positions, passwords and the schema public
// are not written.
package ddl

// Package ddl writes a schema as SQL: ordered statements that make it from nothing. It needs no server.
//
// Statements are ordered by the dependencies between objects and, where these leave a choice, by kind, schema and name, so
// that equal schemas give equal text. Foreign keys follow all tables, indexes and triggers. Objects that need each other are made in two steps: a
// default or a check leaves its table, a view is first made with empty columns, and a type as a shell.
//
// Roles, tablespaces and databases are named but never created. Rows, sequence positions, passwords and the schema public
// are not written.
package ddl

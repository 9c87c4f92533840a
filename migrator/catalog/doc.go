// Package catalog reads a database's schema from the system catalogs of PostgreSQL 13 and later. It is a codec: [Message]
// returns SQL text, and [Reader] turns the rows of its answer into a [schema.Schema]. Sending the message is for the caller.
//
// The message is one transaction that only reads, with one snapshot. CONNECT is the only privilege that it needs: the
// options of user mappings and the connection strings of subscriptions, which may contain passwords, are not read. All
// settings that influence the text of expressions and queries are fixed for the transaction, so the result is the same for
// every role. A lock_timeout of less than deadlock_timeout's default lets the message give up, rather than another
// session's DDL, if the two wait for each other.
//
// Nothing is left out silently. Every row of a catalog that was not created by initdb is an object, a part of one, or a
// member of an extension, which is counted; or the schema names it among its refusals; or a [Reader] returns an
// [UnknownError]. Not read at all are temporary objects, large objects, and what is shared by all databases: roles,
// tablespaces, and the settings of databases and roles.
//
// This is the only package that depends on the version of the server.
package catalog

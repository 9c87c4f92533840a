// Package draft turns the statements of a schema change into the scripts of revisions. What can be done without blocking the
// users of a table that exists gets its own revisions: indexes are built concurrently, constraints are first added without
// a look at the rows and validated later. It needs no server.
package draft

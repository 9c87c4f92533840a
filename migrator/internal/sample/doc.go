// Package sample copies the rows of a database into a scratch database whose tables the revisions have made.
//
// The database is read in one transaction that cannot write. In the scratch database neither triggers nor foreign keys see the
// rows arrive; rows whose foreign keys refer to rows beyond the limit are removed again.
package sample

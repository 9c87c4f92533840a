// Package rehearse describes what revisions do to a database that is in use, as a rehearsal in a scratch database has
// observed it: the locks that they take, the tables that they read or rewrite as a whole, and what they destroy. It turns
// these observations, and the sizes of the tables of the real database, into findings.
//
// It needs no server. [example.com/ambix/migrator.Migrator.Rehearse] carries out the revisions.
package rehearse

// Package ledger is a codec for the version tables: SQL text out, rows of text back in. It
// never talks to a server.
//
// Three tables contain what a database knows about its revisions: PREFIX_revision has one
// row per applied revision, PREFIX_event is an append-only log, and PREFIX_meta has one row
// with the format version and a generation that every change of the ledger increments.
// Heads are computed, never stored.
//
// All names in the statements are qualified, because the search_path may lead to objects of
// others.
package ledger

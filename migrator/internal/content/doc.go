// Package content reads what a database contains besides its schema: rows, positions of sequences, whether materialized
// views are populated, and what belongs to the database itself. It writes them as SQL.
package content

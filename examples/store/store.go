// Package store has the revisions that the examples share. A program of its own embeds them in its main package.
package store

import "embed"

// Files are the revisions, below the folder sql.
//
//go:embed sql
var Files embed.FS

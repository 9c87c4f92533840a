package rehearse

import (
	"time"

	"example.com/ambix/migrator/revision"
)

// Step is a revision that was applied or reverted in the rehearsal.
type Step struct {
	Revision      string
	Message       string // its first line
	Down          bool
	Transactional bool
	Statements    []Statement // those that were carried out
}

// Statement is one statement of a script, and what was observed.
type Statement struct {
	revision.Pos
	Keywords string // as sqltext.Statement: the leading keywords, such as "ALTER TABLE"
	Took     time.Duration
	// Locks are those on relations that existed before the revision: each that the statement took, or made stronger.
	Locks []Lock
	Work  []Work
}

// Lock is a lock on a relation.
type Lock struct {
	Object string // as Finding.Object
	Mode   LockMode
}

// Work is what a statement did with all rows of a table that existed before the revision.
type Work struct {
	Object string
	Kind   WorkKind
	Reason string // of a rewrite, if the server tells: such as "a column has another type"
	Index  string // of an index build
}

// WorkKind is a kind of Work.
type WorkKind string

// The kinds.
const (
	Scan    WorkKind = "scan"    // reads it
	Build   WorkKind = "build"   // reads it to build an index
	Rewrite WorkKind = "rewrite" // writes it anew
	Update  WorkKind = "update"  // changes or deletes all of its rows
)

package rehearse

import (
	"time"

	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Step is a revision that was applied or reverted in the rehearsal, as it was observed.
type Step struct {
	Revision      string
	Message       string // its first line
	Down          bool
	Transactional bool
	// NoLockTimeout: the header sets lock_timeout to 0.
	NoLockTimeout bool
	Statements    []Statement // those that were carried out
	// References are the foreign keys before the step, between different tables.
	References []Reference
}

// Reference is a foreign key, by Relation.ID: a program that writes to one of the tables locks the other one after it.
type Reference struct{ From, To string }

// Statement is one statement of a script. Everything about relations is about those that existed before the step.
type Statement struct {
	revision.Pos
	Keywords string // its leading keywords in capitals, such as "ALTER TABLE"
	Took     time.Duration
	// Alone: it was not in a transaction with other statements, so its locks ended with it.
	Alone bool
	// Locks are the strongest locks that it took, one for each relation, if the step did not already hold such a lock.
	Locks   []Lock
	Work    []Work
	Changes []Change
}

// Relation is a relation of the scratch database.
type Relation struct {
	ID     string // identifies it in the rehearsal, whatever its name
	Parent string // the ID of the partitioned table that it is a partition of; "" if it is none
	Name   string // before the statement, as Finding.Object
	// Original is its name where the rehearsal began, which is that in the real database. "": Made, a revision of the
	// rehearsal, made it.
	Original, Made string
	Kind           RelationKind
}

// RelationKind is a kind of relation, or of what else has a name.
type RelationKind string

// The kinds.
const (
	Table            RelationKind = "table"
	PartitionedTable RelationKind = "partitioned table"
	MaterializedView RelationKind = "materialized view"
	View             RelationKind = "view"
	Sequence         RelationKind = "sequence"
	ForeignTable     RelationKind = "foreign table"
	Schema           RelationKind = "schema"
	Function         RelationKind = "function"
	Procedure        RelationKind = "procedure"
	Type             RelationKind = "type"
	Extension        RelationKind = "extension"
)

// hasNoRows reports whether nothing but a name is lost with it.
func (k RelationKind) hasNoRows() bool {
	return k != Table && k != PartitionedTable && k != Sequence
}

// Lock is a lock on a relation.
type Lock struct {
	Relation
	Mode  schema.LockMode
	Index string // the index of the relation that is locked, if that is the stronger lock; otherwise ""
}

// blockedBy returns what of a relation programs wait for while another session has locked it. They do not write to a
// materialized view: only REFRESH waits for such a lock.
func (r Relation) blockedBy(mode schema.LockMode) schema.Blocks {
	if blocks := mode.Blocks(); r.Kind != MaterializedView || blocks == schema.BlocksAll {
		return blocks
	}
	return schema.BlocksNothing
}

// Blocks returns what programs wait for.
func (l Lock) Blocks() schema.Blocks { return l.blockedBy(l.Mode) }

// Work is what a statement does with all rows of a relation.
type Work struct {
	Relation
	Kind WorkKind
	// Reason completes the sentence: it is rewritten because …; "" if it is not known, and for UpdateSome if no index finds the
	// rows.
	Reason string
	Index  string // of Build; "" if there are several
}

// WorkKind is a kind of Work.
type WorkKind string

// The kinds.
const (
	Scan       WorkKind = "scan"    // reads it
	Build      WorkKind = "build"   // reads it to build an index
	Rewrite    WorkKind = "rewrite" // writes it and its indexes anew
	UpdateAll  WorkKind = "update all"
	DeleteAll  WorkKind = "delete all"
	LockRows   WorkKind = "lock rows"   // reads all of it FOR UPDATE
	UpdateSome WorkKind = "update some" // reads all of it, and updates or deletes the rows that match
)

// Change is a change of a relation that destroys something, depends on its rows, or takes away a name.
type Change struct {
	Relation
	Kind ChangeKind
	Name string // of the column, constraint or index, the value of an enum type, or the arguments of a function; "" of the relation
	To   string // the new name
	// Uses are the tables in use for which a name is needed: those of a schema, or with a column of a type.
	Uses []Relation
	// Of HideRows. Permitted: a policy allows some. Forced: they are hidden from the owner too.
	Permitted, Forced bool
}

// ChangeKind is a kind of Change.
type ChangeKind string

// The kinds.
const (
	DropRelation    ChangeKind = "drop relation"
	DropColumn      ChangeKind = "drop column"
	Truncate        ChangeKind = "truncate"
	RenameRelation  ChangeKind = "rename relation"
	RenameColumn    ChangeKind = "rename column"
	RenameValue     ChangeKind = "rename value"        // of an enum type
	AddNotNull      ChangeKind = "add column not null" // without a default
	SetNotNull      ChangeKind = "set not null"
	SetNewNotNull   ChangeKind = "set new not null" // of a column that the revision has added with a default
	AddCheck        ChangeKind = "add check"
	AddForeignKey   ChangeKind = "add foreign key"
	AddUnique       ChangeKind = "add unique" // a constraint or an index
	AddExclusion    ChangeKind = "add exclusion"
	ValidateCheck   ChangeKind = "validate" // a constraint that was NOT VALID
	ChangeType      ChangeKind = "change type"
	AttachPartition ChangeKind = "attach partition"
	Revoke          ChangeKind = "revoke"       // Name: the role, "" for PUBLIC; To: the privileges
	ChangeOwner     ChangeKind = "change owner" // To: the one after
	HideRows        ChangeKind = "hide rows"    // by row-level security, those that no policy allows
)

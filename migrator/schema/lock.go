package schema

import "slices"

// LockMode is a lock mode of a table as pg_locks shows it, such as AccessExclusiveLock. "" is none.
type LockMode string

// The lock modes, weakest first.
const (
	AccessShare          LockMode = "AccessShareLock"
	RowShare             LockMode = "RowShareLock"
	RowExclusive         LockMode = "RowExclusiveLock"
	ShareUpdateExclusive LockMode = "ShareUpdateExclusiveLock"
	Share                LockMode = "ShareLock"
	ShareRowExclusive    LockMode = "ShareRowExclusiveLock"
	Exclusive            LockMode = "ExclusiveLock"
	AccessExclusive      LockMode = "AccessExclusiveLock"
)

var lockModes = []LockMode{AccessShare, RowShare, RowExclusive, ShareUpdateExclusive, Share, ShareRowExclusive, Exclusive, AccessExclusive}

var lockNames = map[LockMode]string{
	AccessShare: "ACCESS SHARE", RowShare: "ROW SHARE", RowExclusive: "ROW EXCLUSIVE", ShareUpdateExclusive: "SHARE UPDATE EXCLUSIVE",
	Share: "SHARE", ShareRowExclusive: "SHARE ROW EXCLUSIVE", Exclusive: "EXCLUSIVE", AccessExclusive: "ACCESS EXCLUSIVE",
}

// String returns the mode as the PostgreSQL manual and LOCK TABLE spell it, such as ACCESS EXCLUSIVE.
func (m LockMode) String() string { return lockNames[m] }

// Strength orders the modes; 0 is none.
func (m LockMode) Strength() int { return slices.Index(lockModes, m) + 1 }

// Blocks returns which statements of a program wait for the lock: SELECT for reads; INSERT, UPDATE and DELETE for writes.
// See the PostgreSQL manual, "Table-Level Locks".
func (m LockMode) Blocks() Blocks {
	switch {
	case m == AccessExclusive:
		return BlocksAll
	case m.Strength() >= Share.Strength():
		return BlocksWrites
	}
	return BlocksNothing
}

// Blocks is what a lock keeps others from.
type Blocks string

// What a lock can block.
const (
	BlocksNothing Blocks = ""
	BlocksWrites  Blocks = "writes"
	BlocksAll     Blocks = "reads and writes"
)

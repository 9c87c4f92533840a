package ledger

import (
	"time"
)

// RowState says how far a revision's row is.
type RowState string

// Only Applied counts. The others are seen by nobody, or belong to a revision that
// runs outside a transaction and was interrupted.
const (
	Applied   RowState = "applied"
	Applying  RowState = "applying"
	Reverting RowState = "reverting"
)

// Row is one applied revision as the database knows it.
type Row struct {
	Revision string
	State    RowState
	// Digest is that of the up file's bytes: while it is the same, so are the checksum and
	// the links.
	Digest string

	// The rest is only there when the state was read in full.

	DownRevision []string
	DependsOn    []string // ids, also where the file names a label
	BranchLabels []string
	// StatementsDone is how many statements of an unfinished revision are finished.
	StatementsDone int
	Checksum       string
	// Reversible says whether a down script is stored. The script itself is read with
	// DownScript, when it is needed.
	Reversible    bool
	Message       string
	AppliedAt     time.Time
	Duration      time.Duration
	AppliedBy     string
	AppliedFrom   string
	BinaryVersion string
}

// State is what one look at the ledger found.
type State struct {
	// Exists is false when the database has no ledger yet.
	Exists     bool
	Format     int
	Generation int64
	Rows       []Row // sorted by revision
}

// Event is one line of the event log.
type Event struct {
	ID            int64
	At            time.Time
	Action        Action
	Revision      string // "" when the event is not about one revision
	Message       string
	Direction     string // "up", "down" or ""
	Duration      time.Duration
	AppliedBy     string
	AppliedFrom   string
	BinaryVersion string
	Run           string // the same for all events of one run
	Detail        string // what failed, or what was decided
}

// Action says what an event records.
type Action string

// The actions of the event log.
const (
	Up          Action = "up"
	Down        Action = "down"
	Stamped     Action = "stamp"
	Failed      Action = "failed"
	Interrupted Action = "interrupted"
	Repair      Action = "repair"
	Adopted     Action = "adopt"
	FormatRaise Action = "format"
)

package ledger

import (
	"time"
)

// RowState is the state of a revision's row.
type RowState string

// The states. Applying and Reverting are only visible for a non-transactional revision that
// is in progress or was interrupted.
const (
	Applied   RowState = "applied"
	Applying  RowState = "applying"
	Reverting RowState = "reverting"
)

// Row is a revision as the database knows it.
type Row struct {
	Revision string
	State    RowState
	// Digest is that of the bytes of the up file. While it is unchanged, so are the checksum
	// and the links.
	Digest string

	// The other fields are only set if the state was read in full.

	DownRevision   []string
	DependsOn      []string // ids, even if the file names a label
	BranchLabels   []string
	StatementsDone int    // of an unfinished revision
	Checksum       string // of the up script; of an unfinished revision, see CutSent
	Reversible     bool   // a down script is stored; see Tables.DownScripts
	Message        string
	AppliedAt      time.Time
	Duration       time.Duration
	AppliedBy      string
	AppliedFrom    string
	BinaryVersion  string
}

// State is the content of a ledger.
type State struct {
	Exists     bool // false if the database has no ledger
	Format     int
	Generation int64
	Rows       []Row // sorted by revision
	Citus      bool  // the database has the Citus extension; false if there is no ledger
	// Replaced is, for revisions that were recorded in the place of others, which these were: from the events. Nil: not read.
	Replaced map[string][]string
}

// Event is an entry of the event log.
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

// Action is what an event records.
type Action string

// The actions of the event log.
const (
	Up             Action = "up"
	Down           Action = "down"
	Stamped        Action = "stamp"
	Failed         Action = "failed"
	Interrupted    Action = "interrupted"
	Repair         Action = "repair"
	Adopted        Action = "adopt"
	FormatUpgraded Action = "format"
	Fingerprinted  Action = "fingerprint" // see Fingerprints
	Replaced       Action = "replace"     // rows were exchanged for that of the revision that replaces theirs
)

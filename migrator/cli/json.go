package cli

import "time"

// The documents of --json. Names are the header's keys where there is one; lists are
// never null; times are RFC 3339 in UTC, durations milliseconds. What does not apply is
// left out, except in lists.

// moveDocument is that of up, down and to.
type moveDocument struct {
	From   []string        `json:"from"`   // the current revisions before
	To     []string        `json:"to"`     // and after
	Steps  []doneDocument  `json:"steps"`  // what this run committed, also beside an error
	Others []otherDocument `json:"others"` // what another runner did meanwhile
	Ahead  []string        `json:"ahead"`  // applied revisions that this program does not know
	Error  *errorDocument  `json:"error,omitempty"`
}

type stepDocument struct {
	Direction     string `json:"direction"` // "up" or "down"
	Revision      string `json:"revision"`
	Message       string `json:"message"` // its first line
	File          string `json:"file"`    // "" for a script that the ledger keeps
	Transactional bool   `json:"transactional"`
}

type doneDocument struct {
	stepDocument
	DurationMS float64 `json:"duration_ms"`
}

type otherDocument struct {
	Direction   string `json:"direction"`
	Revision    string `json:"revision"`
	AppliedBy   string `json:"applied_by"`
	AppliedFrom string `json:"applied_from"`
}

// planDocument is that of plan.
type planDocument struct {
	From  []string       `json:"from"`
	To    []string       `json:"to"`
	Steps []stepDocument `json:"steps"`
}

// statusDocument is that of status.
type statusDocument struct {
	Current   []string           `json:"current"`
	Heads     []string           `json:"heads"`
	Revisions []revisionDocument `json:"revisions"` // parents first
}

// currentDocument is that of current.
type currentDocument struct {
	Current   []string           `json:"current"`
	Revisions []revisionDocument `json:"revisions"`
}

// headsDocument is that of heads.
type headsDocument struct {
	Heads     []string           `json:"heads"`
	Revisions []revisionDocument `json:"revisions"`
}

// historyDocument is that of history, newest first.
type historyDocument struct {
	Revisions []revisionDocument `json:"revisions"`
}

// showDocument is that of show.
type showDocument struct {
	Revisions []shownDocument `json:"revisions"`
}

// shownDocument is a revision in full: its whole message, and its two scripts. Without a
// down script it cannot be taken down.
type shownDocument struct {
	revisionDocument
	Children []string        `json:"children"`
	Up       *scriptDocument `json:"up"`   // null when only the ledger knows the revision
	Down     *scriptDocument `json:"down"` // null when there is none, or when the ledger has it
}

// revisionDocument is one revision, as far as it is known.
type revisionDocument struct {
	Revision string `json:"revision"`
	// State is "applied", "pending", "changed", "unfinished" or "unknown"; it is left out
	// when no database was looked at.
	State        string     `json:"state,omitempty"`
	Message      string     `json:"message"` // its first line, in show all of it
	DownRevision []string   `json:"down_revision"`
	DependsOn    []string   `json:"depends_on"`
	BranchLabels []string   `json:"branch_labels"`
	Head         bool       `json:"head"`
	File         string     `json:"file"` // the up file; "" when only the ledger knows the revision
	Created      *time.Time `json:"created,omitempty"`
	// Changes say what is no longer as it was applied: "up script", "down_revision",
	// "depends_on", "branch_labels".
	Changes    []string `json:"changes"`
	OutOfOrder bool     `json:"out_of_order"` // pending below an applied one

	// The rest is there when the revision is applied.
	AppliedAt     *time.Time `json:"applied_at,omitempty"`
	DurationMS    *float64   `json:"duration_ms,omitempty"`
	AppliedBy     string     `json:"applied_by,omitempty"`
	AppliedFrom   string     `json:"applied_from,omitempty"`
	BinaryVersion string     `json:"binary_version,omitempty"`
}

type scriptDocument struct {
	File               string   `json:"file"`
	Transactional      bool     `json:"transactional"`
	Statements         int      `json:"statements"`
	LockTimeoutMS      *float64 `json:"lock_timeout_ms,omitempty"`
	StatementTimeoutMS *float64 `json:"statement_timeout_ms,omitempty"`
}

// draftDocument is that of revision.
type draftDocument struct {
	Revision     string   `json:"revision"`
	DownRevision []string `json:"down_revision"`
	Files        []string `json:"files"` // the up file, the down file
	Next         string   `json:"next"`  // the command to type when the SQL is written
}

// versionDocument is that of version.
type versionDocument struct {
	Program   string   `json:"program"`
	Version   string   `json:"version"`
	Commit    string   `json:"commit,omitempty"`
	Built     string   `json:"built,omitempty"`
	Go        string   `json:"go"`
	Platform  string   `json:"platform"`
	Revisions int      `json:"revisions"` // how many are built in
	Heads     []string `json:"heads"`
}

// failedDocument is that of every command that failed before it had a result.
type failedDocument struct {
	Error *errorDocument `json:"error"`
}

// errorDocument says what went wrong. Kind is one of
//
//	revision                                              exit code 1
//	usage, configuration, target, irreversible,
//	other-ledger, not-transactional, unfinished           2
//	policy, newer-ledger, foreign-revisions, undecided    4
//	busy, lock-timeout                                    5
//	connect, ledger, database, unknown-outcome            6
//	files                                                 7
//	interrupted                                           130, 143
//	other                                                 1
type errorDocument struct {
	Kind     string            `json:"kind"`
	Exit     int               `json:"exit"` // the exit code
	Message  string            `json:"message"`
	Revision string            `json:"revision,omitempty"`
	File     string            `json:"file,omitempty"`
	Line     int               `json:"line,omitempty"`
	Column   int               `json:"column,omitempty"`
	SQLState string            `json:"sqlstate,omitempty"`
	Detail   string            `json:"detail,omitempty"`
	Hint     string            `json:"hint,omitempty"`
	Choices  []string          `json:"choices,omitempty"`  // what could be typed instead of a target
	Problems []problemDocument `json:"problems,omitempty"` // everything that is wrong with the files
}

type problemDocument struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

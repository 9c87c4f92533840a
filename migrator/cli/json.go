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

// currentDocument is that of current, also when --check-heads exits with 3.
type currentDocument struct {
	Current   []string           `json:"current"`
	AtHeads   bool               `json:"at_heads"` // every revision of the program is applied
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
	// "depends_on", "branch_labels", "down script".
	Changes    []string `json:"changes"`
	OutOfOrder bool     `json:"out_of_order"` // pending below an applied one
	// There is a way down: a file, or what the ledger keeps.
	Reversible bool `json:"reversible"`
	// Of an unfinished revision: where it was going, "up" or "down", and how many of its
	// statements are finished.
	Direction      string `json:"direction,omitempty"`
	StatementsDone *int   `json:"statements_done,omitempty"`

	// The rest is there when the revision is applied. Of an unfinished one applied_at is
	// when it was begun.
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

// draftDocument is that of revision and merge.
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
//	other-ledger, not-transactional, unfinished,
//	adopt, repair                                         2
//	found                                                 3
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

// ensureDocument is that of ensure-version.
type ensureDocument struct {
	Ledger  string `json:"ledger"`
	Created bool   `json:"created"` // false: it was there
}

// checkDocument is that of check, also when it exits with 3.
type checkDocument struct {
	Findings []findingDocument `json:"findings"`
}

// findingDocument is one finding. Kind is "pending", "out-of-order", "changed",
// "unfinished", "heads", "empty", "irreversible" or "files".
type findingDocument struct {
	Kind     string `json:"kind"`
	Revision string `json:"revision,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Message  string `json:"message"`
}

// logDocument is that of log, newest first.
type logDocument struct {
	Events []eventDocument `json:"events"`
}

// eventDocument is one event. Action is "up", "down", "stamp", "failed", "interrupted",
// "repair", "adopt" or "format".
type eventDocument struct {
	Event         int64     `json:"event"`
	At            time.Time `json:"at"`
	Action        string    `json:"action"`
	Revision      string    `json:"revision,omitempty"`
	Message       string    `json:"message,omitempty"`
	Direction     string    `json:"direction,omitempty"`
	DurationMS    float64   `json:"duration_ms"`
	AppliedBy     string    `json:"applied_by"`
	AppliedFrom   string    `json:"applied_from"`
	BinaryVersion string    `json:"binary_version"`
	Run           string    `json:"run"` // the same for all events of one run
	Detail        string    `json:"detail,omitempty"`
}

// repairDocument is that of repair.
type repairDocument struct {
	Recorded string `json:"recorded"` // the decision in words, as in the event log
}

// adoptDocument is that of adopt.
type adoptDocument struct {
	Tool      string   `json:"tool"`  // "" for a baseline
	Table     string   `json:"table"` // likewise
	Versions  []string `json:"versions"`
	Revisions []string `json:"revisions"` // recorded as applied
	DryRun    bool     `json:"dry_run"`
}

// basesDocument is that of bases.
type basesDocument struct {
	Bases     []string           `json:"bases"`
	Revisions []revisionDocument `json:"revisions"`
}

// branchesDocument is that of branches, parents first.
type branchesDocument struct {
	BranchPoints []branchPointDocument `json:"branch_points"` // what several revisions build on
	Labels       []labelDocument       `json:"labels"`
}

type branchPointDocument struct {
	revisionDocument
	Children []string `json:"children"`
}

type labelDocument struct {
	Label    string   `json:"label"`
	Revision string   `json:"revision"` // where the branch begins
	Heads    []string `json:"heads"`    // of the branch
}

// editDocument is that of edit.
type editDocument struct {
	Files   []string `json:"files"`          // that were opened
	Changed []string `json:"changed"`        // those of them that the editor changed
	Next    string   `json:"next,omitempty"` // the command to type, when something was changed
}

// rebaseDocument is that of rebase.
type rebaseDocument struct {
	Revision     string   `json:"revision"`
	From         []string `json:"from"`           // what came before it
	DownRevision []string `json:"down_revision"`  // what comes before it now
	Files        []string `json:"files"`          // that were changed: the up file, or none when there was nothing to do
	Heads        []string `json:"heads"`          // of all revisions, afterwards
	Next         string   `json:"next,omitempty"` // the command to type, when something was changed
}

// initDocument is that of init.
type initDocument struct {
	Dir     string   `json:"dir"`
	Module  string   `json:"module"`
	Replace string   `json:"replace,omitempty"` // the checkout of this module that go.mod leads to
	Files   []string `json:"files"`             // that were written
	Next    string   `json:"next"`              // the command to type
}

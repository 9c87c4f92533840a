package cli

import "time"

// The documents of --json. A field that corresponds to a key of a revision's header has the
// name of the key. Lists are never null; times are RFC 3339 in UTC, durations milliseconds.
// Fields that do not apply are omitted, except lists.

// moveDocument is printed by up, down, to, redo and stamp.
type moveDocument struct {
	From  []string       `json:"from"`  // the current revisions before the run
	To    []string       `json:"to"`    // the current revisions afterwards
	Steps []doneDocument `json:"steps"` // the steps that this run committed, also if it failed
	// revisions that the run has recorded in the place of those that they replace, before its first step
	Replaced []replacementDocument `json:"replaced,omitempty"`
	Others   []otherDocument       `json:"others"` // steps that another runner committed meanwhile
	Ahead    []string              `json:"ahead"`  // applied revisions that this program does not contain
	Error    *errorDocument        `json:"error,omitempty"`
}

type stepDocument struct {
	Direction     string `json:"direction"` // "up" or "down"
	Revision      string `json:"revision"`
	Message       string `json:"message"` // its first line
	File          string `json:"file"`    // "" for a down script stored in the ledger
	Transactional bool   `json:"transactional"`
}

type doneDocument struct {
	stepDocument
	DurationMS float64 `json:"duration_ms"`
	// nodes of a Citus cluster that have prepared their part of the commit, and where Citus
	// completes it later
	PendingOn []string `json:"pending_on,omitempty"`
}

type otherDocument struct {
	Direction   string `json:"direction"`
	Revision    string `json:"revision"`
	AppliedBy   string `json:"applied_by"`
	AppliedFrom string `json:"applied_from"`
}

// planDocument is printed by plan, and with --dry-run.
type planDocument struct {
	From  []string       `json:"from"`
	To    []string       `json:"to"`
	Steps []stepDocument `json:"steps"`
	// revisions that would be recorded in the place of those that they replace, before the first step
	Replacements []replacementDocument `json:"replacements,omitempty"`
}

// replacementDocument is a revision with the key replaces, in a database that has revisions in its place.
type replacementDocument struct {
	Revision string `json:"revision"`
	Message  string `json:"message"`
	// "complete": it counts as applied; "partial": the database lacks some of them; "both": the database has it and some of
	// them; "newer": a newer program has recorded it in their place, and this one, which lacks it, counts them as applied
	State      string   `json:"state"`
	Recorded   []string `json:"recorded"`             // the replaced revisions that the database has
	Missing    []string `json:"missing,omitempty"`    // those that it lacks; of "newer", those that the program lacks
	Unfinished []string `json:"unfinished,omitempty"` // those that were interrupted
}

// writtenDocument is printed by revision and merge.
type writtenDocument struct {
	Revision     string   `json:"revision"`
	DownRevision []string `json:"down_revision"`
	Files        []string `json:"files"` // the up file and the down file
	Next         string   `json:"next"`  // the command to run after writing the SQL
}

// versionDocument is printed by version.
type versionDocument struct {
	Program   string   `json:"program"`
	Version   string   `json:"version"`
	Commit    string   `json:"commit,omitempty"`
	Built     string   `json:"built,omitempty"`
	Go        string   `json:"go"`
	Platform  string   `json:"platform"`
	Revisions int      `json:"revisions"` // the number of embedded revisions
	Heads     []string `json:"heads"`
}

// graphDocument is printed by graph.
type graphDocument struct {
	Format    string `json:"format"`            // "mermaid", "dot" or "svg"
	Revisions int    `json:"revisions"`         // the number of revisions in the picture
	Links     int    `json:"links"`             // the number of lines between them
	File      string `json:"file,omitempty"`    // what --out named
	Picture   string `json:"picture,omitempty"` // unless it was written to a file
}

// reportDocument is printed by report.
type reportDocument struct {
	Database  bool   `json:"database"`       // a database was read
	Revisions int    `json:"revisions"`      // the number of revisions in the page
	InFull    int    `json:"in_full"`        // the number of them that are shown with their SQL
	Findings  int    `json:"findings"`       // the number of findings in the page
	Events    int    `json:"events"`         // the number of events in the page
	File      string `json:"file,omitempty"` // what --out named
	HTML      string `json:"html,omitempty"` // the page, unless it was written to a file
}

// fleetDocument is printed by up, down, to, stamp, plan, status and check for many targets.
type fleetDocument struct {
	countsDocument
	Targets []targetDocument `json:"targets"` // in order
	Error   *errorDocument   `json:"error,omitempty"`
}

// countsDocument is the last line of --json-lines.
type countsDocument struct {
	Done       int `json:"done"`
	Changed    int `json:"changed"` // the targets on which something was done, also if they failed
	Failed     int `json:"failed"`
	NotStarted int `json:"not_started"`
	// of check: what is wrong with the files themselves
	Findings []findingDocument `json:"findings,omitempty"`
}

// targetDocument is one of many targets, and a line of --json-lines. State is "done", "failed"
// or "not-started".
type targetDocument struct {
	Target   string          `json:"target"`
	Database string          `json:"database"`
	Schema   string          `json:"schema,omitempty"`
	State    string          `json:"state"`
	Run      *moveDocument   `json:"run,omitempty"`    // of up, down, to and stamp, also if it failed
	Plan     *planDocument   `json:"plan,omitempty"`   // of plan
	Status   *statusDocument `json:"status,omitempty"` // of status
	Check    *checkDocument  `json:"check,omitempty"`  // of check: how the database differs from the files
	Error    *errorDocument  `json:"error,omitempty"`
}

// The states of a targetDocument.
const (
	stateDone       = "done"
	stateFailed     = "failed"
	stateNotStarted = "not-started"
)

// failedDocument is printed by a command that fails before it has a result.
type failedDocument struct {
	Error *errorDocument `json:"error"`
}

// errorDocument is an error. Its kinds and their exit codes are listed in docs/errors.md.
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
	Choices  []string          `json:"choices,omitempty"`  // valid targets
	Commands []string          `json:"commands,omitempty"` // what to run next: alternatives, the most likely one first
	Problems []problemDocument `json:"problems,omitempty"` // all problems of the files
	Guard    *guardDocument    `json:"guard,omitempty"`    // of the kind "guard"
}

// guardDocument is the table because of which --guard stopped a revision.
type guardDocument struct {
	Table      string `json:"table"`
	Does       string `json:"does"`       // what the statement does: "rewrites" or "scans"
	Before     bool   `json:"before"`     // it was stopped before it did so
	SizeBytes  int64  `json:"size_bytes"` // with TOAST, without indexes
	LimitBytes int64  `json:"limit_bytes"`
}

type problemDocument struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

// ensureDocument is printed by ensure-version.
type ensureDocument struct {
	Ledger  string `json:"ledger"`
	Created bool   `json:"created"` // false if it already existed
}

// checkDocument is printed by check, also if it exits with 3.
type checkDocument struct {
	Findings []findingDocument `json:"findings"`
	Commands []string          `json:"commands,omitempty"` // what to run next
}

// findingDocument is one finding. Kind is "pending", "out-of-order", "changed",
// "unfinished", "heads", "empty", "unwritten", "irreversible", "accept", "destroys", "using", "schema", "files",
// "ledger", "replaced", "other-tool" or "drift".
type findingDocument struct {
	Kind     string `json:"kind"`
	Revision string `json:"revision,omitempty"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Message  string `json:"message"`
}

// logDocument is printed by log, newest first. If log fails after it has printed events, error
// follows them.
type logDocument struct {
	Events []eventDocument `json:"events"`
	Error  *errorDocument  `json:"error,omitempty"`
}

// eventDocument is one event. Action is "up", "down", "stamp", "failed", "interrupted",
// "repair", "adopt", "replace", "format" or "fingerprint".
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

// repairDocument is printed by repair.
type repairDocument struct {
	Recorded string `json:"recorded"` // the decision as text, as in the event log
}

// adoptDocument is printed by adopt.
type adoptDocument struct {
	Tool      string   `json:"tool"`  // "" for a baseline
	Table     string   `json:"table"` // "" for a baseline
	Versions  []string `json:"versions"`
	Revisions []string `json:"revisions"` // recorded as applied
	DryRun    bool     `json:"dry_run"`
}

// editDocument is printed by edit.
type editDocument struct {
	Files   []string `json:"files"`          // the files that were opened
	Changed []string `json:"changed"`        // the files that the editor changed
	Next    string   `json:"next,omitempty"` // the command to run next, if something was changed
}

// rebaseDocument is printed by rebase.
type rebaseDocument struct {
	Revision     string   `json:"revision"`
	From         []string `json:"from"`           // its down revisions before
	DownRevision []string `json:"down_revision"`  // its down revisions now
	Files        []string `json:"files"`          // the changed files: the up file, or none if there was nothing to do
	Heads        []string `json:"heads"`          // of all revisions, afterwards
	Next         string   `json:"next,omitempty"` // the command to run next, if something was changed
}

// initDocument is printed by init.
type initDocument struct {
	Dir     string   `json:"dir"`
	Module  string   `json:"module"`
	Replace string   `json:"replace,omitempty"` // the checkout of this module that go.mod refers to
	Files   []string `json:"files"`             // the files that were written
	Kept    []string `json:"kept"`              // the files that existed and were left as they are
	Next    string   `json:"next"`              // the command to run next
}

// list returns s, or an empty list for nil, which JSON would show as null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

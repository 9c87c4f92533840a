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

// statusDocument is printed by status.
type statusDocument struct {
	Current   []string           `json:"current"`
	Heads     []string           `json:"heads"`
	Revisions []revisionDocument `json:"revisions"`        // parents first
	Runner    string             `json:"runner,omitempty"` // another runner at work, with its revision
	// revisions that replace some which the database has
	Replacements []replacementDocument `json:"replacements,omitempty"`
	// omitted unless the last run recorded a fingerprint of the schema
	Schema *schemaStatusDocument `json:"schema,omitempty"`
}

// schemaStatusDocument compares the schema with what the last run left.
type schemaStatusDocument struct {
	State       string    `json:"state"`       // "unchanged", "changed", "access changed" (owners or privileges) or "not compared"
	Fingerprint string    `json:"fingerprint"` // of the schema that the run left
	At          time.Time `json:"at"`          // when the run ended
	By          string    `json:"by"`
	From        string    `json:"from"`
	Earlier     bool      `json:"earlier,omitempty"` // it had changed before that run; the fingerprint is that of an earlier one
	Reason      string    `json:"reason,omitempty"`  // why the schema could not be read
}

// currentDocument is printed by current, also if --check-heads exits with 3.
type currentDocument struct {
	Current   []string           `json:"current"`
	AtHeads   bool               `json:"at_heads"` // every revision of the program is applied
	Revisions []revisionDocument `json:"revisions"`
	Runner    string             `json:"runner,omitempty"` // another runner at work, with its revision
}

// headsDocument is printed by heads.
type headsDocument struct {
	Heads     []string           `json:"heads"`
	Revisions []revisionDocument `json:"revisions"`
}

// historyDocument is printed by history, newest first.
type historyDocument struct {
	Revisions []revisionDocument `json:"revisions"`
}

// showDocument is printed by show.
type showDocument struct {
	Revisions []shownDocument `json:"revisions"`
}

// shownDocument is a revision in full, with its whole message and its two scripts. Without a
// down script it cannot be reverted.
type shownDocument struct {
	revisionDocument
	Children []string        `json:"children"`
	Up       *scriptDocument `json:"up"`   // null if only the ledger contains the revision
	Down     *scriptDocument `json:"down"` // null if there is none, or if it is stored in the ledger
}

// revisionDocument is a revision.
type revisionDocument struct {
	Revision string `json:"revision"`
	// "applied", "pending", "changed" (modified), "unfinished", "unknown" or "replaced" (applied, and replaced by a revision
	// that cannot take its place yet); omitted if no database was read
	State        string     `json:"state,omitempty"`
	Message      string     `json:"message"` // its first line; in show, the whole message
	DownRevision []string   `json:"down_revision"`
	DependsOn    []string   `json:"depends_on"`
	BranchLabels []string   `json:"branch_labels"`
	Replaces     []string   `json:"replaces,omitempty"` // the revisions in whose place it came
	Head         bool       `json:"head"`
	File         string     `json:"file"` // the up file; "" if only the ledger contains the revision
	Created      *time.Time `json:"created,omitempty"`
	// what was modified after the revision was applied: "up script", "down_revision",
	// "depends_on", "branch_labels", "down script"
	Changes    []string `json:"changes"`
	OutOfOrder bool     `json:"out_of_order"` // pending, but a revision above it is applied
	Reversible bool     `json:"reversible"`   // it has a down script, as a file or stored in the ledger

	Direction      string `json:"direction,omitempty"`       // of an unfinished revision: "up" or "down"
	StatementsDone *int   `json:"statements_done,omitempty"` // of an unfinished revision: the number of statements that are done

	// when it was recorded; omitted, like the fields below, if the revision is not applied; for a
	// revision without a transaction, the time when it was started
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

// logDocument is printed by log, newest first.
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

// basesDocument is printed by bases.
type basesDocument struct {
	Bases     []string           `json:"bases"`
	Revisions []revisionDocument `json:"revisions"`
}

// branchesDocument is printed by branches, parents first.
type branchesDocument struct {
	BranchPoints []branchPointDocument `json:"branch_points"` // revisions with several children
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

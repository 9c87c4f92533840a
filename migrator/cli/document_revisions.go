package cli

import "time"

// The documents of commands that show revisions.

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

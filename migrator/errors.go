package migrator

import (
	"strconv"
	"strings"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// Kind classifies an error. The exit codes and the JSON documents of the command line and the
// table in docs/errors.md are organized by it.
type Kind string

// The kinds.
const (
	KindFiles            Kind = "files"             // *FilesError, *SchemaFileError
	KindConfiguration    Kind = "configuration"     // *ConfigError
	KindEngine           Kind = "engine"            // *ConnectError
	KindCitus            Kind = "citus"             // *CitusError
	KindTarget           Kind = "target"            // *TargetError
	KindIrreversible     Kind = "irreversible"      // *RefusedError
	KindUnfinished       Kind = "unfinished"        // *RefusedError
	KindNotTransactional Kind = "not-transactional" // *RefusedError
	KindUndecided        Kind = "undecided"         // *RefusedError
	KindRepair           Kind = "repair"            // *RefusedError
	KindAdopt            Kind = "adopt"             // *AdoptError
	KindPolicy           Kind = "policy"            // *PolicyError
	KindReplaced         Kind = "replaced"          // *ReplacedError
	KindConnect          Kind = "connect"           // *ConnectError
	KindDatabase         Kind = "database"          // *ConnectError, when the connection was lost or the server refused our own statement; *RevisionError, when the server is to blame
	KindLedger           Kind = "ledger"            // *LedgerError
	KindOtherLedger      Kind = "other-ledger"      // *LedgerError
	KindNewerLedger      Kind = "newer-ledger"      // *LedgerError
	KindForeignRevisions Kind = "foreign-revisions" // *LedgerError
	KindRevision         Kind = "revision"          // *RevisionError
	KindLockTimeout      Kind = "lock-timeout"      // *LockTimeoutError, *RefusedError, *LedgerError
	KindGuard            Kind = "guard"             // *GuardError
	KindBusy             Kind = "busy"              // *BusyError
	KindInterrupted      Kind = "interrupted"       // *InterruptedError
	KindUnconfirmed      Kind = "unconfirmed"       // *UnconfirmedError
	KindUnknownOutcome   Kind = "unknown-outcome"   // *UnknownOutcomeError
	KindSchema           Kind = "schema"            // *SchemaError, *DraftError, *DataError
	KindScratch          Kind = "scratch"           // *ScratchError
	KindSquash           Kind = "squash"            // *SquashError
	KindWrite            Kind = "write"             // *revision.WriteError
)

// failure is the message and the cause of an error. Error types embed it.
type failure struct {
	err   error
	cause error // nil: err
}

// Error returns what happened: facts, without advice about a command line.
func (f failure) Error() string {
	if f.err == nil {
		return "unknown failure"
	}
	return f.err.Error()
}

// Unwrap returns the cause; a *pgconn.PgError is in its chain when the server sent one.
func (f failure) Unwrap() error {
	if f.cause != nil {
		return f.cause
	}
	return f.err
}

// FilesError reports all problems of the files. Nothing was run.
type FilesError struct {
	Problems []revision.Problem // sorted by file and line; empty if a file cannot be read
	failure
}

// Kind returns KindFiles.
func (e *FilesError) Kind() Kind { return KindFiles }

// ConfigError reports an invalid value of a setting. Nothing was run.
type ConfigError struct {
	Setting string // its name on the command line
	Value   string
	Choices []string // the valid values, if there are few
	Reason  string   // why the value is invalid, if Choices is nil
}

// Error returns the setting, its value and what is wrong.
func (e *ConfigError) Error() string {
	reason := e.Reason
	if reason == "" {
		reason = "must be one of " + strings.Join(e.Choices, ", ")
	}
	return e.Setting + " " + text.Visible(strconv.Quote(e.Value)) + ": " + reason
}

// Kind returns KindConfiguration.
func (e *ConfigError) Kind() Kind { return KindConfiguration }

// TargetError reports a target that cannot be resolved or is not allowed. Nothing was run.
type TargetError struct {
	Verb    Verb       // the operation, or "show", "history", "from", "repair", "adopt"
	Target  string     // as it was given; "" if it is missing
	Reason  string     // why it was refused, without operation and target
	Problem graph.Kind // the kind of reason; "" for a wrong number of targets
	// Revisions are the ids that the target may refer to, or where the walk could go on, if
	// there are several.
	Revisions []string
	// Choices are valid targets for the same operation, if any can be offered. One with a
	// space is a list of targets.
	Choices []string
	// Reverts are the numbers of revisions that each of Choices would revert, 0 for one that
	// leads to another choice. Nil except in a downgrade across a merge.
	Reverts []int
	// Steps is the target that a number without a sign was probably meant as: -2 for 2, or
	// base if fewer revisions are applied. "" if there is none.
	Steps string
	// Example shows the required form of the target where Choices cannot.
	Example string
}

// Error returns the operation, the target and what is wrong.
func (e *TargetError) Error() string {
	return (&graph.TargetError{Kind: e.Problem, Verb: string(e.Verb), Target: e.Target, Reason: e.Reason}).Error()
}

// Kind returns KindTarget.
func (e *TargetError) Kind() Kind { return KindTarget }

// RefusedError reports a revision that is not run, or a decision that is not recorded, because
// of the state of a revision. Steps before it may be committed: see the Report.
type RefusedError struct {
	Reason            Refusal
	Revision, Message string
	File              string // "" if there is none; of an irreversible revision, the missing down file
	Unwritten         bool   // of an irreversible revision: the down file exists, but its script is still to be written
	Replaces          int    // of an irreversible revision: how many it replaces, see Migrator.Squash
	Above             bool   // of one that replaces others: revisions above it are applied
	Others            bool   // of one that replaces others: revisions that are not above it are applied as well
	// Recorded, of an irreversible revision, is the one that a newer program has recorded in its place; "" otherwise.
	Recorded string
	Line     int // of Statement
	// Of an unfinished revision: what was interrupted, how many statements are done, and
	// the verb and targets that finish it (nil when the files do not have its script).
	Direction      Direction
	StatementsDone int
	Finish         []string
	Statement      string // in doubt
	// Of RefusedPooler: the pooler's name, and the host and port of the server behind it, as
	// far as its address tells; "" otherwise.
	Pooler, Direct string
	Index          string // being built elsewhere
	failure
}

// Refusal is the reason of a RefusedError.
type Refusal string

// The refusals.
const (
	// RefusedIrreversible: a downgrade through a revision without a down script.
	RefusedIrreversible Refusal = "irreversible"
	// RefusedUnfinished: another revision was interrupted and has to be finished first.
	RefusedUnfinished Refusal = "unfinished"
	// RefusedPooler: a non-transactional revision, and a connection pooler in between.
	RefusedPooler Refusal = "through a pooler"
	// RefusedSingleTransaction: a non-transactional revision in a single transaction.
	RefusedSingleTransaction Refusal = "in a single transaction"
	// RefusedFileModified: an unfinished revision whose done statements were modified.
	RefusedFileModified Refusal = "file modified"
	// RefusedUnknownOutcome: nobody saw the end of a statement, and the catalog does not show it.
	RefusedUnknownOutcome Refusal = "outcome unknown"
	// RefusedIndexBuild: another session is building the index that a revision builds.
	RefusedIndexBuild Refusal = "index being built"
	// RefusedRepair: there is no occasion for the decision.
	RefusedRepair Refusal = "nothing to repair"
)

// Kind depends on the reason.
func (e *RefusedError) Kind() Kind {
	switch e.Reason {
	case RefusedIrreversible:
		return KindIrreversible
	case RefusedUnfinished:
		return KindUnfinished
	case RefusedFileModified, RefusedUnknownOutcome:
		return KindUndecided
	case RefusedIndexBuild:
		return KindLockTimeout
	case RefusedRepair:
		return KindRepair
	}
	return KindNotTransactional
}

// PolicyError reports that a policy stopped the run before its first step.
type PolicyError struct {
	Policy    string   // "ahead", "changed" or "out-of-order"
	Revisions []string // that violate it
	Pending   []string // of "ahead": what would have been applied
	Above     []string // of "out-of-order": an applied revision above each of Revisions
	// Foreign, of "ahead", are version tables of other tools, "schema.table (tool)", in a
	// database without a ledger. Adoptable: Adopt can read one of them.
	Foreign   []string
	Adoptable bool
	failure
}

// Kind returns KindPolicy.
func (e *PolicyError) Kind() Kind { return KindPolicy }

// AdoptError reports a database that cannot be adopted. Nothing was recorded.
type AdoptError struct {
	Problem AdoptProblem
	Table   string   // the version table; "" when there is none
	Tables  []string // of AdoptSeveralTables and AdoptNoTable: those that were found, with their tools
	failure
}

// AdoptProblem is the reason of an AdoptError.
type AdoptProblem string

// The problems.
const (
	AdoptAlready        AdoptProblem = "already adopted"
	AdoptNoTable        AdoptProblem = "no version table"
	AdoptSeveralTables  AdoptProblem = "several version tables"
	AdoptWrongTable     AdoptProblem = "not a version table"
	AdoptUnknownTool    AdoptProblem = "unknown tool"
	AdoptUnknownVersion AdoptProblem = "unknown version"
	AdoptMissingVersion AdoptProblem = "missing version"
	AdoptDirtyVersion   AdoptProblem = "dirty version"
)

// Kind returns KindAdopt.
func (e *AdoptError) Kind() Kind { return KindAdopt }

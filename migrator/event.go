package migrator

import (
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
)

// Event is something that happened during a call: one of the types below.
type Event interface {
	// Source tells which call an event belongs to.
	Source() Origin
}

// Origin is the database that an event is about. It is part of every event.
type Origin struct {
	Database string // its name, as configured
	Target   string // Config.Target, or the name of a target of a fleet
}

// Source returns the origin itself.
func (o Origin) Source() Origin { return o }

// Connecting reports a failed attempt to connect; another one follows.
type Connecting struct {
	Origin
	Err error // a *ConnectError
}

// Planned reports the plan of a run, once.
type Planned struct {
	Origin
	From, To []string // as in a Plan
	Steps    []Step
	// Stamp: the steps change the ledger and run nothing.
	Stamp bool
}

// StepStarted reports a step that is about to be sent.
type StepStarted struct {
	Origin
	Step Step
}

// StepFinished reports a step that is committed. It is durable when the run returns.
type StepFinished struct {
	Origin
	Step Step
}

// StepUndone reports a committed step that the server has lost in a crash or a failover. It
// is no longer in the report, and is run again.
type StepUndone struct {
	Origin
	Step Step
}

// StepRetrying reports a step that did not get a lock in time; it was rolled back, and is
// tried again after a pause.
type StepRetrying struct {
	Origin
	Step  Step
	Err   *RevisionError
	Try   int // the one that failed, from 1
	Pause time.Duration
}

// StepBlocked reports a step that waits for locks of other sessions: when the wait is
// noticed, when the sessions change, and every ten seconds.
type StepBlocked struct {
	Origin
	Step     Step
	Blockers []Session
	Waited   time.Duration // since the step was started
}

// IndexProgress reports an index build in progress, every ten seconds.
type IndexProgress struct {
	Origin
	Step        Step
	Index       string // "" for one that a transaction makes, which others do not see before it commits
	Table       string // "" for one that the same transaction makes
	Phase       string // PostgreSQL manual, "CREATE INDEX Progress Reporting"
	Done, Total int64  // blocks, tuples or lockers of this phase; Total 0 when unknown
	Running     time.Duration
}

// StepProgress reports how far the step in progress is, once a second, after the first
// second.
type StepProgress struct {
	Origin
	Step       Step
	Done, Of   int   // statements; Done is 0 while the server does not tell
	Rows       int64 // of the COPY in progress, on PostgreSQL 14 and newer; 0 when there is none
	Running    time.Duration
	Index, Len int // of the step among those sent together, from 1
}

// Repaired reports what an interrupted statement left behind, and the statement that is
// about to remove or finish it.
type Repaired struct {
	Origin
	Step      Step
	Object    string // qualified and quoted
	Problem   string
	Statement string
}

// Notice reports a message of the server for a revision.
type Notice struct {
	Origin
	Step           Step
	Line           int    // of the statement, in Step.File; 0 when it is not about a statement
	Severity, Text string // NOTICE, WARNING, INFO, LOG or DEBUG, in English whatever the server's language
	Detail, Hint   string
	SQLState       string
}

// Waiting reports another runner that holds the ledger's lock: when the wait is no longer
// a moment, and every ten seconds.
type Waiting struct {
	Origin
	Holder Session
	Waited time.Duration
}

// FileModified reports an applied revision whose files were modified since.
type FileModified struct {
	Origin
	Revision, File string
	Changes        []string // see RevisionStatus
}

// RevisionUnfinished reports an unfinished revision when there is nothing else to do.
type RevisionUnfinished struct {
	Origin
	Revision string
	Finish   []string // the verb and targets that finish it; nil when the files do not have its script
}

// SchemaDrifted reports that somebody has changed the schema since the last run recorded its fingerprint, before this run
// changes it. State is SchemaChanged or SchemaAccessChanged.
type SchemaDrifted struct {
	Origin
	State SchemaState
}

// SchemaUncompared reports that Check could not find out whether the schema is what the last run left: Schema is of
// SchemaNotCompared.
type SchemaUncompared struct {
	Origin
	Schema *SchemaStatus
}

// RevisionsReplaced reports that the rows of replaced revisions were exchanged for that of the one in their place.
type RevisionsReplaced struct {
	Origin
	Replacement Replacement
}

// ConnectionLost reports a lost connection; the run connects again and looks what became
// of the step in progress.
type ConnectionLost struct {
	Origin
	Err error
}

// Deferred reports a target of a fleet that did not get a lock in time. It is tried again
// after the other targets.
type Deferred struct {
	Origin
	Err error // as in an Outcome
}

// WorkerStopped reports that a fleet continues with fewer workers, because the server has no
// connection left for another one.
type WorkerStopped struct {
	Origin
	Workers int   // that remain
	Err     error // a *ConnectError
}

// Session is a session of the server, or a prepared transaction, that holds a lock.
type Session struct {
	PID         string // "" for a prepared transaction
	Application string // of another runner: program, revision, host and process
	User        string
	Address     string        // "" for a socket, or when this role may not see it
	State       string        // "active", "idle in transaction"; "" when this role may not see it
	Query       string        // its beginning; "" likewise
	Running     time.Duration // how long its transaction has been running; zero likewise
	// Prepared is the name of a prepared transaction; Running is since it was prepared.
	Prepared string
}

// String describes the session on one line.
func (s Session) String() string { return apply.Session(s).String() }

func newEvent(o Origin, event apply.Event) Event {
	switch e := event.(type) {
	case apply.Started:
		return StepStarted{o, newStep(e.Step, 0)}
	case apply.Finished:
		return StepFinished{o, newDoneStep(e.Step, e.Duration, e.PendingOn)}
	case apply.Undone:
		return StepUndone{o, newStep(e.Step, 0)}
	case apply.Retrying:
		return StepRetrying{o, newStep(e.Step, 0), newRevisionError(e.Err), e.Try, e.Pause}
	case apply.Blocked:
		return StepBlocked{o, newStep(e.Step, 0), each(e.Blockers, func(s apply.Session) Session { return Session(s) }), e.Waited}
	case apply.IndexProgress:
		return IndexProgress{o, newStep(e.Step, 0), e.Index, e.Table, e.Phase, e.Done, e.Total, e.Running}
	case apply.Progress:
		return StepProgress{o, newStep(e.Step, 0), e.Done, e.Of, e.Rows, e.Running, e.Index, e.Len}
	case apply.Repaired:
		return Repaired{o, newStep(e.Step, 0), e.Object, e.Problem, e.Statement}
	case apply.Notice:
		return Notice{o, newStep(e.Step, 0), e.Line, e.Severity, e.Text, e.Detail, e.Hint, e.SQLState}
	case apply.Waiting:
		return Waiting{o, Session(e.Holder), e.Waited}
	case session.Connecting:
		return Connecting{o, newError(e.Err)}
	case session.Planned:
		p := newPlan(e.Plan)
		return Planned{o, p.From, p.To, p.Steps, e.Plan.Stamp}
	case session.Modified:
		return FileModified{o, e.Change.Revision, e.Change.File, e.Change.What}
	case session.Unfinished:
		return RevisionUnfinished{o, e.Unfinished.Revision, e.Unfinished.Finish}
	case session.Drifted:
		return SchemaDrifted{o, SchemaState(e.Change)}
	case session.Uncompared:
		return SchemaUncompared{o, newSchemaStatus(e.Drift)}
	case session.Replaced:
		return RevisionsReplaced{o, newReplacement(e.Replacement)}
	case session.Lost:
		return ConnectionLost{o, newError(e.Err)}
	}
	panic("unknown event") // a type without a case above: every test of events would meet it
}

func newPlan(p plan.Plan) *Plan {
	return &Plan{From: p.From, To: p.To, Replacements: each(p.Replacements, newReplacement), Steps: each(p.Steps, func(s plan.Step) Step { return newStep(s, 0) }), plan: p}
}

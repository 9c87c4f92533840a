package apply

import (
	"time"

	"example.com/ambix/migrator/internal/plan"
)

// Event is something that happened during a run: a type that embeds Base.
type Event interface{ event() }

// Base makes a type an Event.
type Base struct{}

func (Base) event() {}

// Started reports a step that is about to be sent.
type Started struct {
	Base
	Step plan.Step
}

// Finished reports a step that is committed.
type Finished struct {
	Base
	Step      plan.Step
	Duration  time.Duration // as the server measured it
	PendingOn []string      // see Result
}

// Undone reports a step that was committed, and that the server lost in a crash or a
// failover. It is run again.
type Undone struct {
	Base
	Step plan.Step
}

// Notice reports a message of the server about a revision's statement. Severity is NOTICE,
// WARNING, INFO, LOG or DEBUG, whatever the server's language.
type Notice struct {
	Base
	Step           plan.Step
	Line           int // of the statement in the step's file; 0 when it is not about a statement
	Severity, Text string
	Detail, Hint   string
	SQLState       string
}

// Waiting reports another runner that holds the lock: after reportAfter, and every
// reportEvery.
type Waiting struct {
	Base
	Holder Session
	Waited time.Duration
}

// Retrying reports a step that did not get a lock in time, and is tried again after a pause.
type Retrying struct {
	Base
	Step  plan.Step
	Err   *RevisionError
	Try   int // the one that failed, from 1
	Pause time.Duration
}

// Repaired reports what an interrupted statement left in the catalog, and the statement
// that is about to remove or complete it.
type Repaired struct {
	Base
	Step      plan.Step
	Object    string // qualified and quoted
	Problem   string
	Statement string
}

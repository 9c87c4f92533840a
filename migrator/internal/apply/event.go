package apply

import (
	"time"

	"example.com/ambix/migrator/internal/plan"
)

// Event is something that happened during a run: one of the types below, or one that
// embeds Base.
type Event interface{ event() }

// Base makes a type an Event.
type Base struct{}

func (Base) event() {}

// Started: a step is about to be sent.
type Started struct {
	Base
	Step plan.Step
}

// Finished: a step is committed.
type Finished struct {
	Base
	Step     plan.Step
	Duration time.Duration // as the server measured it
}

// Notice is what a revision's statement made the server say. Severity is NOTICE,
// WARNING, INFO, LOG or DEBUG, in English whatever the server's language.
type Notice struct {
	Base
	Step           plan.Step
	Line           int // of the statement in the step's file
	Severity, Text string
	Detail, Hint   string
	SQLState       string
}

// Waiting: another runner holds the lock. It is told when the wait is no longer a moment,
// and every so often.
type Waiting struct {
	Base
	Holder Holder
	Waited time.Duration
}

// Retrying: a step did not get a lock in time and is tried again after a pause.
type Retrying struct {
	Base
	Step  plan.Step
	Err   *RevisionError
	Try   int // the one that failed, from 1
	Pause time.Duration
}

// Repaired: what an interrupted statement left in the catalog is about to be removed
// or finished, before the statement runs again.
type Repaired struct {
	Base
	Step      plan.Step
	Object    string // qualified and quoted
	Problem   string
	Statement string // what is run
}

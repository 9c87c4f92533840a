package migrator

import (
	"crypto/rand"
	"encoding/hex"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
)

// The events of a run, beside those of package apply.
type (
	// Started: a step is about to be sent.
	Started = apply.Started
	// Finished: a step is committed.
	Finished = apply.Finished
	// Notice is what a revision's statement made the server say.
	Notice = apply.Notice
	// Waiting: another runner holds the lock.
	Waiting = apply.Waiting
	// Retrying: a step did not get a lock in time and is tried again.
	Retrying = apply.Retrying
	// Blocked: a step waits for locks that others hold.
	Blocked = apply.Blocked
	// IndexProgress: an index build goes on.
	IndexProgress = apply.IndexProgress
	// Repaired: what an interrupted statement left is about to be removed or finished.
	Repaired = apply.Repaired
)

// Connecting: an attempt to connect failed, and another one follows.
type Connecting struct {
	apply.Base
	Err error
}

// Planned: the first plan stands. Later plans hold what is left of it.
type Planned struct {
	apply.Base
	Plan plan.Plan
}

// Changed: an applied revision's file is no longer what was applied.
type Changed struct {
	apply.Base
	Change plan.Change
}

// Halfway: nothing is to be done, but a revision is unfinished. Finish is the command
// that goes on with it, nil when its script is not in the set.
type Halfway struct {
	apply.Base
	Revision string
	Finish   []string
}

// Lost: the connection was lost; the run connects again and looks what happened.
type Lost struct {
	apply.Base
	Err error
}

func (s *Set) emit(e Event) {
	if s.cfg.OnEvent != nil {
		s.cfg.OnEvent(e)
	}
}

// newRun tells the events of one run from those of another.
func newRun() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

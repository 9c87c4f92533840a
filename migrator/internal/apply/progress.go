package apply

import (
	"sync"
	"time"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
)

// Progress reports how far the step in progress is, once per monitorEvery.
type Progress struct {
	Base
	Step       plan.Step
	Done, Of   int   // statements; Done is 0 while the server does not tell
	Rows       int64 // of the COPY in progress; 0 when there is none
	Running    time.Duration
	Index, Len int // of the step in this plan's batch, from 1
}

// tracker reports the steps of a batch as the server gets to them, although their results
// arrive at the end: the monitor tells which one is running.
type tracker struct {
	*Runner
	steps []plan.Step

	mu       sync.Mutex
	started  int // how many steps were reported as started
	finished int // and as finished
	since    time.Time
	done     int // statements of the step in progress
}

func (r *Runner) track(steps ...plan.Step) *tracker {
	t := &tracker{Runner: r, steps: steps}
	t.reached(0, nil)
	return t
}

// reached reports that a step is running, and those before it as committed. durations are
// theirs, by direction and revision, as far as they are known.
func (t *tracker) reached(i int, durations map[string]time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.finished < i; t.finished++ {
		t.start(t.finished)
		s := t.steps[t.finished]
		t.emit(Finished{Step: s, Duration: durations[string(s.Direction)+" "+s.Revision]})
	}
	t.start(i)
}

func (t *tracker) start(i int) {
	if i < t.started || i >= len(t.steps) {
		return
	}
	t.started, t.since, t.done = i+1, time.Now(), 0
	t.reportStarted(t.steps[i])
}

// end reports what was not reported before: the results, and the step after them, which
// failed.
func (t *tracker) end(results []Result, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ; t.finished < len(results); t.finished++ {
		t.start(t.finished)
		t.emit(Finished{Step: *results[t.finished].Step, Duration: results[t.finished].Duration, PendingOn: results[t.finished].PendingOn})
	}
	if failed {
		t.start(len(results))
	}
}

// statements records how many statements of the step in progress are done.
func (t *tracker) statements(done int) {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.done = done
	t.mu.Unlock()
}

// progress returns the state of the step in progress.
func (t *tracker) progress() (Progress, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.started == 0 {
		return Progress{}, false
	}
	s := t.steps[t.started-1]
	return Progress{Step: s, Done: t.done, Of: s.Script.StatementCount(), Running: time.Since(t.since), Index: t.started, Len: len(t.steps)}, true
}

// runningQuery finds what sessions with these application names do: rows of application
// name, and the rows of a COPY where the server counts them (PostgreSQL 14 and newer).
func (r *Runner) runningQuery(names []string) string {
	from := "FROM pg_catalog.pg_stat_activity a"
	rows := "0"
	if r.ServerVersion >= 140000 {
		rows, from = "COALESCE(p.tuples_processed, 0)", from+" LEFT JOIN pg_catalog.pg_stat_progress_copy p ON p.pid OPERATOR(pg_catalog.=) a.pid"
	}
	return "SELECT a.application_name, " + rows + " " + from +
		" WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND a.application_name OPERATOR(pg_catalog.=) ANY (" + ledger.Array(names) + ")"
}

package migrator

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
)

// operation is what is done to one target.
type operation[T any] struct {
	run func(context.Context, *session.Session) (T, error)
	// reconnects: run connects again by itself when the connection is lost.
	reconnects bool
	zero       T // the value of a target that was not begun
}

// job is a target to be worked on.
type job[T any] struct {
	member
	operation[T]
	deferred bool // it is tried for the second time
	outcome  Outcome[T]
}

// firstWait is how long another runner is waited for before a target is deferred.
const firstWait = time.Second

// settingsNow returns the settings for the next try.
func (j *job[T]) settingsNow() session.Settings {
	s := j.settings
	if !j.deferred {
		s.RetryFor, s.WaitRunner = 0, min(s.WaitRunner, firstWait)
	}
	return s
}

// rollout is a run of a fleet in progress. Only the goroutine that iterates uses it.
type rollout[T any] struct {
	*Fleet
	ctx     context.Context
	yield   func(Outcome[T]) bool
	queue   []*job[T] // of the current stage
	idle    []*worker[T]
	workers int // that exist
	limit   int // of workers
	running int
	events  chan workerEvent[T]
	wait    sync.WaitGroup // for workers
	failed  int
	lost    map[string]bool // servers on which no target is begun any more
	// unreached is how many targets failed because of their server: these end a stage's successors,
	// and not the other targets of the stage.
	unreached int
	warm      bool // a worker has connected, or failed to
	stopped   bool // no new target is begun
	left      bool // the loop has ended
}

// rollOut works on all targets, in stages: the canaries, then the waves. If readOnly is true, it
// tries all of them whatever fails.
func rollOut[T any](ctx context.Context, f *Fleet, readOnly bool, begin func(member) operation[T]) iter.Seq[Outcome[T]] {
	return func(yield func(Outcome[T]) bool) {
		r := &rollout[T]{Fleet: f, ctx: ctx, yield: yield, limit: f.config.Workers, lost: map[string]bool{}, events: make(chan workerEvent[T], 2*f.config.Workers)}
		defer r.end()
		jobs := make([]*job[T], len(f.members))
		for i, m := range f.members {
			jobs[i] = &job[T]{member: m, operation: begin(m)}
			jobs[i].outcome.Target = m.Target
		}
		canaries, maxFailed := f.canaries, f.config.MaxFailed
		if readOnly {
			canaries, maxFailed = 0, -1
		}
		if canaries > 0 {
			r.stage(jobs[:canaries], 0)
			jobs = jobs[canaries:]
		}
		for len(jobs) > 0 {
			n := 1
			for n < len(jobs) && jobs[n].Wave == jobs[0].Wave {
				n++
			}
			r.stage(jobs[:n], maxFailed)
			jobs = jobs[n:]
		}
	}
}

// stage works on jobs until all have an outcome.
func (r *rollout[T]) stage(jobs []*job[T], maxFailed int) {
	r.queue = slices.Clone(jobs)
	for {
		r.leaveLost()
		r.assign()
		if r.running == 0 {
			break
		}
		e := <-r.events
		r.warm = true
		if e.job == nil {
			continue // it has only connected
		}
		r.running--
		r.idle = append(r.idle, e.worker)
		r.ended(e, maxFailed)
	}
	r.stopped = r.stopped || r.ctx.Err() != nil || maxFailed >= 0 && r.failed+r.unreached > maxFailed
	for _, j := range r.queue {
		r.leave(j)
	}
}

// leave reports a job that is not begun, or not again.
func (r *rollout[T]) leave(j *job[T]) {
	if !j.deferred {
		j.outcome.Value, j.outcome.Err = j.zero, ErrNotStarted
	}
	r.report(j)
}

// leaveLost leaves the jobs on servers that are lost.
func (r *rollout[T]) leaveLost() {
	if len(r.lost) == 0 {
		return
	}
	var left []*job[T]
	r.queue = slices.DeleteFunc(r.queue, func(j *job[T]) bool {
		lost := r.lost[serverOf(j.Config)]
		if lost {
			left = append(left, j)
		}
		return lost
	})
	for _, j := range left {
		r.leave(j)
	}
}

// serverOf names the server of a database.
func serverOf(cfg *pgconn.Config) string { return fmt.Sprintf("%s\x00%d", cfg.Host, cfg.Port) }

// assign gives work to idle workers. The first connection is awaited before there are more
// workers, so that a server that does not answer is reported once.
func (r *rollout[T]) assign() {
	for len(r.queue) > 0 && !r.stopped && r.ctx.Err() == nil {
		if len(r.idle) == 0 {
			if r.workers == r.limit || r.workers > 0 && !r.warm {
				return
			}
			w := &worker[T]{migrator: r.migrator, jobs: make(chan *job[T], 1), events: r.events}
			if r.workers == 0 {
				w.wait = r.migrator.settings.Wait
			}
			r.workers++
			r.wait.Go(func() { w.work(r.ctx) })
			r.idle = append(r.idle, w)
		}
		w, i := r.choose()
		r.idle = slices.DeleteFunc(r.idle, func(one *worker[T]) bool { return one == w })
		j := r.queue[i]
		r.queue = slices.Delete(r.queue, i, i+1)
		r.running++
		w.jobs <- j
	}
}

// choose returns an idle worker and the index of its next job: the first one for its
// connection, otherwise the first one.
func (r *rollout[T]) choose() (*worker[T], int) {
	for _, w := range r.idle {
		if i := slices.IndexFunc(r.queue, func(j *job[T]) bool { return j.Config == w.config }); i >= 0 {
			return w, i
		}
	}
	return r.idle[0], 0
}

// ended decides what the end of a job means for the others.
func (r *rollout[T]) ended(e workerEvent[T], maxFailed int) {
	j, err := e.job, e.job.outcome.Err
	switch {
	case err == nil:
	case isLimit(err) && r.workers > 1:
		r.dismiss(e.worker, err)
		r.queue = slices.Insert(r.queue, 0, j)
		return
	case isContended(err) && !j.deferred && r.ctx.Err() == nil:
		j.deferred = true
		r.queue = append(r.queue, j)
		r.emit(Deferred{r.origin(j), err})
		return
	case isServerLost(err):
		r.lost[serverOf(j.Config)] = true // of the other servers it says nothing
		r.unreached++
	default:
		r.failed++
		r.stopped = r.stopped || maxFailed >= 0 && r.failed > maxFailed
	}
	r.report(j)
}

// dismiss ends a worker that the server has no connection for.
func (r *rollout[T]) dismiss(w *worker[T], err error) {
	r.idle = slices.DeleteFunc(r.idle, func(one *worker[T]) bool { return one == w })
	close(w.jobs)
	r.workers--
	r.limit = r.workers
	r.emit(WorkerStopped{Origin{Database: w.failed.Database}, r.workers, err})
}

func (r *rollout[T]) report(j *job[T]) {
	if !r.left && !r.yield(j.outcome) {
		r.left, r.stopped = true, true
	}
}

func (r *rollout[T]) origin(j *job[T]) Origin {
	return Origin{Database: j.Config.Database, Target: j.Name}
}

func (r *rollout[T]) emit(e Event) {
	if r.migrator.cfg.OnEvent != nil {
		r.migrator.cfg.OnEvent(e)
	}
}

// end closes the connections. Workers that are still at work, because the loop has panicked,
// finish.
func (r *rollout[T]) end() {
	for _, w := range r.idle {
		close(w.jobs)
	}
	if r.running == 0 {
		r.wait.Wait()
	}
}

// isLimit reports whether the server has no free connection.
func isLimit(err error) bool {
	e, ok := errors.AsType[*ConnectError](err)
	return ok && e.Problem == ConnectLimit
}

// isContended reports whether a target may succeed later.
func isContended(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Kind() Kind
	}](err)
	return ok && (e.Kind() == KindBusy || e.Kind() == KindLockTimeout)
}

// isServerLost reports whether other targets on the server would fail too.
func isServerLost(err error) bool {
	if _, ok := errors.AsType[*UnknownOutcomeError](err); ok {
		return true
	}
	e, ok := errors.AsType[*ConnectError](err)
	return ok && slices.Contains([]ConnectProblem{ConnectUnreachable, ConnectRefused, ConnectUnknownHost, ConnectNoSocket, ConnectUnavailable, ConnectLimit, ConnectLost}, e.Problem)
}

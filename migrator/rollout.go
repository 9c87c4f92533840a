package migrator

import (
	"context"
	"errors"
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
	warm    bool // a worker has connected, or failed to
	stopped bool // no new target is begun
	left    bool // the loop has ended
}

// rollOut works on all targets, in stages: the canaries, then the waves.
func rollOut[T any](ctx context.Context, f *Fleet, begin func(member) operation[T]) iter.Seq[Outcome[T]] {
	return func(yield func(Outcome[T]) bool) {
		r := &rollout[T]{Fleet: f, ctx: ctx, yield: yield, limit: f.config.Workers, events: make(chan workerEvent[T], 2*f.config.Workers)}
		defer r.end()
		jobs := make([]*job[T], len(f.members))
		for i, m := range f.members {
			jobs[i] = &job[T]{member: m, operation: begin(m)}
			jobs[i].outcome.Target = m.Target
		}
		if f.canaries > 0 {
			r.stage(jobs[:f.canaries], 0)
			jobs = jobs[f.canaries:]
		}
		for len(jobs) > 0 {
			n := 1
			for n < len(jobs) && jobs[n].Wave == jobs[0].Wave {
				n++
			}
			r.stage(jobs[:n], f.config.MaxFailed)
			jobs = jobs[n:]
		}
	}
}

// stage works on jobs until all have an outcome.
func (r *rollout[T]) stage(jobs []*job[T], maxFailed int) {
	r.queue = slices.Clone(jobs)
	for {
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
	r.stopped = r.stopped || r.ctx.Err() != nil
	for _, j := range r.queue {
		if !j.deferred {
			j.outcome.Value, j.outcome.Err = j.zero, ErrNotStarted
		}
		r.report(j)
	}
}

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
	default:
		r.failed++
		r.stopped = r.stopped || isServerLost(err) || maxFailed >= 0 && r.failed > maxFailed
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

// isServerLost reports whether other targets would fail too.
func isServerLost(err error) bool {
	if _, ok := errors.AsType[*UnknownOutcomeError](err); ok {
		return true
	}
	e, ok := errors.AsType[*ConnectError](err)
	return ok && slices.Contains([]ConnectProblem{ConnectUnreachable, ConnectRefused, ConnectUnknownHost, ConnectNoSocket, ConnectUnavailable, ConnectLimit, ConnectLost}, e.Problem)
}

// worker works on one target at a time. It keeps its connection as long as the targets are
// in the same database.
type worker[T any] struct {
	migrator *Migrator // of the fleet
	jobs     chan *job[T]
	events   chan<- workerEvent[T]
	config   *pgconn.Config // of the connection; read by the rollout while the worker is idle
	failed   *pgconn.Config // that could not be connected to
	wait     time.Duration  // for a server that does not answer, until it has answered once
	session  *session.Session
}

// workerEvent reports that a worker has connected, or has ended a job.
type workerEvent[T any] struct {
	worker *worker[T]
	job    *job[T] // nil: it has connected
}

func (w *worker[T]) work(ctx context.Context) {
	defer w.close()
	for j := range w.jobs {
		j.outcome.Value, j.outcome.Err = w.run(ctx, j)
		w.events <- workerEvent[T]{w, j}
	}
}

// run works on a job.
func (w *worker[T]) run(ctx context.Context, j *job[T]) (T, error) {
	reused, err := w.open(ctx, j)
	value := j.zero
	if err == nil {
		value, err = j.run(ctx, w.session)
	}
	err = newError(session.Interrupted(ctx, err))
	if err != nil { // whatever state it is in
		w.close()
	}
	if e, ok := errors.AsType[*ConnectError](err); ok && e.Problem == ConnectLost && reused && !j.reconnects && ctx.Err() == nil {
		return w.run(ctx, j) // the connection may have ended between two targets
	}
	return value, err
}

// open connects to the database of a job, unless the worker is connected to it.
func (w *worker[T]) open(ctx context.Context, j *job[T]) (reused bool, err error) {
	settings, observe := j.settingsNow(), j.observer(j.Config)
	if w.session != nil && w.config == j.Config && w.session.Switch(settings, observe) {
		return true, nil
	}
	w.close()
	w.session, err = session.Open(ctx, w.migrator.files.set, settings, j.Config, w.wait, w.migrator.takeBegun(j.Config), observe)
	w.wait = 0
	if err != nil {
		w.session, w.failed = nil, j.Config
		return false, err
	}
	w.config = j.Config
	w.events <- workerEvent[T]{worker: w}
	return false, nil
}

func (w *worker[T]) close() {
	if w.session != nil {
		w.session.Close()
	}
	w.session, w.config = nil, nil
}

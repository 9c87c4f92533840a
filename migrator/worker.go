package migrator

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/session"
)

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

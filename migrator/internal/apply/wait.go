package apply

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.com/ambix/migrator/internal/pg"
)

// A waiting runner polls who holds the lock and never takes it, so that it disturbs nobody.
// The lock has to be free twice in a row, because a runner releases it for a moment
// between two revisions.
const (
	minPoll     = 20 * time.Millisecond
	maxPoll     = 500 * time.Millisecond
	freePolls   = 2
	reportAfter = 300 * time.Millisecond // a shorter wait is not reported
	reportEvery = 10 * time.Second
)

// Wait returns when no runner holds the lock. Errors: *BusyError after limit,
// *InterruptedError, *pg.LostError.
func (r *Runner) Wait(ctx context.Context, limit time.Duration) error {
	began := time.Now()
	reported := time.Time{}
	pause, free := minPoll, 0
	for {
		holder, held, err := r.LockHolder(ctx)
		if err != nil {
			return waitError(ctx, err)
		}
		waited := time.Since(began)
		if !held {
			if free++; free >= freePolls {
				return nil
			}
			pause = minPoll
		} else {
			free = 0
			if waited > limit {
				return &BusyError{holder, waited}
			}
			if waited > reportAfter && time.Since(reported) > reportEvery {
				r.emit(Waiting{Holder: holder, Waited: waited})
				reported = time.Now()
			}
		}
		if pg.Sleep(ctx, pause/2+rand.N(pause)) != nil {
			return waitError(ctx, ctx.Err())
		}
		pause = min(pause*3/2, maxPoll)
	}
}

func waitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &InterruptedError{Err: context.Cause(ctx)}
	}
	return err
}

// LockHolder returns who holds the lock of the ledger, and whether somebody does. It takes no
// lock. The application name of a runner contains its step.
func (r *Runner) LockHolder(ctx context.Context) (h Session, held bool, err error) {
	rows, err := r.Conn.Read(ctx, r.Ledger.Holder())
	if err != nil || len(rows) == 0 {
		return Session{}, false, err
	}
	return newHolder(rows[0]), true, nil
}

// IsContention reports whether err ends when another runner has finished.
func IsContention(err error) bool { return errors.Is(err, ErrBusy) || errors.Is(err, ErrStale) }

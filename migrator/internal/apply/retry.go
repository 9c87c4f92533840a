package apply

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// retryWhileLocked calls try again, after a growing pause with jitter, while it fails with
// a lock timeout, a deadlock or a serialization failure. The error is that of try, a
// *LockTimeoutError, or what ended a pause: ctx.Err() or a *pg.LostError.
func (r *Runner) retryWhileLocked(ctx context.Context, s plan.Step, try func() error) error {
	began, pause := time.Now(), 250*time.Millisecond
	for tries := 1; ; tries++ {
		err := try()
		var failed *RevisionError
		if !errors.As(err, &failed) || !transient(failed.SQLState) {
			return err
		}
		wait := pause/2 + rand.N(pause)
		if time.Since(began)+wait > r.RetryFor {
			e := &LockTimeoutError{RevisionError: failed, Tries: tries, Spent: time.Since(began)}
			r.nameBlockers(e)
			return e
		}
		r.emit(Retrying{Step: s, Err: failed, Try: tries, Pause: wait})
		if err := r.pause(ctx, wait); err != nil {
			return err
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// pause waits, and uses the session meanwhile: the role may have an idle_session_timeout.
func (r *Runner) pause(ctx context.Context, d time.Duration) error {
	const slice = 500 * time.Millisecond
	for ; d > slice; d -= slice {
		if err := pg.Sleep(ctx, slice); err != nil {
			return err
		}
		if err := r.Conn.Exec(ctx, ""); err != nil {
			return err
		}
	}
	return pg.Sleep(ctx, d)
}

// transient reports whether a revision may succeed when it is tried again.
func transient(code string) bool {
	return code == pg.LockNotAvailable || code == pg.DeadlockDetected || code == pg.SerializationFailure
}

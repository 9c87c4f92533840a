package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/pg"
)

// Holder is who holds the ledger's lock.
type Holder struct {
	PID         string
	Application string // program, revision, host and process, when it is one of ours
	User        string
	Address     string        // "" when this role may not see it, or for a socket
	Since       time.Duration // how long its transaction runs; zero when this role may not see it
}

func (h Holder) String() string {
	if h.PID == "" {
		return "it is gone"
	}
	parts := []string{fmt.Sprintf("%q", h.Application)}
	if h.User != "" {
		parts = append(parts, "role "+h.User)
	}
	if h.Address != "" {
		parts = append(parts, "from "+h.Address)
	}
	parts = append(parts, "server process "+h.PID)
	if h.Since > 0 {
		parts = append(parts, "for "+h.Since.Round(time.Second/10).String())
	}
	return strings.Join(parts, ", ")
}

// The lock is looked at, never taken and given back: a look disturbs nobody. It has to
// be free twice in a row, because a runner lets it go for a moment between two
// revisions.
const (
	shortestLook = 20 * time.Millisecond
	longestLook  = 500 * time.Millisecond
	freeLooks    = 2
	// What is over in a moment is not worth a word.
	tellAfter = 300 * time.Millisecond
	tellEvery = 10 * time.Second
)

// Wait returns when nobody holds the lock. Errors: *BusyError after limit,
// *InterruptedError, *pg.LostError.
func (r *Runner) Wait(ctx context.Context, limit time.Duration) error {
	began := time.Now()
	told := time.Time{}
	pause, free := shortestLook, 0
	for {
		h, err := r.holder(ctx)
		if err != nil {
			return r.waitError(ctx, err)
		}
		waited := time.Since(began)
		if h.PID == "" {
			if free++; free >= freeLooks {
				return nil
			}
			pause = shortestLook
		} else {
			free = 0
			if waited > limit {
				return &BusyError{h, waited}
			}
			if waited > tellAfter && time.Since(told) > tellEvery {
				r.emit(Waiting{Holder: h, Waited: waited})
				told = time.Now()
			}
		}
		if pg.Sleep(ctx, pause/2+rand.N(pause)) != nil {
			return r.waitError(ctx, ctx.Err())
		}
		pause = min(pause*3/2, longestLook)
	}
}

func (r *Runner) waitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &InterruptedError{Err: context.Cause(ctx)}
	}
	return err
}

func (r *Runner) holder(ctx context.Context) (Holder, error) {
	rows, err := r.Conn.Query(ctx, r.Ledger.Holder())
	if err != nil || len(rows) == 0 {
		return Holder{}, err
	}
	row := rows[0]
	h := Holder{PID: row[0].Text, Application: row[1].Text, User: row[2].Text, Address: row[3].Text}
	if !row[4].Null {
		h.Since = seconds([]byte(row[4].Text))
	}
	return h, nil
}

// Waits says whether err is one that ends when another runner does.
func Waits(err error) bool { return errors.Is(err, ErrBusy) || errors.Is(err, ErrStale) }

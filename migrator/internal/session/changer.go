package session

import (
	"context"
	"errors"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
)

// change reads the ledger and lets do write it, again while other runners do, and after a lost
// connection if the ledger shows that nothing was written. do writes at most once, with an
// event of this run unless it only creates the ledger. A nil error means that the change is
// committed, or that do had nothing to write.
func (s *Session) change(ctx context.Context, do func(ledger.State) error) error {
	c := &changer{Session: s, do: do, deadline: time.Now().Add(s.WaitRunner)}
	for {
		again, err := c.round(ctx)
		for isLoss(err) && ctx.Err() == nil && !c.expired() {
			err = c.reconnect(ctx, err)
			again = err == nil
		}
		if !again || err != nil {
			return c.unresolved(ctx, err)
		}
	}
}

// changer is a change of the ledger in progress.
type changer struct {
	*Session
	do       func(ledger.State) error
	deadline time.Time    // of waiting for other runners
	last     ledger.State // as of the last round
	stale    int          // how often in a row it was stale for that generation
	// Of lost connections: the state before the write whose answer was lost, or nil; that
	// loss; how many writes were lost; when that session began; when the server has to be back.
	sent      *ledger.State
	fenced    bool // it does not take effect any more; see fence
	unchanged bool // before that, the ledger was in that state
	lossErr   error
	losses    int
	lostSince time.Time
	returnBy  time.Time
}

// round reads and writes once. again reports that the change is not finished.
func (c *changer) round(ctx context.Context) (again bool, err error) {
	state, err := c.read(ctx, true)
	if err != nil {
		return c.wait(ctx, state, err)
	}
	if c.sent != nil {
		recorded, err := c.recorded(ctx, state)
		switch {
		case err != nil:
			return false, err
		case recorded:
			err := c.runner.Flush(ctx) // its commit was never confirmed
			if !isLoss(err) {
				c.sent = nil
			}
			return false, err
		case !c.fenced:
			c.unchanged = state.Exists == c.sent.Exists && state.Generation == c.sent.Generation
			if err := c.fence(ctx, state); err != nil {
				return c.wait(ctx, state, err)
			}
			c.fenced = true
			return true, nil
		}
		c.sent = nil
		if c.unchanged {
			if err := c.giveUp(ctx); err != nil {
				return false, err
			}
		}
	}
	before := c.writes
	err = c.do(state)
	if isLoss(err) && c.writes > before {
		c.sent, c.lossErr, c.lostSince, c.fenced = &state, err, c.connectedAt, false
		c.losses++
	}
	return c.wait(ctx, state, err)
}

// wait lets other runners finish, if they are the reason of an error.
func (c *changer) wait(ctx context.Context, state ledger.State, err error) (again bool, _ error) {
	if !apply.IsContention(err) {
		return false, err
	}
	if state.Exists != c.last.Exists || state.Generation != c.last.Generation {
		c.stale, c.last = 0, state
	}
	if errors.Is(err, apply.ErrStale) {
		c.stale++
	}
	if c.stale > staleLimit {
		return false, c.staleError(err)
	}
	return true, c.runner.Wait(ctx, time.Until(c.deadline))
}

// recorded reports whether the change whose answer was lost is committed: this run has then
// written an event. If not, it may still be until there is a fence.
func (c *changer) recorded(ctx context.Context, state ledger.State) (bool, error) {
	if !state.Exists {
		return false, nil
	}
	rows, err := c.query(ctx, c.Ledger.HasEvent(c.runner.Author.Run))
	if err != nil {
		return false, err
	}
	return rows[0][0].Text == "t", nil
}

// giveUp returns an error if the change must not be tried again: an administrator has ended
// the session, or the change crashes the server.
func (c *changer) giveUp(ctx context.Context) error {
	se := pg.ServerError(c.lossErr)
	if c.losses < 2 && (se == nil || se.Code != pg.AdminShutdown || c.retried || c.restartedSince(ctx, c.lostSince)) {
		return nil
	}
	return c.endedError(c.lossErr)
}

// expired reports whether a lost server has not come back in time.
func (c *changer) expired() bool { return !c.returnBy.IsZero() && time.Now().After(c.returnBy) }

// reconnect connects again after a lost connection, once the server answers, and waits until
// the lost session has ended. The error is a *pg.ConnectError, a *pg.LostError, or one of
// apply.Runner.Wait.
func (c *changer) reconnect(ctx context.Context, lossErr error) error {
	if c.returnBy.IsZero() {
		c.returnBy = time.Now().Add(max(c.Wait, shortestReturn))
		c.emit(Lost{Err: lossErr})
	} else if err := pg.Sleep(ctx, 200*time.Millisecond); err != nil {
		return err
	}
	if err := c.connect(ctx, time.Until(c.returnBy)); err != nil {
		return err
	}
	if err := c.ping(ctx, c.returnBy); err != nil {
		return err
	}
	return c.runner.Wait(ctx, time.Until(c.deadline))
}

// unresolved is for a change that ends before it found out what became of a write, whatever
// ended it.
func (c *changer) unresolved(ctx context.Context, err error) error {
	if c.sent == nil || err == nil {
		return err
	}
	return &UnknownOutcomeError{Loss: c.lossErr, Err: Interrupted(ctx, err)}
}

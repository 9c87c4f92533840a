package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Attempt is a connection that is being opened while something else is done. It has to
// go to Connect, as Options.First, or to Close.
type Attempt struct {
	cfg    *pgconn.Config
	cancel context.CancelFunc
	ready  chan struct{} // closed once conn or err is there
	conn   *Conn
	err    *ConnectError
	at     time.Time // when it was ready
}

// Begin begins to connect as Connect does, once: what comes of it, a failure too, is the
// first attempt of the Connect that gets it.
func Begin(cfg *pgconn.Config, o Options) *Attempt {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Attempt{cfg: cfg, cancel: cancel, ready: make(chan struct{})}
	go func() {
		a.conn, a.err = attempt(ctx, cfg, o, time.Now().Add(o.Wait))
		a.at = time.Now()
		close(a.ready)
	}()
	return a
}

// Config is the configuration that it began with.
func (a *Attempt) Config() *pgconn.Config { return a.cfg }

// Close gives it up. It returns at once.
func (a *Attempt) Close() {
	a.cancel()
	go func() {
		if <-a.ready; a.conn != nil {
			a.conn.Close()
		}
	}()
}

// freshness is how long a connection may lie before it is used. A server or a pooler may
// have ended an older one meanwhile.
const freshness = 2 * time.Second

// take waits for what comes of it. ok is false when that is too old to be of use.
func (a *Attempt) take(ctx context.Context) (conn *Conn, err *ConnectError, ok bool) {
	defer context.AfterFunc(ctx, a.cancel)()
	<-a.ready
	if time.Since(a.at) > freshness {
		a.Close()
		return nil, nil, false
	}
	if a.conn != nil && ctx.Err() != nil {
		a.Close()
		return nil, classify(a.cfg, ctx.Err()), true
	}
	return a.conn, a.err, true
}

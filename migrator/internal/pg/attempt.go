package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Attempt is a connection being opened in the background. The caller must pass it to
// Connect as Options.First, or Close it.
type Attempt struct {
	cfg    *pgconn.Config
	cancel context.CancelFunc
	ready  chan struct{} // closed once conn or err is set
	conn   *Conn
	err    *ConnectError
	at     time.Time // when ready was closed
}

// StartAttempt starts one attempt to connect in the background and returns at once. Its
// outcome, success or failure, becomes the first attempt of the Connect that receives it.
func StartAttempt(cfg *pgconn.Config, o Options) *Attempt {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Attempt{cfg: cfg, cancel: cancel, ready: make(chan struct{})}
	go func() {
		a.conn, a.err = attempt(ctx, cfg, o, time.Now().Add(o.Wait))
		a.at = time.Now()
		close(a.ready)
	}()
	return a
}

// Close cancels the attempt, or closes its connection. It does not block.
func (a *Attempt) Close() {
	a.cancel()
	go func() {
		if <-a.ready; a.conn != nil {
			a.conn.Close()
		}
	}()
}

// maxIdle is how long a connection may stay unused before Connect opens a new one
// instead: the server or a pooler may have closed it meanwhile.
const maxIdle = 2 * time.Second

// take waits for the outcome. ok is false if it is older than maxIdle.
func (a *Attempt) take(ctx context.Context) (conn *Conn, err *ConnectError, ok bool) {
	defer context.AfterFunc(ctx, a.cancel)()
	<-a.ready
	if time.Since(a.at) > maxIdle {
		a.Close()
		return nil, nil, false
	}
	if a.conn != nil && ctx.Err() != nil {
		a.Close()
		return nil, classify(a.cfg, ctx.Err()), true
	}
	return a.conn, a.err, true
}

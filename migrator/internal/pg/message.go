package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Message is what one round trip carries: statements in the simple protocol, and the
// rows for each COPY … FROM stdin among them, in order.
type Message struct {
	SQL  string
	Copy []Rows
}

// Handler sees what the server says while it works. statement is the index of the
// statement in the message. Nil functions drop what they would see; none may use the
// connection.
type Handler struct {
	// Row gets one row; the fields are valid until it returns, nil is NULL.
	Row func(statement int, fields [][]byte)
	// Notice gets notices and warnings, as they come.
	Notice func(statement int, n *pgconn.Notice)
}

// StatementError is a server's error together with the number of statements of the
// message that were completed before it, which tells the failing one.
type StatementError struct {
	Statement int
	Err       *pgconn.PgError
}

func (e *StatementError) Error() string { return e.Err.Message + " (" + e.Err.Code + ")" }
func (e *StatementError) Unwrap() error { return e.Err }

// LostError says that the connection ended before the server's answer was complete:
// what was sent may or may not have happened.
type LostError struct {
	Err error
}

func (e *LostError) Error() string {
	if se := ServerError(e.Err); se != nil {
		return "the server ended the connection: " + se.Message + " (" + se.Code + ")"
	}
	return "the connection was lost: " + innermost(e.Err)
}
func (e *LostError) Unwrap() error { return e.Err }

// CancelGrace is how long a cancelled statement may take to end on the server before
// the connection is given up.
const CancelGrace = 10 * time.Second

// cancelEvery is the time between two requests to cancel: one that arrives before the
// server has begun with the message is lost.
const cancelEvery = 500 * time.Millisecond

// Send sends one message and reads its whole answer. It returns how many statements
// were completed.
//
// When ctx ends, the running statement is cancelled on the server and its end is
// waited for. Errors: *StatementError (the session lives on), *LostError.
func (c *Conn) Send(ctx context.Context, m Message, h Handler) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	finish := c.cancelWhenDone(ctx)
	defer finish()
	c.raw.Frontend().SendQuery(&pgproto3.Query{String: m.SQL})
	if err := c.raw.Frontend().Flush(); err != nil {
		return 0, c.lost(err)
	}
	return c.receive(m, h)
}

func (c *Conn) receive(m Message, h Handler) (int, error) {
	var done int
	var failed error
	rows := m.Copy
	var writer *copyWriter
	for {
		msg, err := c.raw.ReceiveMessage(context.Background())
		if err != nil {
			return done, c.lost(writer.abort(err))
		}
		switch msg := msg.(type) {
		case *pgproto3.DataRow:
			if h.Row != nil {
				h.Row(done, msg.Values)
			}
		case *pgproto3.NoticeResponse:
			if h.Notice != nil {
				h.Notice(done, (*pgconn.Notice)(pgconn.ErrorResponseToPgError((*pgproto3.ErrorResponse)(msg))))
			}
		case *pgproto3.CommandComplete:
			writer.stop()
			writer = nil
			done++
		case *pgproto3.CopyInResponse:
			writer = c.startCopy(rows)
			if len(rows) > 0 {
				rows = rows[1:]
			}
		case *pgproto3.ErrorResponse:
			// The server reads what is still written of the rows, and ignores it.
			writer.stop()
			writer = nil
			if failed == nil {
				failed = &StatementError{Statement: done, Err: pgconn.ErrorResponseToPgError(msg)}
			}
		case *pgproto3.ReadyForQuery:
			return done, failed
		}
	}
}

// lost closes what is left of a session whose answer did not come.
func (c *Conn) lost(err error) error {
	c.Close()
	return &LostError{Err: err}
}

// cancelWhenDone cancels the running statement on the server once ctx ends, and cuts
// the connection when even that brings no answer. The function it returns waits for a
// request that is under way, so that it cannot hit the next message.
func (c *Conn) cancelWhenDone(ctx context.Context) (finish func()) {
	over := make(chan struct{})
	answered := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(over)
		limit, cancel := context.WithTimeout(context.Background(), CancelGrace)
		defer cancel()
		for {
			_ = c.raw.CancelRequest(limit)
			select {
			case <-answered:
				return
			case <-limit.Done():
				_ = c.raw.Conn().SetDeadline(time.Now())
				return
			case <-time.After(cancelEvery):
			}
		}
	})
	return func() {
		close(answered)
		if !stop() {
			<-over
		}
	}
}

// Exec sends statements whose rows nobody needs.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.Send(ctx, Message{SQL: sql}, Handler{})
	return err
}

// Query returns the rows of every statement as text; NULL is "". It is for small
// answers.
func (c *Conn) Query(ctx context.Context, sql string) ([][]string, error) {
	var rows [][]string
	_, err := c.Send(ctx, Message{SQL: sql}, Handler{Row: func(_ int, fields [][]byte) {
		r := make([]string, len(fields))
		for i, f := range fields {
			r[i] = string(f)
		}
		rows = append(rows, r)
	}})
	return rows, err
}

// Steady makes the session read the next message as we wrote it: in UTF-8 with
// standard strings. A pooler may have given us a server session where they differ.
func (c *Conn) Steady(ctx context.Context) error {
	var sql strings.Builder
	if e := c.Parameter("client_encoding"); e != "" && !strings.EqualFold(e, "UTF8") {
		sql.WriteString("SET client_encoding TO 'UTF8';")
	}
	if s := c.Parameter("standard_conforming_strings"); s != "" && s != "on" {
		sql.WriteString("SET standard_conforming_strings TO on;")
	}
	if sql.Len() == 0 {
		return nil
	}
	if err := c.Exec(ctx, sql.String()); err != nil {
		return fmt.Errorf("the session cannot be set to UTF-8 and standard strings: %w", err)
	}
	return nil
}

// Cancelled says whether err is the server's answer to our own cancel request.
func Cancelled(ctx context.Context, err error) bool {
	if ctx.Err() == nil {
		return false
	}
	if se := ServerError(err); se != nil {
		return se.Code == "57014"
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

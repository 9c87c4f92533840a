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

// Message is one message of the simple query protocol: any number of statements, and the
// data for each COPY … FROM STDIN among them, in order.
type Message struct {
	SQL  string
	Copy []CopyData
}

// Handler receives what the server sends while it runs a message. statement is the index
// of the statement in the message. Nil functions ignore their input; none may use the
// connection.
type Handler struct {
	// Columns is called with the names of the columns before the rows of a statement.
	Columns func(statement int, names []string)
	// Row is called for each row, in text format. The fields are valid until it returns;
	// nil is NULL.
	Row func(statement int, fields [][]byte)
	// CopyOut is called with the data of COPY TO STDOUT, as it comes. It is valid until CopyOut returns.
	CopyOut func(data []byte)
	// Notice is called for each notice and warning.
	Notice func(statement int, n *pgconn.Notice)
}

// StatementError is an error that the server reported for a statement of a message.
type StatementError struct {
	Statement int // index in the message: the number of statements completed before
	Err       *pgconn.PgError
}

func (e *StatementError) Error() string { return e.Err.Message + " (" + e.Err.Code + ")" }
func (e *StatementError) Unwrap() error { return e.Err }

// LostError is a connection that ended before the server's answer was complete: the
// message may or may not have taken effect.
type LostError struct {
	Err error
}

func (e *LostError) Error() string {
	if se := ServerError(e.Err); se != nil {
		return "the server closed the connection: " + se.Message + " (" + se.Code + ")"
	}
	return "connection lost: " + innermost(e.Err)
}
func (e *LostError) Unwrap() error { return e.Err }

// CancelGrace is how long to wait for a canceled statement to end on the server before
// the connection is closed.
const CancelGrace = 10 * time.Second

// cancelEvery is the interval between cancel requests. They are repeated because one that
// arrives before the server has started on the message has no effect.
const cancelEvery = 500 * time.Millisecond

// Send sends one message, reads the whole answer, and returns the number of completed
// statements.
//
// When ctx ends, Send cancels the running statement on the server and waits for it to
// end. Errors: *StatementError, after which the session is usable; *LostError; and
// ctx.Err() if ctx had ended before anything was sent.
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
		case *pgproto3.RowDescription:
			if h.Columns != nil {
				names := make([]string, len(msg.Fields))
				for i, f := range msg.Fields {
					names[i] = string(f.Name)
				}
				h.Columns(done, names)
			}
		case *pgproto3.DataRow:
			if h.Row != nil {
				h.Row(done, msg.Values)
			}
		case *pgproto3.CopyData:
			if h.CopyOut != nil {
				h.CopyOut(msg.Data)
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
			// The server discards the COPY data that is still on its way.
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

// lost closes the session and returns a *LostError.
func (c *Conn) lost(err error) error {
	c.Close()
	return &LostError{Err: err}
}

// cancelWhenDone cancels the running statement on the server once ctx ends, and closes
// the connection if there is still no answer after CancelGrace. The caller must call finish when
// the answer is complete; it waits for a pending request, which could otherwise cancel
// the next message.
func (c *Conn) cancelWhenDone(ctx context.Context) (finish func()) {
	stopped := make(chan struct{})
	answered := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
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
			<-stopped
		}
	}
}

// Exec sends statements and ignores their rows.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.Send(ctx, Message{SQL: sql}, Handler{})
	return err
}

// NoTimeouts are the statements that switch off, for one transaction, the timeouts that a role or a database may have by
// default: they are meant for the statements of programs. version is the server's server_version_num.
func NoTimeouts(version int) []string {
	sql := []string{"SET LOCAL statement_timeout = 0"}
	if version >= 170000 {
		sql = append(sql, "SET LOCAL transaction_timeout = 0")
	}
	return sql
}

// Value is a value in text format.
type Value struct {
	Text string // "" if Null
	Null bool
}

// Row is one row of a result.
type Row []Value

// NewRow copies the fields passed to Handler.Row.
func NewRow(fields [][]byte) Row {
	row := make(Row, len(fields))
	for i, f := range fields {
		row[i] = Value{Text: string(f), Null: f == nil}
	}
	return row
}

// Query returns the rows of all statements. It keeps them in memory.
func (c *Conn) Query(ctx context.Context, sql string) ([]Row, error) {
	var rows []Row
	_, err := c.Send(ctx, Message{SQL: sql}, Handler{Row: func(_ int, fields [][]byte) {
		rows = append(rows, NewRow(fields))
	}})
	return rows, err
}

// DisableTimeouts does the same for the session, which must not be one that a pooler lends, and lets it be idle.
func (c *Conn) DisableTimeouts(ctx context.Context) error {
	sql := append(NoTimeouts(c.ServerVersion()), "SET LOCAL idle_in_transaction_session_timeout = 0")
	if c.ServerVersion() >= 140000 {
		sql = append(sql, "SET LOCAL idle_session_timeout = 0")
	}
	return c.Exec(ctx, strings.ReplaceAll(strings.Join(sql, ";\n"), "SET LOCAL ", "SET "))
}

// Read is Query without the timeouts of the role, for a session that is not in a transaction.
func (c *Conn) Read(ctx context.Context, sql string) ([]Row, error) {
	return c.Query(ctx, strings.Join(append(NoTimeouts(c.ServerVersion()), sql), ";\n"))
}

// EnsureUTF8 restores client_encoding UTF8 and standard_conforming_strings on if the
// session has other values, as a server session taken over from a pooler may. Call it
// before sending a message whose text depends on them.
func (c *Conn) EnsureUTF8(ctx context.Context) error {
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
		return fmt.Errorf("set client_encoding and standard_conforming_strings: %w", err)
	}
	return nil
}

// Canceled reports whether err is the result of canceling ctx.
func Canceled(ctx context.Context, err error) bool {
	if ctx.Err() == nil {
		return false
	}
	if se := ServerError(err); se != nil {
		return se.Code == QueryCanceled
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

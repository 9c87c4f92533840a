package pg

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// copyWriter feeds the rows of one COPY while the reader goes on reading: a server
// that answers with notices would block, and we with it, if nobody read.
//
// It writes past the driver's frontend, which the reader's side uses when a connection
// breaks.
type copyWriter struct {
	conn       net.Conn
	quit, done chan struct{}
	err        error // why it could not write; to be read after done
}

// hearing is how long the reader listens for the server's last word after nothing more
// could be written.
const hearing = time.Second

// Rows opens the rows of one COPY, in its own format. They are read once, and closed.
type Rows func() (io.ReadCloser, error)

// Text is rows that are at hand.
func Text(rows string) Rows {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(rows)), nil }
}

// startCopy writes the first of all; without any it tells the server that there is none.
// Rows that cannot be read make the COPY fail, with the reason.
func (c *Conn) startCopy(all []Rows) *copyWriter {
	w := &copyWriter{conn: c.raw.Conn(), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if len(all) == 0 {
			w.err = w.send(&pgproto3.CopyFail{Message: "no rows follow this COPY in the revision"})
		} else {
			w.err = w.write(all[0])
		}
		if w.err != nil {
			_ = w.conn.SetReadDeadline(time.Now().Add(hearing))
		}
	}()
	return w
}

func (w *copyWriter) write(open Rows) error {
	rows, err := open()
	if err != nil {
		return w.send(&pgproto3.CopyFail{Message: err.Error()})
	}
	defer func() { _ = rows.Close() }()
	const header = 5 // of a CopyData message: 'd' and the length of what follows
	chunk := make([]byte, header+64<<10)
	for {
		select {
		case <-w.quit:
			return nil // the server has failed already
		default:
		}
		n, err := rows.Read(chunk[header:])
		if n > 0 {
			chunk[0] = 'd'
			binary.BigEndian.PutUint32(chunk[1:], uint32(n+header-1))
			if _, err := w.conn.Write(chunk[:header+n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return w.send(&pgproto3.CopyDone{})
		}
		if err != nil {
			return w.send(&pgproto3.CopyFail{Message: err.Error()})
		}
	}
}

func (w *copyWriter) send(m pgproto3.FrontendMessage) error {
	b, err := m.Encode(nil)
	if err != nil {
		return err
	}
	_, err = w.conn.Write(b)
	return err
}

// stop waits until nothing more is written. The connection stays usable. A nil writer
// has stopped.
func (w *copyWriter) stop() {
	if w == nil {
		return
	}
	close(w.quit)
	<-w.done
}

// abort is stop for a connection that is lost with err. It gives the better reason:
// when the writer failed first, the reader knows only that it was told to end.
func (w *copyWriter) abort(err error) error {
	if w == nil {
		return err
	}
	_ = w.conn.SetWriteDeadline(time.Now())
	w.stop()
	var timeout net.Error
	if w.err != nil && errors.As(err, &timeout) && timeout.Timeout() {
		return w.err
	}
	return err
}

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

// copyWriter sends the rows of one COPY while the receive loop keeps reading: if nobody
// read, a server that sends many notices would block, and the writer with it.
//
// It writes to the network connection directly, because the driver's frontend belongs to
// the receive loop.
type copyWriter struct {
	conn       net.Conn
	quit, done chan struct{}
	err        error // of the first failed write; valid once done is closed
}

// drainTimeout is how long to keep reading after a write failed, for the error message
// that the server may have sent before it closed the connection.
const drainTimeout = time.Second

// CopyData opens the data of one COPY FROM STDIN, in that COPY's format. It is called at
// most once; the reader is closed.
type CopyData func() (io.ReadCloser, error)

// CopyText returns data that is already in memory.
func CopyText(rows string) CopyData {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(rows)), nil }
}

// startCopy sends the first element of all. If there is none, or the data cannot be read,
// the COPY fails with the reason.
func (c *Conn) startCopy(all []CopyData) *copyWriter {
	w := &copyWriter{conn: c.raw.Conn(), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		if len(all) == 0 {
			w.err = w.send(&pgproto3.CopyFail{Message: "no rows follow this COPY in the revision"})
		} else {
			w.err = w.write(all[0])
		}
		if w.err != nil {
			_ = w.conn.SetReadDeadline(time.Now().Add(drainTimeout))
		}
	}()
	return w
}

func (w *copyWriter) write(open CopyData) error {
	rows, err := open()
	if err != nil {
		return w.send(&pgproto3.CopyFail{Message: err.Error()})
	}
	defer func() { _ = rows.Close() }()
	const header = 5 // of a CopyData message: 'd' and the length
	chunk := make([]byte, header+64<<10)
	for {
		select {
		case <-w.quit:
			return nil // the COPY has already failed
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

// stop ends the writer and waits for it. The connection stays usable. w may be nil.
func (w *copyWriter) stop() {
	if w == nil {
		return
	}
	close(w.quit)
	<-w.done
}

// abort is stop for a connection lost with err. It returns the write error if that came
// first: the read error is then only the timeout of drainTimeout.
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

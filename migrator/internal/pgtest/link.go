package pgtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// link is one connection through a proxy.
type link struct {
	proxy *Proxy
	pipes [2]*pipe      // by direction
	done  chan struct{} // closed with the link
	close func()        // closes both sides; idempotent

	faulting sync.Mutex // held while a message passes to the server and its faults are carried out

	mu    sync.Mutex
	reply bool // the server's next byte may answer a request for encryption
	raw   bool // encrypted
	ready bool // the server has sent its first ReadyForQuery
	asked bool // the last message was from the client
}

// pipe is one direction of a link.
type pipe struct {
	link      *link
	direction Direction
	from, to  *net.TCPConn
	in        frames
	sent      int64

	mu    sync.Mutex
	ended bool          // half closed: further data is dropped
	stall chan struct{} // if not nil, nothing is forwarded until it is closed
}

func newLink(p *Proxy, client, server *net.TCPConn) *link {
	l := &link{proxy: p, done: make(chan struct{})}
	l.close = sync.OnceFunc(func() {
		close(l.done)
		_ = client.Close()
		_ = server.Close()
	})
	l.pipes[ToServer] = &pipe{link: l, direction: ToServer, from: client, to: server}
	l.pipes[ToClient] = &pipe{link: l, direction: ToClient, from: server, to: client, in: frames{typed: true}}
	return l
}

// run forwards both directions until both have ended or the link is closed.
func (l *link) run() {
	var wait sync.WaitGroup
	for _, p := range l.pipes {
		wait.Go(p.run)
	}
	wait.Wait()
	l.close()
}

// observe follows the protocol's state. It reports whether message begins the answer that
// completes a round trip.
func (l *link) observe(d Direction, message []byte) (roundTrip bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.raw:
	case d == ToServer && !l.ready:
		code := startCode(message)
		l.reply = code == sslRequest || code == gssRequest
	case d == ToServer:
		l.asked = true
	case l.reply:
		l.reply = false
		l.raw = message[0] == 'S' || message[0] == 'G'
	case !l.ready:
		l.ready = message[0] == 'Z'
	case l.asked:
		l.asked = false
		return true
	}
	return false
}

func (l *link) state() (reply, raw bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reply, l.raw
}

type chunk struct {
	bytes []byte
	at    time.Time
}

// run forwards one direction. Reading and writing are separate, so that latency does not
// limit the amount of data in transit.
func (p *pipe) run() {
	chunks := make(chan chunk, 256)
	var end error
	p.link.proxy.wait.Go(func() {
		defer close(chunks)
		end = p.read(chunks)
	})
	for c := range chunks {
		p.link.proxy.delay(c.at)
		p.in.add(c.bytes)
		if !p.forward() {
			p.link.close()
			return
		}
	}
	p.in.raw = true // an incomplete message is passed on too
	if !p.forward() || !errors.Is(end, io.EOF) {
		p.link.close()
		return
	}
	_ = p.to.CloseWrite()
}

func (p *pipe) read(chunks chan<- chunk) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := p.from.Read(buffer)
		if n > 0 {
			select {
			case chunks <- chunk{bytes.Clone(buffer[:n]), time.Now()}:
			case <-p.link.done:
				return net.ErrClosed
			}
		}
		if err != nil {
			return err
		}
	}
}

// forward passes on complete messages. It returns false if the connection has ended.
func (p *pipe) forward() bool {
	for {
		reply, raw := p.link.state()
		p.in.raw = p.in.raw || raw
		message := p.in.next(reply && p.direction == ToClient)
		if message == nil {
			return true
		}
		v := p.link.proxy.match(p.direction, message, p.sent)
		if p.link.observe(p.direction, message) {
			p.link.proxy.countRoundTrip()
		}
		if v.disconnects() && p.direction == ToServer {
			// The answer to the part that still passes must not arrive before the fault.
			p.link.pipes[ToClient].drop()
		}
		if !p.injectFaults(message[:v.pass], v.faults) {
			return false
		}
		if !p.send(message[v.pass:]) {
			return false
		}
	}
}

// injectFaults sends b and carries out the faults. No answer passes until the test has been
// notified, or it could see the end of a run before the fault that it waits for.
func (p *pipe) injectFaults(b []byte, faults []*fault) bool {
	if len(faults) > 0 && p.direction == ToServer {
		p.link.faulting.Lock()
		defer p.link.faulting.Unlock()
	}
	if !p.send(b) {
		return false
	}
	for _, f := range faults {
		p.act(f.Action)
		f.notify()
	}
	return true
}

// awaitFaults waits until no fault is being carried out.
func (l *link) awaitFaults() {
	l.faulting.Lock()
	defer l.faulting.Unlock()
}

// send writes b, after a stall has ended. After a half close it drops b.
func (p *pipe) send(b []byte) bool {
	p.mu.Lock()
	stall := p.stall
	p.mu.Unlock()
	if stall != nil {
		select {
		case <-stall:
		case <-p.link.done:
			return false
		}
	}
	if p.direction == ToClient {
		p.link.awaitFaults()
	}
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended || len(b) == 0 {
		return true
	}
	n, err := p.to.Write(b)
	p.sent += int64(n)
	p.link.proxy.countBytes(p.direction, n)
	return err == nil
}

func (p *pipe) act(a Action) {
	switch a {
	case Watch:
	case Cut:
		p.link.close()
	case Reset:
		_ = p.from.SetLinger(0)
		_ = p.to.SetLinger(0)
		p.link.close()
	case HalfClose:
		p.drop()
		_ = p.to.CloseWrite()
	case Stall:
		p.hold()
	case Hold:
		p.link.pipes[ToServer].hold()
		p.link.pipes[ToClient].drop()
		_ = p.link.pipes[ToClient].to.CloseWrite()
	}
}

// hold lets send wait until resume.
func (p *pipe) hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stall == nil {
		p.stall = make(chan struct{})
	}
}

// drop makes send discard everything from now on.
func (p *pipe) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

func (p *pipe) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stall != nil {
		close(p.stall)
		p.stall = nil
	}
}

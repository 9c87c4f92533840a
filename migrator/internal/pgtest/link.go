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
	close func()        // closes both sides; any number of times

	striking sync.Mutex // held from what passes to the server until the faults it sets off are told

	mu    sync.Mutex
	reply bool // the server's next byte may answer a request for encryption
	raw   bool // encrypted: no messages to be seen
	ready bool // the server was ready for a query once
	asked bool // the client spoke last
}

// pipe is one direction of a link.
type pipe struct {
	link      *link
	direction Direction
	from, to  *net.TCPConn
	in        frames
	sent      int64

	mu    sync.Mutex
	ended bool          // half closed: what comes is dropped
	stall chan struct{} // not nil: nothing is forwarded until it is closed
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

// run forwards both ways until both have ended or the link is closed.
func (l *link) run() {
	var wait sync.WaitGroup
	for _, p := range l.pipes {
		wait.Go(p.run)
	}
	wait.Wait()
	l.close()
}

// look tells requests for encryption, and round trips, by the messages that pass.
func (l *link) look(d Direction, message []byte) (roundTrip bool) {
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

// run forwards one direction. Reading is apart from writing, so that latency delays what
// was sent without limiting how much is under way.
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
	p.in.raw = true // what is left will not become a message any more
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

// forward sends on what is complete. It returns false when the connection is over.
func (p *pipe) forward() bool {
	for {
		reply, raw := p.link.state()
		p.in.raw = p.in.raw || raw
		message := p.in.next(reply && p.direction == ToClient)
		if message == nil {
			return true
		}
		v := p.link.proxy.judge(p.direction, message, p.sent)
		if p.link.look(p.direction, message) {
			p.link.proxy.countRoundTrip()
		}
		if v.severs() && p.direction == ToServer {
			// The answer to what still passes must not win a race against the fault.
			p.link.pipes[ToClient].drop()
		}
		if !p.strike(message[:v.pass], v.faults) {
			return false
		}
		if !p.send(message[v.pass:]) {
			return false
		}
	}
}

// strike sends what still passes and lets the faults happen. No answer passes before they
// are told: a run could be at its end, and nobody would know that it came there.
func (p *pipe) strike(b []byte, faults []*fault) bool {
	if len(faults) > 0 && p.direction == ToServer {
		p.link.striking.Lock()
		defer p.link.striking.Unlock()
	}
	if !p.send(b) {
		return false
	}
	for _, f := range faults {
		p.act(f.Action)
		f.once()
	}
	return true
}

// awaitStrike waits until no fault is about to happen.
func (l *link) awaitStrike() {
	l.striking.Lock()
	defer l.striking.Unlock()
}

// send waits while the pipe is stalled, and drops everything after a half close.
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
		p.link.awaitStrike()
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
		p.mu.Lock()
		if p.stall == nil {
			p.stall = make(chan struct{})
		}
		p.mu.Unlock()
	}
}

// drop lets nothing more through.
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

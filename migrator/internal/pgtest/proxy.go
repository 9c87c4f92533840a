package pgtest

import (
	"bytes"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Direction is the way bytes go.
type Direction uint8

const (
	// ToServer is what clients send.
	ToServer Direction = iota
	// ToClient is what the server sends.
	ToClient
)

// Action is what a fault does.
type Action uint8

const (
	// Cut closes the connection on both sides.
	Cut Action = iota
	// Reset closes it on both sides with a TCP reset.
	Reset
	// HalfClose ends the stream in the fault's direction; the other one goes on.
	HalfClose
	// Stall forwards nothing more in the fault's direction, and closes nothing.
	Stall
	// Watch does nothing; the fault's channel tells when.
	Watch
)

// Fault is something that happens to a connection at a place in its stream: at a byte,
// or at a message. The zero value cuts the next new connection before anything reaches
// the server.
type Fault struct {
	Direction Direction
	// After is the number of bytes that pass in this direction, counted from the
	// connection's start. It means nothing when Match is set.
	After int64
	// Match is looked for in every message of the protocol.
	Match string
	// Skip is the number of matching messages that pass first, of all connections
	// together.
	Skip int
	// Before holds the matching message back; otherwise it passes as a whole.
	Before bool
	Action Action
	// Times is how often it happens: 0 means once, -1 always. Only -1 holds for requests
	// to cancel as well: drivers send them on connections of their own when it pleases them.
	Times int
}

// Stats count what went through a proxy.
type Stats struct {
	Connections        int   // requests to cancel included
	Cancels            int   // requests to cancel
	ToServer, ToClient int64 // bytes
	// RoundTrips is how often an answer began: bytes to a client after bytes to the
	// server. What comes before the server is first ready for a query (login) does not
	// count, and connections with TLS are not seen.
	RoundTrips int
}

// Proxy stands between clients and a server and fails on request. It knows the messages
// of PostgreSQL's protocol, version 3.
type Proxy struct {
	listener net.Listener
	wait     sync.WaitGroup

	mu      sync.Mutex
	target  string // host:port
	latency time.Duration
	faults  []*fault
	links   map[*link]struct{}
	stats   Stats
	closed  bool
}

type fault struct {
	Fault
	skip, left int
	once       func() // tells the test
}

// hit tells whether a message sets the fault off, and how much of it passes.
func (f *fault) hit(message []byte, sent int64) (pass int, hit bool) {
	switch {
	case f.Match == "" && f.After == 0:
		return 0, sent == 0
	case f.Match == "":
		return int(f.After - sent), sent < f.After && f.After <= sent+int64(len(message))
	case !bytes.Contains(message, []byte(f.Match)):
		return 0, false
	case f.skip > 0:
		f.skip--
		return 0, false
	case f.Before:
		return 0, true
	}
	return len(message), true
}

// NewProxy starts a proxy to the server of a URL. It ends with the test.
func NewProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, links: map[*link]struct{}{}}
	p.Retarget(t, databaseURL)
	p.wait.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Retarget sends new connections to another server, a promoted standby for example.
func (p *Proxy) Retarget(t testing.TB, databaseURL string) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = net.JoinHostPort(u.Hostname(), port)
}

// URL returns the URL of a database or role through the proxy.
func (p *Proxy) URL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return databaseURL
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// Inject arms a fault. The channel is closed when it happens for the first time.
func (p *Proxy) Inject(f Fault) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	happened := make(chan struct{})
	armed := &fault{Fault: f, skip: f.Skip, left: f.Times, once: sync.OnceFunc(func() { close(happened) })}
	if f.Times == 0 {
		armed.left = 1
	}
	p.faults = append(p.faults, armed)
	return happened
}

// Clear disarms all faults and lets stalled connections go on.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	for l := range p.links {
		l.pipes[ToServer].resume()
		l.pipes[ToClient].resume()
	}
}

// All does something to every open connection at once, in both directions.
func (p *Proxy) All(a Action) {
	for _, l := range p.open() {
		l.pipes[ToServer].act(a)
		l.pipes[ToClient].act(a)
	}
}

// SetLatency delays everything by that time each way. A new connection costs a round trip,
// as its handshake would.
func (p *Proxy) SetLatency(oneWay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latency = oneWay
}

// Stats returns the counters so far.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wait.Go(func() { p.serve(client.(*net.TCPConn)) })
	}
}

func (p *Proxy) serve(client *net.TCPConn) {
	defer func() { _ = client.Close() }()
	p.mu.Lock()
	target, latency := p.target, p.latency
	p.mu.Unlock()
	time.Sleep(2 * latency)
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	l := newLink(p, client, server.(*net.TCPConn))
	if !p.register(l) {
		l.close()
		return
	}
	l.run()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

func (p *Proxy) register(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.stats.Connections++
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for _, l := range p.open() {
		l.close()
	}
	p.wait.Wait()
}

// verdict is what becomes of a message: the first pass bytes are forwarded, then the
// faults happen.
type verdict struct {
	pass   int
	faults []*fault
}

// severs tells whether the faults end the connection on both sides.
func (v verdict) severs() bool {
	return slices.ContainsFunc(v.faults, func(f *fault) bool { return f.Action == Cut || f.Action == Reset })
}

// judge finds the faults that a message of a connection sets off, of which sent bytes
// went before it in its direction.
func (p *Proxy) judge(d Direction, message []byte, sent int64) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := verdict{pass: len(message)}
	cancel := d == ToServer && sent == 0 && startCode(message) == cancelRequest
	if cancel {
		p.stats.Cancels++
	}
	for _, f := range p.faults {
		if f.Direction != d || cancel && f.left > 0 {
			continue
		}
		pass, hit := f.hit(message, sent)
		if !hit {
			continue
		}
		f.left--
		v.faults = append(v.faults, f)
		if f.Action != Watch {
			v.pass = min(v.pass, pass)
		}
	}
	p.faults = slices.DeleteFunc(p.faults, func(f *fault) bool { return f.left == 0 })
	return v
}

func (p *Proxy) countBytes(d Direction, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d == ToServer {
		p.stats.ToServer += int64(n)
	} else {
		p.stats.ToClient += int64(n)
	}
}

func (p *Proxy) countRoundTrip() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.RoundTrips++
}

func (p *Proxy) delay(arrived time.Time) {
	p.mu.Lock()
	latency := p.latency
	p.mu.Unlock()
	if latency > 0 {
		time.Sleep(time.Until(arrived.Add(latency)))
	}
}

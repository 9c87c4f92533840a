package pgtest

import (
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Stats counts what went through a proxy.
type Stats struct {
	Connections        int   // including those of cancel requests
	Cancels            int   // cancel requests
	ToServer, ToClient int64 // bytes
	// RoundTrips is the number of answers: data to a client after data to the server. It
	// excludes logins, and connections with TLS.
	RoundTrips int
}

// Proxy is a proxy between clients and a server that injects faults. It knows version 3 of
// PostgreSQL's protocol.
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

// NewProxy starts a proxy to the server of a URL. It stops when the test ends.
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

// Retarget directs new connections to another server, such as a promoted standby.
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

// URL returns databaseURL changed to use the proxy.
func (p *Proxy) URL(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return databaseURL
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// Inject arms a fault. The channel is closed when the fault happens for the first time.
func (p *Proxy) Inject(f Fault) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	happened := make(chan struct{})
	armed := &fault{Fault: f, skip: f.Skip, left: f.Times, notify: sync.OnceFunc(func() { close(happened) })}
	if f.Times == 0 {
		armed.left = 1
	}
	p.faults = append(p.faults, armed)
	return happened
}

// Clear disarms all faults and resumes stalled connections.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	for l := range p.links {
		l.pipes[ToServer].resume()
		l.pipes[ToClient].resume()
	}
}

// All applies an action to every open connection, in both directions.
func (p *Proxy) All(a Action) {
	for _, l := range p.open() {
		l.pipes[ToServer].act(a)
		l.pipes[ToClient].act(a)
	}
}

// SetLatency delays data by that time in each direction. Opening a connection takes a round
// trip, as a TCP handshake would.
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

// match returns the faults that a message triggers. sent is the number of bytes before it in
// its direction.
func (p *Proxy) match(d Direction, message []byte, sent int64) matched {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := matched{pass: len(message)}
	cancel := d == ToServer && sent == 0 && startCode(message) == cancelRequest
	if cancel {
		p.stats.Cancels++
	}
	for _, f := range p.faults {
		if f.Direction != d || cancel && f.left > 0 {
			continue
		}
		pass, ok := f.triggers(message, sent)
		if !ok {
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

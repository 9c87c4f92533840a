package pgtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"
)

const timeout = 10 * time.Second

func connect(t *testing.T, u string) (*pgconn.PgConn, error) {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	conn, err := pgconn.Connect(ctx, u)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
	}
	return conn, err
}

func send(t *testing.T, conn *pgconn.PgConn, sql string) error {
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	_, err := conn.Exec(ctx, sql).ReadAll()
	return err
}

func await(t *testing.T, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(timeout):
		t.Fatal("the fault did not happen")
	}
}

// Sends an INSERT, and checks what the client sees and whether the server executed it.
func TestFaultsAtMessages(t *testing.T) {
	t.Parallel()
	u := Database(t)
	Exec(t, u, "CREATE TABLE account (name text)")
	tests := []struct {
		name   string
		fault  Fault
		fails  bool
		insert bool
	}{
		{"watched", Fault{Match: "INSERT", Action: Watch}, false, true},
		{"request lost", Fault{Match: "INSERT", Before: true}, true, false},
		{"request lost, reset", Fault{Match: "INSERT", Before: true, Action: Reset}, true, false},
		{"cut after the request", Fault{Match: "INSERT"}, true, true},
		{"reply lost", Fault{Direction: ToClient, Match: "INSERT 0 1", Before: true}, true, true},
		{"reply lost, reset", Fault{Direction: ToClient, Match: "INSERT 0 1", Before: true, Action: Reset}, true, true},
		{"stream to server ended", Fault{Match: "INSERT", Before: true, Action: HalfClose}, true, false},
		{"stream to client ended", Fault{Direction: ToClient, Match: "INSERT 0 1", Before: true, Action: HalfClose}, true, true},
		{"no match", Fault{Match: "DELETE"}, false, true},
		{"first match skipped", Fault{Match: "INSERT", Skip: 1}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := NewProxy(t, u)
			conn, err := connect(t, p.URL(u))
			if err != nil {
				t.Fatal(err)
			}
			happened := p.Inject(test.fault)
			p.Inject(Fault{Times: -1}) // no further connection, or pgconn sends a cancel request
			err = send(t, conn, "INSERT INTO account VALUES ('"+test.name+"')")
			if (err != nil) != test.fails {
				t.Errorf("the client's error: %v", err)
			}
			if test.fails || test.fault.Action == Watch {
				await(t, happened)
			}
			want := "0"
			if test.insert {
				want = "1"
			}
			got := ""
			// The server may still be working.
			for deadline := time.Now().Add(timeout); got != want && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
				got = Value(t, u, "SELECT count(*) FROM account WHERE name = '"+test.name+"'")
			}
			if got != want {
				t.Errorf("%s rows, want %s", got, want)
			}
		})
	}
}

func TestFaultAtEveryByte(t *testing.T) {
	t.Parallel()
	u := Database(t)
	whole := NewProxy(t, u)
	conn, err := connect(t, whole.URL(u))
	if err != nil {
		t.Fatal(err)
	}
	if err := send(t, conn, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	length := whole.Stats()
	for _, d := range []Direction{ToServer, ToClient} {
		t.Run([]string{"to server", "to client"}[d], func(t *testing.T) {
			t.Parallel()
			total := length.ToServer
			if d == ToClient {
				total = length.ToClient
			}
			for n := int64(0); n < total; n += 11 {
				p := NewProxy(t, u)
				p.Inject(Fault{Direction: d, After: n})
				conn, err := connect(t, p.URL(u))
				if err == nil {
					err = send(t, conn, "SELECT 1")
				}
				if err == nil {
					t.Errorf("cut after byte %d of %d: no error", n, total)
				}
				stats := p.Stats()
				// If pgconn sent a cancel request, more bytes passed.
				if passed := []int64{stats.ToServer, stats.ToClient}[d]; passed != n && stats.Cancels == 0 {
					t.Errorf("cut after byte %d: %d bytes passed", n, passed)
				}
			}
		})
	}
}

func TestStalledConnectionResumes(t *testing.T) {
	t.Parallel()
	u := Database(t)
	p := NewProxy(t, u)
	conn, err := connect(t, p.URL(u))
	if err != nil {
		t.Fatal(err)
	}
	stalled := p.Inject(Fault{Direction: ToClient, Match: "SELECT 1", Before: true, Action: Stall})
	reply := make(chan error, 1)
	go func() { reply <- send(t, conn, "SELECT 1") }()
	await(t, stalled)
	select {
	case err := <-reply:
		t.Fatalf("a stalled connection answered: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	p.Clear()
	if err := <-reply; err != nil {
		t.Error(err)
	}
	p.All(Stall)
	go func() { reply <- send(t, conn, "SELECT 1") }()
	p.All(Cut)
	if err := <-reply; err == nil {
		t.Error("no error after all connections were cut")
	}
	if err := send(t, conn, "SELECT 1"); err == nil {
		t.Error("the connection works after all were cut")
	}
}

func TestResetIsSeenByTheClient(t *testing.T) {
	t.Parallel()
	u := Database(t)
	p := NewProxy(t, u)
	happened := p.Inject(Fault{After: 3, Action: Reset})
	conn, err := net.Dial("tcp", mustParse(t, p.URL(u)).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	start := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 9), protocol3)
	if _, err := conn.Write(append(start, 0)); err != nil {
		t.Fatal(err)
	}
	await(t, happened)
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v, want a reset", err)
	}
}

func TestFaultHappensTimes(t *testing.T) {
	t.Parallel()
	u := Database(t)
	for times, fail := range map[int]int{0: 1, 2: 2, -1: 4} {
		p := NewProxy(t, u)
		p.Inject(Fault{Times: times})
		failed := 0
		for range 4 {
			if _, err := connect(t, p.URL(u)); err != nil {
				failed++
			}
		}
		if failed != fail {
			t.Errorf("Times %d: %d of 4 connections fail, want %d", times, failed, fail)
		}
	}
}

func TestCancelIsCounted(t *testing.T) {
	t.Parallel()
	u := Database(t)
	p := NewProxy(t, u)
	conn, err := connect(t, p.URL(u))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := conn.Exec(ctx, "SELECT pg_sleep(60)").ReadAll(); err == nil {
		t.Fatal("no error after the context ended")
	}
	<-conn.CleanupDone()
	if got := p.Stats(); got.Cancels != 1 || got.Connections != 2 {
		t.Errorf("%+v, want one connection and one cancel request", got)
	}
}

func TestStatsCountBytesAndRoundTrips(t *testing.T) {
	t.Parallel()
	u := Database(t)
	p := NewProxy(t, u)
	conn, err := connect(t, p.URL(u))
	if err != nil {
		t.Fatal(err)
	}
	before := p.Stats()
	if before.Connections != 1 || before.RoundTrips != 0 {
		t.Errorf("after connecting: %+v", before)
	}
	const sql = "SELECT 1; SELECT 2; SELECT 3"
	for range 2 {
		if err := send(t, conn, sql); err != nil {
			t.Fatal(err)
		}
	}
	after := p.Stats()
	if got := after.RoundTrips; got != 2 {
		t.Errorf("%d round trips, want 2", got)
	}
	if got, want := after.ToServer-before.ToServer, int64(2*(len(sql)+6)); got != want {
		t.Errorf("%d bytes to the server, want %d", got, want)
	}
}

func TestLatencyDelaysBothDirections(t *testing.T) {
	t.Parallel()
	u := Database(t)
	p := NewProxy(t, u)
	conn, err := connect(t, p.URL(u))
	if err != nil {
		t.Fatal(err)
	}
	p.SetLatency(20 * time.Millisecond)
	start := time.Now()
	if err := send(t, conn, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("a round trip took %s, want at least 40ms", took)
	}
}

func TestEncryptedDataPassesUnchanged(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		request := make([]byte, 8)
		_, _ = io.ReadFull(conn, request)
		_, _ = conn.Write([]byte("S"))
		_, _ = io.Copy(conn, conn)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	p := NewProxy(t, "postgres://"+listener.Addr().String())
	conn, err := net.Dial("tcp", mustParse(t, p.URL("postgres://")).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	request := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), sslRequest)
	if _, err := conn.Write(request); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 1)
	if _, err := io.ReadFull(conn, answer); err != nil || answer[0] != 'S' {
		t.Fatalf("%q, %v", answer, err)
	}
	noise := strings.Repeat("\x16\x03\x01\x7f\xff\xff\xff", 10)
	if _, err := io.WriteString(conn, noise); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	if echo, err := io.ReadAll(conn); err != nil || string(echo) != noise {
		t.Errorf("%q, %v", echo, err)
	}
}

// The streams arrive in arbitrary pieces and may be malformed.
func TestFramesKeepEveryByte(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 20)).Draw(t, "bodies")
		var stream []byte
		for _, body := range bodies {
			stream = append(stream, 'Q')
			stream = append(binary.BigEndian.AppendUint32(stream, uint32(len(body)+4)), body...)
		}
		noise := rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "noise")
		all := append(bytes.Clone(stream), noise...)
		f := frames{typed: true}
		var out []byte
		count := 0
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			f.add(rest[:n])
			rest = rest[n:]
			for m := f.next(false); m != nil; m = f.next(false) {
				if count < len(bodies) && !bytes.Equal(m[5:], bodies[count]) {
					t.Fatalf("message %d is %q", count, m)
				}
				count++
				out = append(out, m...)
			}
		}
		if count < len(bodies) {
			t.Fatalf("%d messages, want %d", count, len(bodies))
		}
		f.raw = true
		out = append(out, f.next(false)...)
		if !bytes.Equal(out, all) {
			t.Fatalf("%q went in, %q came out", all, out)
		}
	})
}

package pgtest

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const timeout = Patience

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
	case <-time.After(Patience):
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
			Eventually(t, want+" rows", func() bool { // the server may still be working
				return Value(t, u, "SELECT count(*) FROM account WHERE name = '"+test.name+"'") == want
			})
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
	running := p.Inject(Fault{Match: "pg_sleep", Action: Watch})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-running; cancel() }()
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

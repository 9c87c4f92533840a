package pg

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
)

func startAttempt(t *testing.T, url string, o Options) (*Attempt, *pgconn.Config) {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return StartAttempt(cfg, o), cfg
}

func TestStartedAttemptIsTheFirst(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	calls := 0
	count := Options{BeforeConnect: func(context.Context, *pgconn.Config) error { calls++; return nil }}
	a, cfg := startAttempt(t, url, count)
	<-a.ready
	pid := a.conn.PID()
	o := count
	o.First = a
	conn, err := Connect(context.Background(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.PID() != pid || calls != 1 {
		t.Errorf("process %d, want %d, after %d calls", conn.PID(), pid, calls)
	}

	failing := Options{BeforeConnect: func(context.Context, *pgconn.Config) error { calls++; return errors.New("the vault is closed") }}
	calls = 0
	a, cfg = startAttempt(t, url, failing)
	failing.First = a
	var e *ConnectError
	if _, err := Connect(context.Background(), cfg, failing); !errors.As(err, &e) || e.Problem != NoCredentials || calls != 1 {
		t.Errorf("%v, after %d calls", err, calls)
	}

	// After a refused first attempt, Connect tries again.
	calls = 0
	refused := Options{Wait: time.Minute, BeforeConnect: func(_ context.Context, c *pgconn.Config) error {
		if calls++; calls == 1 {
			c.Host = "127.0.0.1"
			c.Port = 1
		}
		return nil
	}}
	retries := 0
	a, cfg = startAttempt(t, url, refused)
	refused.First, refused.OnRetry = a, func(error) { retries++ }
	conn, err = Connect(context.Background(), cfg, refused)
	if err != nil || retries != 1 || calls != 2 {
		t.Fatalf("%v, %d retries, %d calls", err, retries, calls)
	}
	conn.Close()
}

func TestIdleConnectionIsReplacedAndClosed(t *testing.T) {
	t.Parallel()
	a, cfg := startAttempt(t, pgtest.Database(t), Options{})
	<-a.ready
	a.at = a.at.Add(-maxIdle - time.Second)
	conn, err := Connect(context.Background(), cfg, Options{First: a})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if conn.PID() == a.conn.PID() {
		t.Error("the old connection was used")
	}
	<-a.conn.raw.CleanupDone()
}

func TestWaitingForAnAttemptEndsWithTheContext(t *testing.T) {
	t.Parallel()
	a, cfg := startAttempt(t, pgtest.Database(t), Options{})
	<-a.ready
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Connect(ctx, cfg, Options{First: a}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-a.conn.raw.CleanupDone()

	slow := Options{Wait: time.Hour, BeforeConnect: func(ctx context.Context, _ *pgconn.Config) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	a, cfg = startAttempt(t, "postgres://nobody@127.0.0.1:1/nowhere", slow)
	slow.First = a
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := Connect(ctx, cfg, slow); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

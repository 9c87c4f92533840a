package pg_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
)

func config(t testing.TB, url string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestConnectErrorTellsProblem(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	url := server.Database(t)
	pooler := server.PgBouncer(t, map[string]string{"server_connect_timeout": "1", "server_login_retry": "1"}).Through(url)
	with := func(url string, change func(*pgconn.Config)) *pgconn.Config {
		cfg := config(t, url)
		cfg.Fallbacks = nil
		change(cfg)
		return cfg
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(closed.Addr().(*net.TCPAddr).Port)
	_ = closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, c := range []struct {
		name      string
		cfg       *pgconn.Config
		problem   pg.ConnectProblem
		temporary bool
		reason    string
	}{
		{"refused", with(url, func(c *pgconn.Config) { c.Port = port }), pg.Refused, true, "connection refused"},
		// Names must not influence the classification.
		{"refused, misleading names", with(url, func(c *pgconn.Config) {
			c.Port, c.User, c.Database = port, "password", "hot standby read only x509: tls:"
		}), pg.Refused, true, "connection refused"},
		{"unknown host", with(url, func(c *pgconn.Config) { c.Host = "standby.invalid" }), pg.UnknownHost, true, "host name does not resolve"},
		{"silent", with(url, func(c *pgconn.Config) {
			c.Port, c.ConnectTimeout = uint16(silent.Addr().(*net.TCPAddr).Port), 100*time.Millisecond
		}), pg.Unreachable, true, "no answer in time"},
		{"no socket", with(url, func(c *pgconn.Config) { c.Host = t.TempDir() }), pg.NoSocket, true, "no such socket"},
		{"shutting down", config(t, refusing(t, "57P03", "the database system is shutting down")), pg.Unavailable, true, "the database system is shutting down"},
		{"starting up", config(t, refusing(t, "57P03", "the database system is starting up")), pg.Unavailable, true, "the database system is starting up"},
		{"wrong password", with(url, func(c *pgconn.Config) { c.Password = "hidden-s3cret" }), pg.WrongPassword, false, "password authentication failed"},
		{"no password", with(url, func(c *pgconn.Config) { c.Password = "" }), pg.WrongPassword, false, "password authentication failed"},
		{"no database", with(url, func(c *pgconn.Config) { c.Database = "nowhere" }), pg.NoDatabase, false, `database "nowhere" does not exist`},
		{"bad setting", with(url, func(c *pgconn.Config) { c.RuntimeParams["keepalives"] = "1" }), pg.BadSetting, false, "parameter"},
		{"bad value", with(url, func(c *pgconn.Config) { c.RuntimeParams["statement_timeout"] = "soon" }), pg.BadSetting, false, "parameter"},
		{"pooler, no database", with(pooler, func(c *pgconn.Config) { c.Database = "nowhere" }), pg.NoDatabase, false, `database "nowhere" does not exist`},
		{"pooler, wrong password", with(pooler, func(c *pgconn.Config) { c.Password = "hidden-s3cret" }), pg.WrongPassword, false, "authentication failed"},
		{"pooler, bad setting", with(pooler, func(c *pgconn.Config) { c.RuntimeParams["lock_timeout"] = "1s" }), pg.BadSetting, false, "parameter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := pg.Connect(context.Background(), c.cfg, pg.Options{})
			if err == nil { // a pooler may accept a login before it contacts the server
				err = conn.Exec(context.Background(), "SELECT 1")
				conn.Close()
			}
			var e *pg.ConnectError
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.Problem != c.problem || e.Temporary != c.temporary || !strings.Contains(err.Error(), c.reason) || e.NoPassword != (c.cfg.Password == "") {
				t.Errorf("%s, temporary %v: %v", e.Problem, e.Temporary, err)
			}
			if c.cfg.Password != "" && strings.Contains(fmt.Sprintf("%v %+v", err, *e), c.cfg.Password) {
				t.Errorf("the error contains the password: %v", err)
			}
		})
	}
}

func TestUnknownAuthorityIsExplained(t *testing.T) {
	t.Parallel()
	signed := httptest.NewTLSServer(nil)
	defer signed.Close()
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
		defer func() { _ = conn.Close() }()
		_, _ = io.ReadFull(conn, make([]byte, 8)) // the SSLRequest
		_, _ = conn.Write([]byte{'S'})
		_ = tls.Server(conn, signed.TLS).Handshake()
	}()
	_, err = pg.Connect(context.Background(), config(t, "postgres://u:p@"+listener.Addr().String()+"/d?sslmode=verify-full"), pg.Options{})
	var e *pg.ConnectError
	if !errors.As(err, &e) || e.Problem != pg.TLSFailed || e.Temporary || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("%v", err)
	}
}

func TestConnectErrorsOfAServer(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{
		Settings: map[string]string{"max_connections": "4", "superuser_reserved_connections": "0"},
		Files:    map[string]string{"pg_hba.conf": "host all ghost 127.0.0.1/32 trust\nhost all mapped 127.0.0.1/32 ident\nhost postgres all 127.0.0.1/32 scram-sha-256\n"},
	})
	cfg := config(t, server.URL("postgres"))
	ctx := context.Background()
	try := func(change func(*pgconn.Config)) *pg.ConnectError {
		t.Helper()
		other := cfg.Copy()
		change(other)
		conn, err := pg.Connect(ctx, other, pg.Options{})
		if err == nil {
			conn.Close()
			t.Fatal("connected")
		}
		var e *pg.ConnectError
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		return e
	}
	if e := try(func(c *pgconn.Config) { c.User = "ghost" }); e.Problem != pg.NoRole || e.Temporary || !strings.Contains(e.Error(), `role "ghost" does not exist`) {
		t.Errorf("no such role: %v", e)
	}
	if e := try(func(c *pgconn.Config) { c.User = "mapped" }); e.Problem != pg.WrongPassword || e.Temporary || !strings.Contains(e.Error(), "Ident authentication failed") {
		t.Errorf("not authenticated: %v", e)
	}
	if e := try(func(c *pgconn.Config) { c.Database = "template1" }); e.Problem != pg.NoAccess || e.Temporary || !strings.Contains(e.Error(), "pg_hba.conf") {
		t.Errorf("not in pg_hba.conf: %v", e)
	}
	required, err := pgconn.ParseConfig(strings.Replace(server.URL("postgres"), "sslmode=disable", "sslmode=require", 1))
	if err != nil {
		t.Fatal(err)
	}
	if e := try(func(c *pgconn.Config) { *c = *required }); e.Problem != pg.TLSFailed || e.Temporary || !strings.Contains(e.Error(), "TLS") {
		t.Errorf("no TLS: %v", e)
	}
	var open []*pg.Conn
	for {
		conn, err := pg.Connect(ctx, cfg, pg.Options{})
		if err != nil {
			var e *pg.ConnectError
			if !errors.As(err, &e) || e.Problem != pg.ConnectionLimit || !e.Temporary {
				t.Errorf("too many: %v", err)
			}
			break
		}
		open = append(open, conn)
	}
	// A connection becomes free during the wait.
	retries := 0
	conn, err := pg.Connect(ctx, cfg, pg.Options{Wait: time.Minute, OnRetry: func(error) {
		if retries++; retries == 1 {
			open[0].Close()
		}
	}})
	if err != nil || retries == 0 {
		t.Fatalf("%d retries, %v", retries, err)
	}
	conn.Close()
	for _, c := range open[1:] {
		c.Close()
	}
	server.Stop(t, pgtest.Fast)
	retries = 0
	conn, err = pg.Connect(ctx, cfg, pg.Options{Wait: time.Minute, OnRetry: func(error) {
		if retries++; retries == 1 {
			server.Start(t)
		}
	}})
	if err != nil || retries == 0 {
		t.Fatalf("%d retries, %v", retries, err)
	}
	conn.Close()
}

func TestBeforeConnectChangesACopy(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Database(t))
	password := cfg.Password
	cfg.Password = "stale"
	conn, err := pg.Connect(context.Background(), cfg, pg.Options{BeforeConnect: func(_ context.Context, c *pgconn.Config) error {
		c.Password = password
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if cfg.Password != "stale" || cfg.RuntimeParams["client_encoding"] != "" {
		t.Error("the caller's configuration was changed")
	}
	_, err = pg.Connect(context.Background(), cfg, pg.Options{Wait: time.Hour, BeforeConnect: func(context.Context, *pgconn.Config) error { return errors.New("the vault is closed") }})
	var e *pg.ConnectError
	if !errors.As(err, &e) || e.Problem != pg.NoCredentials || !strings.HasSuffix(err.Error(), ": the vault is closed") {
		t.Errorf("%v", err)
	}
}

func TestOldServerIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		refused bool
	}{{"12.22", true}, {"9.6.24", true}, {"11beta1", true}, {"13.0", false}, {"18beta2 (Debian 18~beta2-1)", false}, {"", false}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go serveVersion(listener, c.version)
		cfg := config(t, fmt.Sprintf("postgres://u:p@%s/d?sslmode=disable", listener.Addr()))
		conn, err := pg.Connect(context.Background(), cfg, pg.Options{})
		if c.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "the server is PostgreSQL "+c.version+"; the oldest supported version is 13") {
			t.Errorf("%q: %v", c.version, err)
		}
		if conn != nil {
			conn.Close()
		}
		_ = listener.Close()
	}
}

// refusing starts a server that refuses logins with an error, and returns a URL of it.
func refusing(t *testing.T, code, message string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	answer, err := (&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: message}).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = conn.Write(answer)
			_ = conn.Close()
		}
	}()
	return "postgres://u:hidden-s3cret@" + listener.Addr().String() + "/d?sslmode=disable"
}

// serveVersion accepts one login as a server of that version.
func serveVersion(l net.Listener, version string) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	buf := make([]byte, 1024)
	if _, err := conn.Read(buf); err != nil {
		return
	}
	message := func(kind byte, body string) string {
		n := len(body) + 4
		return string([]byte{kind, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + body
	}
	answer := message('R', "\x00\x00\x00\x00")
	if version != "" {
		answer += message('S', "server_version\x00"+version+"\x00")
	}
	_, _ = conn.Write([]byte(answer + message('K', "\x00\x00\x00\x01\x00\x00\x00\x02") + message('Z', "I")))
	_, _ = conn.Read(buf)
}

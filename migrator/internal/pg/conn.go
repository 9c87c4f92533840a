// Package pg holds the few things asked of the driver: connect, send a message of
// the simple protocol, and say what an error means.
package pg

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// OldestServer is the oldest PostgreSQL major version the messages are written for:
// they use pg_current_xact_id, which came with 13.
const OldestServer = 13

// Options say how to connect. The zero value tries once.
type Options struct {
	// ApplicationName is sent unless the configuration names one.
	ApplicationName string
	// Wait is how long a server that refuses connections, does not answer, is starting up
	// or has no name yet is tried again. Zero: one attempt.
	Wait time.Duration
	// BeforeConnect may change the configuration before each attempt (a token, a
	// rotated password). Nil: nothing to do.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// First is an attempt that has begun already, with the same options. Nil: none.
	First *Attempt
	// OnRetry is told why an attempt failed and that another one follows. Nil: silent.
	OnRetry func(error)
}

// Conn is one session of our own.
type Conn struct {
	raw *pgconn.PgConn
	cfg *pgconn.Config
}

// Unusable is the error for a database that answers but cannot serve.
func (c *Conn) Unusable(p ConnectProblem, err error) *ConnectError { return unusable(c.cfg, p, err) }

func unusable(cfg *pgconn.Config, p ConnectProblem, err error) *ConnectError {
	return &ConnectError{Database: cfg.Database, Host: Address(cfg), User: cfg.User, Problem: p, Err: err}
}

// Connect opens a session in UTF-8 with standard strings, whatever the role or the
// database prefers: our scanner reads bodies that way, and a message is decoded whole
// on arrival. The error is a *ConnectError.
func Connect(ctx context.Context, cfg *pgconn.Config, o Options) (*Conn, error) {
	deadline := time.Now().Add(o.Wait)
	pause := 50 * time.Millisecond
	for {
		conn, err := attempt(ctx, cfg, o, deadline)
		o.First = nil
		if err == nil {
			return conn, nil
		}
		if !err.Temporary || ctx.Err() != nil || time.Now().Add(pause).After(deadline) {
			return nil, err
		}
		if o.OnRetry != nil {
			o.OnRetry(err)
		}
		if Sleep(ctx, pause) != nil {
			return nil, err
		}
		pause = min(2*pause, time.Second)
	}
}

// shortestAttempt is what a connection may take however little is left of the wait.
const shortestAttempt = 5 * time.Second

// attempt tries once, and for no longer than a wait lasts: packets to a host that is
// gone are never answered.
func attempt(ctx context.Context, cfg *pgconn.Config, o Options, deadline time.Time) (*Conn, *ConnectError) {
	if o.First != nil {
		if conn, err, ok := o.First.take(ctx); ok {
			return conn, err
		}
	}
	if o.Wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(time.Until(deadline), shortestAttempt))
		defer cancel()
	}
	return connectOnce(ctx, cfg, o)
}

func connectOnce(ctx context.Context, cfg *pgconn.Config, o Options) (*Conn, *ConnectError) {
	cfg = cfg.Copy()
	cfg.RuntimeParams = maps.Clone(cfg.RuntimeParams)
	if cfg.RuntimeParams == nil {
		cfg.RuntimeParams = map[string]string{}
	}
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	cfg.RuntimeParams["standard_conforming_strings"] = "on"
	if cfg.RuntimeParams["application_name"] == "" && o.ApplicationName != "" {
		cfg.RuntimeParams["application_name"] = o.ApplicationName
	}
	cfg.OnNotice = nil
	if o.BeforeConnect != nil {
		if err := o.BeforeConnect(ctx, cfg); err != nil {
			return nil, unusable(cfg, NoCredentials, err)
		}
	}
	raw, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, classify(cfg, err)
	}
	c := &Conn{raw, cfg}
	if v := c.ServerVersion(); v > 0 && v/10000 < OldestServer {
		c.Close()
		return nil, c.Unusable(TooOld, tooOld(raw.ParameterStatus("server_version")))
	}
	return c, nil
}

// Close ends the session, politely when the server still listens.
func (c *Conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.raw.Close(ctx)
	select {
	case <-c.raw.CleanupDone():
	case <-ctx.Done():
	}
}

// Closed says whether the session is gone.
func (c *Conn) Closed() bool { return c.raw.IsClosed() }

// InTransaction says whether the server still holds a transaction of ours open,
// failed ones included.
func (c *Conn) InTransaction() bool { return c.raw.TxStatus() != 'I' }

// PID is the process the client was told at start. It differs from
// pg_backend_pid() exactly when a pooler sits between.
func (c *Conn) PID() uint32 { return c.raw.PID() }

// User is the role that the session was opened as.
func (c *Conn) User() string { return c.cfg.User }

// Parameter is the newest value the server reported for a setting, or "".
func (c *Conn) Parameter(name string) string { return c.raw.ParameterStatus(name) }

// ServerVersion is server_version as PostgreSQL counts it (150020 for 15.20), or 0
// when the server does not say.
func (c *Conn) ServerVersion() int { return versionNumber(c.Parameter("server_version")) }

func versionNumber(s string) int {
	s, _, _ = strings.Cut(s, " ")
	major, rest, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(strings.TrimRightFunc(major, func(r rune) bool { return r < '0' || r > '9' }))
	if err != nil { // "18beta1" keeps its digits in front
		digits := strings.IndexFunc(major, func(r rune) bool { return r < '0' || r > '9' })
		if digits <= 0 {
			return 0
		}
		n, _ = strconv.Atoi(major[:digits])
	}
	minor, _ := strconv.Atoi(rest)
	return n*10000 + minor
}

// Standby says whether the server told that it is a standby or read-only (PostgreSQL
// 14 and newer report both); "" when it did not.
func (c *Conn) Standby() string {
	switch {
	case c.Parameter("in_hot_standby") == "on":
		return "it is a standby"
	case c.Parameter("default_transaction_read_only") == "on":
		return "default_transaction_read_only is on"
	}
	return ""
}

// Address is the host and port of a configuration as a person writes them.
func Address(cfg *pgconn.Config) string {
	if strings.HasPrefix(cfg.Host, "/") {
		return cfg.Host
	}
	host := cfg.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(cfg.Port))
}

// Sleep waits for d or for the context, whichever comes first.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServerError finds the server's own error in err, or nil.
func ServerError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

package pg

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// OldestServer is the oldest supported PostgreSQL major version: the SQL that is sent
// uses pg_current_xact_id, which is new in 13.
const OldestServer = 13

// Options control how a connection is opened. The zero value makes one attempt.
type Options struct {
	// ApplicationName is the session's application_name unless the configuration sets one.
	ApplicationName string
	// Wait limits how long to keep trying while the server refuses connections, does not
	// answer, is starting up or shutting down, or its host name does not resolve. Zero: one
	// attempt.
	Wait time.Duration
	// BeforeConnect may change the configuration before each attempt, for example to set
	// a token or a rotated password. May be nil.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// First is an attempt started earlier with the same options; it counts as the first
	// one. May be nil.
	First *Attempt
	// OnRetry is called with the error of each attempt that will be repeated. May be nil.
	OnRetry func(error)
}

// Conn is one session.
type Conn struct {
	raw *pgconn.PgConn
	cfg *pgconn.Config
}

// Unusable returns a *ConnectError for a database that answers but cannot be used.
func (c *Conn) Unusable(p ConnectProblem, err error) *ConnectError {
	return connectError(c.cfg, p, err)
}

func connectError(cfg *pgconn.Config, p ConnectProblem, err error) *ConnectError {
	return &ConnectError{Database: cmp.Or(cfg.Database, cfg.User), Host: Address(cfg), User: cfg.User, Problem: p, Err: err}
}

// Connect opens a session with client_encoding UTF8 and standard_conforming_strings on,
// overriding the defaults of the role and the database: package sqltext scans scripts
// under these settings. The error is a *ConnectError.
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

// minAttempt is the least time an attempt gets, however little of the wait remains.
const minAttempt = 5 * time.Second

// attempt tries once. With a wait it is bounded by the deadline, because a host that is
// gone never answers.
func attempt(ctx context.Context, cfg *pgconn.Config, o Options, deadline time.Time) (*Conn, *ConnectError) {
	if o.First != nil {
		if conn, err, ok := o.First.take(ctx); ok {
			return conn, err
		}
	}
	if o.Wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(time.Until(deadline), minAttempt))
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
			return nil, connectError(cfg, NoCredentials, err)
		}
	}
	if engine := engineOfHost(cfg.Host); engine != "" {
		return nil, connectError(cfg, NotPostgreSQL, &EngineError{Engine: engine})
	}
	raw, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, classify(cfg, err)
	}
	c := &Conn{raw, cfg}
	if engine := c.engineByParameters(); engine != "" {
		c.Close()
		return nil, c.Unusable(NotPostgreSQL, &EngineError{Engine: engine})
	}
	if v := c.ServerVersion(); v > 0 && v/10000 < OldestServer {
		defer c.Close()
		var other *ConnectError // many engines claim an old version
		if errors.As(c.Identify(ctx), &other) {
			return nil, other
		}
		return nil, c.Unusable(ServerTooOld, tooOld(raw.ParameterStatus("server_version")))
	}
	return c, nil
}

// Close ends the session and waits up to two seconds for the server to do the same.
func (c *Conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.raw.Close(ctx)
	select {
	case <-c.raw.CleanupDone():
	case <-ctx.Done():
	}
}

// Closed reports whether the session has ended.
func (c *Conn) Closed() bool { return c.raw.IsClosed() }

// InTransaction reports whether a transaction is open, a failed one included.
func (c *Conn) InTransaction() bool { return c.raw.TxStatus() != 'I' }

// PID returns the process ID sent at connection start. It differs from
// pg_backend_pid() exactly when there is a pooler in between.
func (c *Conn) PID() uint32 { return c.raw.PID() }

// User returns the role that the session was opened as.
func (c *Conn) User() string { return c.cfg.User }

// Parameter returns the last value that the server reported for a setting, or "".
func (c *Conn) Parameter(name string) string { return c.raw.ParameterStatus(name) }

// ServerVersion returns the server's version in the form of server_version_num (150020
// for 15.20), or 0 if the server does not report it.
func (c *Conn) ServerVersion() int { return versionNumber(c.Parameter("server_version")) }

func versionNumber(s string) int {
	s, _, _ = strings.Cut(s, " ")
	major, rest, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(strings.TrimRightFunc(major, func(r rune) bool { return r < '0' || r > '9' }))
	if err != nil { // such as "18beta1"
		digits := strings.IndexFunc(major, func(r rune) bool { return r < '0' || r > '9' })
		if digits <= 0 {
			return 0
		}
		n, _ = strconv.Atoi(major[:digits])
	}
	minor, _ := strconv.Atoi(rest)
	return n*10000 + minor
}

// ReadOnlyReason returns why the server accepts no writes, as far as it reported that
// when the session began (PostgreSQL 14 and newer), or "".
func (c *Conn) ReadOnlyReason() string {
	switch {
	case c.Parameter("in_hot_standby") == "on":
		return "it is a standby"
	case c.Parameter("default_transaction_read_only") == "on":
		return "default_transaction_read_only is on"
	}
	return ""
}

// Address returns the host and port of a configuration, or the path of its Unix socket.
func Address(cfg *pgconn.Config) string {
	if network, path := pgconn.NetworkAddress(cfg.Host, cfg.Port); network == "unix" {
		return path
	}
	host := cfg.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(cfg.Port))
}

// Sleep waits for d, or until ctx ends and then returns its error.
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

// ServerError returns the server's error in err's chain, or nil.
func ServerError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

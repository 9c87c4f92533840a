package scratch

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// Options say where scratch databases are made. At least one of Server and Like is required.
type Options struct {
	// Server is the server, and a database on it to connect to. If the role may not create databases, that database itself
	// is used; it must be empty. Nil: the server of Like, if that is on this machine.
	Server *pgconn.Config
	// Like is the database whose encoding and locale scratch databases get. Nil: those of the server's template0.
	Like *pgconn.Config
	// CreateOnly: without the right to create databases there are none, even if that of the server is empty.
	CreateOnly bool
	// Create are further options of CREATE DATABASE, such as "LOCALE 'de_DE.UTF-8'".
	Create string
	// OnCreate is called with each new scratch database, before it is used. Nil: nothing.
	OnCreate func(context.Context, *pgconn.Config) error
	// Owner is the role that owns scratch databases. "": that of the session.
	Owner string
	// Roles are names of roles that may be created in scratch databases. A role belongs to the whole server: those of them
	// that did not exist before a database are dropped after it, as far as that is possible.
	Roles []string
	// Program is named in the comment of a scratch database, and Process, HOST/PID, as well.
	Program, Process string
	// Wait is how long a server that does not answer is tried again.
	Wait time.Duration
	// OnDatabase is called before a scratch database is made, and after it was dropped. Nil: nothing.
	OnDatabase func(name string, exists bool)
	// BeforeConnect may change the configuration before each attempt to connect to the server of Like. Nil: nothing.
	BeforeConnect func(context.Context, *pgconn.Config) error
}

// Server makes scratch databases, one at a time. It is not safe for concurrent use.
type Server struct {
	options Options
	cfg     *pgconn.Config
	conn    *pg.Conn
	now     time.Time // by the clock of the server, when the server was opened
	opened  time.Time
	create  string // the options of CREATE DATABASE
	locale  locale // of Like; the zero value is unknown
	named   bool   // the database of cfg is the scratch database
	unsafe  bool   // the server does not wait for its disk: fsync is off
}

// Open connects to the server, checks that scratch databases can be made, and drops those that were left behind a day ago or
// earlier. The error is an *Error, or that of ctx.
func Open(ctx context.Context, o Options) (*Server, error) {
	s := &Server{options: o, cfg: o.Server, opened: time.Now()}
	if s.cfg == nil {
		if o.Like == nil {
			return nil, &Error{Problem: NotNamed}
		}
		s.cfg = o.Like
		if !isLocal(s.cfg) {
			return nil, s.fail(NotNamed, nil)
		}
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) prepare(ctx context.Context) error {
	mayCreate, err := s.readFacts(ctx)
	if err != nil {
		return err
	}
	switch {
	case !mayCreate && s.options.CreateOnly:
		return s.fail(NoCreateDB, nil)
	case !mayCreate:
		return s.useNamed(ctx)
	}
	if s.options.Create != "" {
		s.create = " " + s.options.Create
	}
	if s.options.Like != nil {
		if err := s.readLocale(ctx); err != nil {
			return err
		}
	}
	return s.dropLeftovers(ctx)
}

// Close ends the connection to the server.
func (s *Server) Close() { s.conn.Close() }

// String describes the server: host and port.
func (s *Server) String() string { return pg.Address(s.cfg) }

// connect replaces the connection to the server. If that fails the old one, which is closed, stays.
func (s *Server) connect(ctx context.Context) error {
	conn, err := s.dial(ctx, s.cfg, s.options.Server == nil)
	if err == nil {
		s.conn = conn
	}
	return err
}

// dial connects to a database. likes: its server is that of Like.
func (s *Server) dial(ctx context.Context, cfg *pgconn.Config, likes bool) (*pg.Conn, error) {
	o := pg.Options{ApplicationName: "ambix " + s.options.Process, Wait: s.options.Wait}
	if likes {
		o.BeforeConnect = s.options.BeforeConnect
	}
	conn, err := pg.Connect(ctx, cfg, o)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Error{Problem: Unusable, Host: pg.Address(cfg), Database: cfg.Database, Role: cfg.User, Err: err}
	}
	return conn, nil
}

// isLocal reports whether all hosts of a configuration are this machine: loopback addresses and sockets.
func isLocal(cfg *pgconn.Config) bool {
	hosts := []string{cfg.Host}
	for _, f := range cfg.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		if !strings.HasPrefix(host, "/") && !strings.HasPrefix(host, "@") && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

func (s *Server) fail(p Problem, err error) *Error {
	return &Error{Problem: p, Host: pg.Address(s.cfg), Database: s.cfg.Database, Role: s.cfg.User, Err: err}
}

// facts reads whether the role may create databases, and what the server is: rows of t or f twice, the process number, the
// time, and the setting of fsync.
const facts = `SELECT r.rolsuper OR r.rolcreatedb, pg_catalog.pg_is_in_recovery(), pg_catalog.pg_backend_pid(), extract(epoch FROM pg_catalog.clock_timestamp())::pg_catalog.int8,
  pg_catalog.current_setting('fsync')
FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER`

// readFacts refuses a server that cannot create databases, and reports whether the role may.
func (s *Server) readFacts(ctx context.Context) (mayCreate bool, err error) {
	rows, err := s.query(ctx, s.conn, facts)
	if err != nil {
		return false, err
	}
	if len(rows) != 1 || len(rows[0]) != 5 {
		return false, s.fail(Unusable, s.conn.Unusable(pg.Rejected, errNotPostgres))
	}
	reason := s.conn.ReadOnlyReason()
	if rows[0][1].Text == "t" {
		reason = "it is a standby"
	}
	if reason != "" {
		return false, s.fail(Unusable, s.conn.Unusable(pg.ReadOnly, readOnlyError(reason)))
	}
	if rows[0][2].Text != pid(s.conn) {
		return false, s.fail(Pooler, nil)
	}
	if err := s.conn.DisableTimeouts(ctx); err != nil {
		return false, s.fail(Unusable, err)
	}
	s.now, s.unsafe = unixTime(rows[0][3].Text), rows[0][4].Text == "off"
	return rows[0][0].Text == "t", nil
}

// query runs a statement that reads.
func (s *Server) query(ctx context.Context, conn *pg.Conn, sql string) ([]pg.Row, error) {
	rows, err := conn.Read(ctx, "SET LOCAL lock_timeout = '5s';\n"+sql)
	if err == nil {
		return rows, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, s.fail(Unusable, err)
}

// ownerClause returns the clause of CREATE DATABASE that names the owner, or "".
func (s *Server) ownerClause() string {
	if s.options.Owner == "" {
		return ""
	}
	return " OWNER " + schema.QuoteIdent(s.options.Owner)
}

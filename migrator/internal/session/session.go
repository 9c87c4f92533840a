package session

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// Settings control a run. There are no defaults here: a zero duration is no wait, or no limit
// for a timeout of PostgreSQL.
type Settings struct {
	Ledger ledger.Tables
	// LedgerNamed: the ledger was named on purpose, and is created where it is named,
	// whatever other ledgers the database has.
	LedgerNamed bool
	// LedgerOwner is another role whose ledger is trusted. "": none.
	LedgerOwner string
	Role        string   // "": the session's own
	SearchPath  []string // schemas; empty: the session's own
	// TargetSchema is the schema that the ledger is for. A run is refused if it does not exist, and
	// the version tables of other tools elsewhere do not matter. "": the whole database.
	TargetSchema string
	// TargetDatabase is the database of a target of a fleet, the only one for which a script is. "": there is no fleet.
	TargetDatabase string
	Version        string // of the program

	Wait, WaitRunner, RetryFor    time.Duration
	LockTimeout, StatementTimeout time.Duration
	Guard                         int64 // see apply.Runner

	SingleTransaction, FlushEvery bool
	Send                          apply.Send
	Fingerprint                   FingerprintMode // "": off
	FingerprintIgnore             []string        // see ledger.Fingerprints
	Observer                      *apply.Observer // of a rehearsal; nil: none
	OnStart                       func(plan.Step) // see apply.Runner; nil: nobody is told
	plan.Policies

	// BeforeConnect may change the configuration before each attempt. Nil: nothing.
	BeforeConnect func(context.Context, *pgconn.Config) error
}

// Connecting returns the options that a session with these settings connects with.
func (s *Settings) Connecting() pg.Options {
	_, process := processName()
	return pg.Options{ApplicationName: "ambix " + process, Wait: s.Wait, BeforeConnect: s.BeforeConnect}
}

// Runner returns a runner without a connection, for what is only rendered.
func (s *Settings) Runner() *apply.Runner {
	host, process := processName()
	return &apply.Runner{
		Ledger: s.Ledger, LedgerOwner: s.LedgerOwner, TargetDatabase: s.TargetDatabase, TargetSchema: s.TargetSchema, Author: ledger.Author{From: host, Version: s.Version, Run: newRunID()}, Role: s.Role, SearchPath: s.SearchPath, Process: process,
		LockTimeout: s.LockTimeout, StatementTimeout: s.StatementTimeout, RetryFor: s.RetryFor, SingleTransaction: s.SingleTransaction, FlushEvery: s.FlushEvery, Send: s.Send, Guard: s.Guard, Observer: s.Observer, OnStart: s.OnStart,
	}
}

// opened counts the sessions of this process.
var opened atomic.Int64

// Session is one connection. It is not safe for concurrent use.
type Session struct {
	Settings
	files       *plan.Files
	cfg         *pgconn.Config
	number      int64       // of this session in the process, from 1
	first       *pg.Attempt // started earlier, until it is used
	conn        *pg.Conn
	runner      *apply.Runner
	observe     func(apply.Event) // nil: nothing is reported
	connectedAt time.Time         // when conn was opened
	// foreign: at the last read, a table of the ledger belonged to another role.
	foreign bool
	// retried: the server did not answer at once when the connection was opened last.
	retried bool
	// recovering: the server reported recovery at the last read. PostgreSQL 14 and newer
	// report it without being asked.
	recovering bool
	around     surroundings // as of the last read that found no ledger
	writes     int          // how many changes of the ledger alone were sent
}

// Open connects to a database, and waits for a server that does not answer. first is an
// attempt to connect that was started earlier with the same configuration, or nil. observe
// is called by one goroutine at a time, or is nil. The error is a *pg.ConnectError.
func Open(ctx context.Context, files *plan.Files, settings Settings, cfg *pgconn.Config, wait time.Duration, first *pg.Attempt, observe func(apply.Event)) (*Session, error) {
	s := &Session{files: files, cfg: cfg, first: first, number: opened.Add(1)}
	s.configure(settings, observe)
	return s, s.connect(ctx, wait)
}

// Switch continues with other settings over the same connection: for another ledger of the
// database. ok is false if the connection is not usable any more.
func (s *Session) Switch(settings Settings, observe func(apply.Event)) (ok bool) {
	if s.conn == nil || s.conn.Closed() || s.conn.InTransaction() {
		return false
	}
	s.configure(settings, observe)
	s.runner.Conn, s.runner.ServerVersion = s.conn, s.conn.ServerVersion()
	return true
}

func (s *Session) configure(settings Settings, observe func(apply.Event)) {
	s.Settings, s.runner, s.observe, s.foreign, s.around = settings, settings.Runner(), nil, false, surroundings{}
	if observe != nil {
		// The runner's monitor reports from its own goroutine.
		var mu sync.Mutex
		s.observe = func(e apply.Event) {
			mu.Lock()
			defer mu.Unlock()
			observe(e)
		}
		s.runner.OnEvent = s.observe
	}
	if s.number > 1 { // the monitor knows its session by this name
		s.runner.Process += "." + strconv.FormatInt(s.number, 10)
	}
	s.runner.OpenMonitor = func(ctx context.Context) (*pg.Conn, error) { return s.dial(ctx, 0) }
}

// Close ends the session.
func (s *Session) Close() {
	if s.conn != nil {
		s.conn.Close()
	}
}

func (s *Session) emit(e apply.Event) {
	if s.observe != nil {
		s.observe(e)
	}
}

// connect opens the connection, or opens it again after a loss.
func (s *Session) connect(ctx context.Context, wait time.Duration) error {
	s.retried = false
	conn, err := s.dial(ctx, wait)
	if err != nil {
		return err
	}
	s.conn, s.runner.Conn, s.runner.ServerVersion, s.connectedAt = conn, conn, conn.ServerVersion(), time.Now()
	return nil
}

func (s *Session) dial(ctx context.Context, wait time.Duration) (*pg.Conn, error) {
	o := s.Connecting()
	o.Wait, o.First = wait, s.first
	s.first = nil
	o.OnRetry = func(err error) {
		s.retried = true
		s.emit(Connecting{Err: err})
	}
	return pg.Connect(ctx, s.cfg, o)
}

// processName returns the host, and HOST/PID, which identifies the runner.
func processName() (host, process string) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown-host"
	}
	// No server refuses ASCII, whatever the encoding of the database.
	host = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, host)
	return host, host + "/" + strconv.Itoa(os.Getpid())
}

// newRunID returns an identifier for the events of a run.
func newRunID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

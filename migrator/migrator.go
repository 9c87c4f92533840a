package migrator

import (
	"context"
	"io/fs"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
)

// Config says how a migrator works. The zero value is right for most programs.
type Config struct {
	// Prefix is put before the names of files in messages; see Load. New alone uses it.
	Prefix string
	// Ledger is SCHEMA.PREFIX of the tables that record what is applied. One that is named
	// here is created where it is named. "": public.ambix, which is not created in a
	// database that has a ledger elsewhere.
	Ledger string
	// Role is set (SET ROLE) for revisions and ledger alike. "": the session's own.
	Role string
	// LedgerOwner is a role whose ledger is trusted, in addition to the role that runs, roles
	// that it is a member of, the owners of schema and database, and superusers. A ledger of
	// any other role is not written to, because its triggers would run with the privileges of
	// whoever migrates. "": none.
	LedgerOwner string
	// SearchPath is the search_path that revisions start with: schemas by their plain
	// names. Empty: the session's own.
	SearchPath []string
	// Version is recorded as the version of the program. "": BuildVersion().
	Version string

	// Wait is how long a server that does not answer is tried again. Zero: one attempt.
	Wait time.Duration
	// WaitRunner is how long to wait for another runner. Zero: 10 minutes; negative: not
	// at all.
	WaitRunner time.Duration
	// LockTimeout is the lock_timeout of revisions that do not set their own. Zero: 5
	// seconds; negative: no limit.
	LockTimeout time.Duration
	// RetryFor is how long a revision is tried again after a lock timeout. Zero: 2
	// minutes; negative: not at all.
	RetryFor time.Duration
	// StatementTimeout is the statement_timeout of revisions that do not set their own.
	// Zero: no limit.
	StatementTimeout time.Duration

	// Guard stops a revision that rewrites a table, or reads it from beginning to end, if the table is larger than this number
	// of bytes, with its TOAST data and without indexes; a partitioned table counts with the partitions that are read. The
	// revision is rolled back: see GuardError. A header with accept: rewrites TABLE, or scans TABLE, allows it. Zero: no guard.
	Guard int64
	// SingleTransaction applies a whole run in one transaction: all or nothing. It is
	// refused for non-transactional revisions.
	SingleTransaction bool
	// FlushEvery makes each revision durable before the next one begins. Otherwise the last
	// commit of a run does that for all of them; a run returns after that.
	FlushEvery bool

	// Send says what is sent in one message of the protocol: SendMessage batches small
	// revisions, SendRevision sends each revision separately, SendStatement each statement.
	// In a batch now() is the time when the message arrived, and a trigger that stores
	// current_query() sees the whole message. SendAuto (the default) is SendStatement for a
	// database with Citus, which can work in no other way, and SendMessage for all others.
	Send Send

	// Ahead decides what Up does in a database with revisions that the files do not have:
	// Auto (the default), OK or Fail. Unless it is OK, no script runs in a database that has
	// no ledger, but a version table of another tool.
	Ahead Policy
	// Modified decides what Up does when the file of an applied revision was modified:
	// Warn (the default), OK or Fail.
	Modified Policy
	// OutOfOrder decides what Up does with a pending revision below an applied one: Fail
	// (the default) or OK.
	OutOfOrder Policy

	// Scratch says where throw-away databases are made, for Schema, Dump and Diff. A run never makes one.
	Scratch Scratch
	// Fingerprint says whether a run that changed something records a fingerprint of the schema that it left, so that
	// Status can tell whether it is still the same: FingerprintAuto (the default) if reading the schema takes at most a
	// tenth of the run, or a thousandth of the time since the last reading, and a second; FingerprintOn; FingerprintOff.
	Fingerprint Fingerprint
	// FingerprintIgnore are patterns for the names of objects that the fingerprint leaves out, such as partitions that a job
	// makes each day; see WithoutMatches. They are recorded with it, so that only runs need them.
	FingerprintIgnore []string

	// Database is a database to connect to while New reads the files; the first call with
	// this very configuration takes the connection over, if that happens within seconds.
	// Nothing is sent but the login. Such a migrator must be closed. A short-lived program
	// saves a few milliseconds with it. Nil: each call connects by itself.
	Database *pgconn.Config
	// BeforeConnect may change the configuration before each attempt to connect: a token, a
	// rotated password. For Database it is called from another goroutine. Nil: nothing.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// OnEvent is called with what happens during a call. The calls for one run are in order
	// and never concurrent; concurrent runs call it concurrently. It must not block, and
	// must not use the migrator. Nil: nothing is reported, and no second connection looks
	// what a long step waits for.
	OnEvent func(Event)
	// Target names the database in events, for programs that migrate several. "": no name.
	Target string
}

// Send is what is sent in one message of the protocol.
type Send string

// The ways of sending; see Config.Send.
const (
	SendAuto      Send = "auto"
	SendMessage   Send = "message"
	SendRevision  Send = "revision"
	SendStatement Send = "statement"
)

// Fingerprint says when a run records a fingerprint; see Config.Fingerprint.
type Fingerprint string

// The choices.
const (
	FingerprintAuto Fingerprint = "auto"
	FingerprintOn   Fingerprint = "on"
	FingerprintOff  Fingerprint = "off"
)

// Policy decides a situation in which continuing may be wrong.
type Policy string

// The policies. Auto continues when nothing is pending, and fails otherwise.
const (
	Auto Policy = "auto"
	Warn Policy = "warn"
	OK   Policy = "ok"
	Fail Policy = "fail"
)

// Migrator upgrades and downgrades databases with a set of files. It is safe for
// concurrent use.
type Migrator struct {
	files    *Files
	cfg      Config
	settings session.Settings
	begun    atomic.Pointer[pg.Attempt] // the connection to Config.Database, until it is taken
}

// New loads the revisions below the root of fsys and returns a migrator of them. Errors:
// *FilesError, *ConfigError.
func New(fsys fs.FS, cfg Config) (*Migrator, error) {
	m, err := newMigrator(cfg)
	if err != nil {
		return nil, err
	}
	m.begin()
	if m.files, err = Load(fsys, cfg.Prefix); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// newMigrator checks the settings and replaces zero values by defaults.
func newMigrator(cfg Config) (*Migrator, error) {
	name, err := parseLedger(cfg.Ledger)
	if err != nil {
		return nil, err
	}
	if found := name.Placeholders(); len(found) > 0 {
		return nil, &ConfigError{Setting: "ledger", Value: cfg.Ledger, Reason: "only the targets of a fleet have a value for " + found[0]}
	}
	for _, p := range []struct {
		setting string
		value   *Policy
		choices []Policy // the first is the default
	}{
		{"ahead", &cfg.Ahead, []Policy{Auto, OK, Fail}},
		{"changed", &cfg.Modified, []Policy{Warn, OK, Fail}},
		{"out-of-order", &cfg.OutOfOrder, []Policy{Fail, OK}},
		{"fingerprint", (*Policy)(&cfg.Fingerprint), []Policy{Policy(FingerprintAuto), Policy(FingerprintOn), Policy(FingerprintOff)}},
		{"send", (*Policy)(&cfg.Send), []Policy{Policy(SendAuto), Policy(SendMessage), Policy(SendRevision), Policy(SendStatement)}},
	} {
		if *p.value == "" {
			*p.value = p.choices[0]
		}
		if !slices.Contains(p.choices, *p.value) {
			e := &ConfigError{Setting: p.setting, Value: string(*p.value)}
			for _, c := range p.choices {
				e.Choices = append(e.Choices, string(c))
			}
			slices.Sort(e.Choices)
			return nil, e
		}
	}
	if _, err := matcher("fingerprint-ignore", cfg.FingerprintIgnore); err != nil {
		return nil, err
	}
	if cfg.Guard < 0 {
		return nil, &ConfigError{Setting: "guard", Value: strconv.FormatInt(cfg.Guard, 10), Reason: "must not be negative"}
	}
	orDefault := func(d, initial time.Duration) time.Duration {
		if d == 0 {
			return initial
		}
		return max(d, 0)
	}
	if cfg.Version == "" {
		cfg.Version = BuildVersion()
	}
	return &Migrator{cfg: cfg, settings: session.Settings{
		Ledger: name, LedgerNamed: cfg.Ledger != "", LedgerOwner: cfg.LedgerOwner, Role: cfg.Role, SearchPath: cfg.SearchPath, Version: cfg.Version,
		Wait: cfg.Wait, WaitRunner: orDefault(cfg.WaitRunner, 10*time.Minute), RetryFor: orDefault(cfg.RetryFor, 2*time.Minute),
		LockTimeout: orDefault(cfg.LockTimeout, 5*time.Second), StatementTimeout: max(cfg.StatementTimeout, 0), Guard: cfg.Guard,
		SingleTransaction: cfg.SingleTransaction, FlushEvery: cfg.FlushEvery, Send: apply.Send(cfg.Send),
		Fingerprint: session.FingerprintMode(cfg.Fingerprint), FingerprintIgnore: slices.Clone(cfg.FingerprintIgnore),
		Policies:      plan.Policies{Ahead: plan.Policy(cfg.Ahead), Modified: plan.Policy(cfg.Modified), OutOfOrder: plan.Policy(cfg.OutOfOrder)},
		BeforeConnect: cfg.BeforeConnect,
	}}, nil
}

// BuildVersion returns the version of the main module, as the build recorded it, or
// "unknown".
func BuildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// Files returns the files.
func (m *Migrator) Files() *Files { return m.files }

// begin begins to connect to Config.Database.
func (m *Migrator) begin() {
	if m.cfg.Database != nil {
		m.begun.Store(pg.StartAttempt(m.cfg.Database, m.settings.Connecting()))
	}
}

// Close gives up the connection to Config.Database if no call has taken it over. It may be
// called more than once; the migrator can still be used.
func (m *Migrator) Close() {
	if a := m.begun.Swap(nil); a != nil {
		a.Close()
	}
}

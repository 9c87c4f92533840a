// Package migrator is the library's front door: it loads a set of revisions once and
// moves any number of databases with it.
//
//	set, err := migrator.New(files, migrator.Config{})
//	cfg, err := pgconn.ParseConfig(os.Getenv("DATABASE_URL"))
//	report, err := set.Up(ctx, cfg)
//
// It is silent unless Config.OnEvent says otherwise.
package migrator

import (
	"context"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

// Config says how a set is run. The zero value is right for most.
type Config struct {
	// Prefix is shown before the names of files, for a set that was read from a folder.
	Prefix string
	// Ledger is SCHEMA.PREFIX of the version tables. "": public.ambix.
	Ledger string
	// Role is set (SET ROLE) for revisions and ledger alike. "": the session's own.
	Role string
	// Version is recorded as the program's version. "": the main module's, as the
	// build knows it.
	Version string

	// Wait is how long a server that does not answer yet is tried. Zero: once.
	Wait time.Duration
	// WaitRunner is how long another runner is waited for. Zero: 10 minutes; negative:
	// not at all.
	WaitRunner time.Duration
	// LockTimeout bounds the wait for each table lock of a revision that does not set
	// its own. Zero: 5 seconds; negative: no bound.
	LockTimeout time.Duration
	// RetryFor is how long a revision that got no lock is tried again. Zero: 2 minutes;
	// negative: not at all.
	RetryFor time.Duration
	// StatementTimeout bounds each statement of a revision that does not set its own.
	// Zero: no bound.
	StatementTimeout time.Duration

	// SingleTransaction puts a whole run into one transaction: all or nothing. It is
	// refused for revisions with `transaction: off`.
	SingleTransaction bool

	// FlushEvery makes each revision durable before the next one begins. Otherwise the
	// last commit of a message does that for all of them; nothing is reported before.
	FlushEvery bool

	// Ahead says what Up does in a database that holds revisions this set does not
	// know. "": Auto.
	Ahead Policy
	// Changed says what Up does when an applied revision's file has changed. "": Warn.
	Changed Policy
	// OutOfOrder says what Up does with a revision that lies below an applied one.
	// "": Fail.
	OutOfOrder Policy

	// Database is where New begins to connect while it reads the files, for a program
	// that moves one database and ends. The first call that is given this very
	// configuration takes the connection over, unless it has lain for seconds; nothing is
	// sent but what logs in. Such a set has to be closed. Nil: each call connects.
	Database *pgconn.Config
	// BeforeConnect may change the configuration before each connection: a token, a
	// rotated password. The call for Database comes from another goroutine, while New
	// reads the files. Nil: nothing.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// OnEvent sees what happens, in order and one at a time. Nil: nobody, and no second
	// session looks at what a long step waits for.
	OnEvent func(Event)
}

// Policy answers a situation in which going on may be wrong.
type Policy string

// The policies. Auto goes on when there is nothing to do and fails otherwise.
const (
	Auto Policy = "auto"
	Warn Policy = "warn"
	OK   Policy = "ok"
	Fail Policy = "fail"
)

// Set is a set of revisions that fit together. It is immutable and safe for
// concurrent use.
type Set struct {
	files  *plan.Files
	cfg    Config
	ledger ledger.Name
	ahead  atomic.Pointer[pg.Attempt] // the connection to Config.Database, until it is taken
}

// New reads every revision below the root of fsys. All problems of all files come
// together, as revision.Problems. A folder without revisions is a set without any.
// A Config that cannot be is a *ConfigError or a *ledger.NameError.
func New(fsys fs.FS, cfg Config) (*Set, error) {
	name, err := ledger.ParseName(cfg.Ledger)
	if err != nil {
		return nil, err
	}
	if cfg, err = cfg.withDefaults(); err != nil {
		return nil, err
	}
	s := &Set{cfg: cfg, ledger: name}
	if cfg.Database != nil {
		s.ahead.Store(pg.StartAttempt(cfg.Database, s.options()))
	}
	if s.files, err = load(fsys, cfg.Prefix); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func load(fsys fs.FS, prefix string) (*plan.Files, error) {
	revs, problems, err := revision.Load(fsys, prefix)
	if err != nil {
		return nil, err
	}
	files, more := plan.NewFiles(revs)
	if all := append(problems, more...); len(all) > 0 {
		all.Sort()
		return nil, all
	}
	return files, nil
}

// Close gives up the connection to Config.Database if no call has taken it. It may be
// called more than once, and the set remains of use.
func (s *Set) Close() {
	if a := s.ahead.Swap(nil); a != nil {
		a.Close()
	}
}

// options are how its sessions connect.
func (s *Set) options() pg.Options {
	_, proc := process()
	return pg.Options{ApplicationName: "ambix " + proc, Wait: s.cfg.Wait, BeforeConnect: s.cfg.BeforeConnect}
}

// begun gives the connection that New has begun to cfg, once.
func (s *Set) begun(cfg *pgconn.Config) *pg.Attempt {
	if cfg != s.cfg.Database {
		return nil
	}
	return s.ahead.Swap(nil)
}

// Graph is the set's revisions as a graph.
func (s *Set) Graph() *graph.Graph { return s.files.Graph }

// Revision gives one revision of the set by its full id, or nil.
func (s *Set) Revision(id string) *revision.Revision { return s.files.Revision(id) }

// Revisions gives all of them, parents first.
func (s *Set) Revisions() []*revision.Revision { return s.files.Ordered() }

func (c Config) withDefaults() (Config, error) {
	for _, p := range []struct {
		name    string
		value   *Policy
		initial Policy
		others  []Policy
	}{
		{"ahead", &c.Ahead, Auto, []Policy{Fail, OK}},
		{"changed", &c.Changed, Warn, []Policy{Fail, OK}},
		{"out-of-order", &c.OutOfOrder, Fail, []Policy{OK}},
	} {
		if *p.value == "" {
			*p.value = p.initial
		}
		if err := oneOf(p.name, *p.value, append(p.others, p.initial)); err != nil {
			return c, err
		}
	}
	initial := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
		*d = max(*d, 0)
	}
	initial(&c.WaitRunner, 10*time.Minute)
	initial(&c.LockTimeout, 5*time.Second)
	initial(&c.RetryFor, 2*time.Minute)
	initial(&c.StatementTimeout, 0)
	if c.Version == "" {
		c.Version = buildVersion()
	}
	return c, nil
}

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// process names this program's process for those who wait for it.
func process() (host, process string) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown-host"
	}
	return host, host + "/" + strconv.Itoa(os.Getpid())
}

// The parts of the packages below that callers meet.
type (
	// Event is something that happened during a run: a type of package apply.
	Event = apply.Event
	// RevisionError says that the server refused a revision.
	RevisionError = apply.RevisionError
	// ConnectError says that the database cannot be used.
	ConnectError = pg.ConnectError
	// Problems are everything wrong with the files.
	Problems = revision.Problems
	// TargetError says that a target means nothing here, or more than one thing.
	TargetError = graph.TargetError
)

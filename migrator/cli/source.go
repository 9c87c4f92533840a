package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
)

// defaultDir is the folder where revisions are written, and read if none are embedded.
const defaultDir = "sql"

// embedded reports whether the revisions are the embedded ones.
func (p *program) embedded() bool { return p.settings.Dir == "" && p.FS != nil }

// dir returns the folder of the revisions on disk.
func (p *program) dir() string {
	if p.settings.Dir == "" {
		return defaultDir
	}
	return filepath.Clean(p.settings.Dir)
}

// files returns where the revisions are read, and the prefix to show before their names.
func (p *program) files() (fsys fs.FS, prefix string, err error) {
	if p.embedded() {
		return p.FS, "", nil
	}
	dir := p.dir()
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", &settings.UsageError{Text: "the folder " + terminal.Quote(dir) + " does not exist; create it, or name the folder of the revisions with --dir"}
	case err != nil:
		return nil, "", &fileError{err}
	case !info.IsDir():
		return nil, "", &settings.UsageError{Text: terminal.Quote(dir) + " is not a folder; --dir names the folder of the revisions"}
	}
	return os.DirFS(dir), filepath.ToSlash(dir), nil
}

// load reads the revisions.
func (p *program) load(cfg migrator.Config) (*migrator.Migrator, error) {
	fsys, prefix, err := p.files()
	if err != nil {
		return nil, err
	}
	cfg.Prefix = prefix
	return migrator.New(fsys, cfg)
}

// config returns the settings of the library.
func (p *program) config() migrator.Config {
	// In the library zero is the default and a negative value means none; here zero does.
	none := func(d time.Duration) time.Duration {
		if d == 0 {
			return -1
		}
		return d
	}
	s := p.settings
	ledger := s.Ledger
	if !s.LedgerNamed {
		ledger = "" // so that it is not created next to another one
	}
	return migrator.Config{
		Ledger: ledger, LedgerOwner: s.LedgerOwner, Role: s.Role, Version: p.Version,
		Wait: s.Wait, WaitRunner: none(s.WaitRunner), LockTimeout: none(s.LockTimeout), RetryFor: none(s.RetryFor),
		StatementTimeout: s.StatementTimeout, Guard: s.Guard, SingleTransaction: s.SingleTransaction, FlushEvery: s.Flush == "every", Send: migrator.Send(s.Send),
		Fingerprint: migrator.Fingerprint(s.Fingerprint), FingerprintIgnore: s.FingerprintIgnore,
		Ahead: migrator.Policy(s.Ahead), Modified: migrator.Policy(s.Changed), OutOfOrder: migrator.Policy(s.OutOfOrder),
	}
}

// settingsOfRun is config. The ledger of many targets is part of each of them.
func (r *run) settingsOfRun() migrator.Config {
	config := r.config()
	if r.many {
		config.Ledger = ""
	}
	return config
}

// set reads the revisions for a command that needs no database.
func (r *run) set() (*migrator.Migrator, error) { return r.load(r.config()) }

// openDatabase is open for a command that reports events, with a warning if the embedded
// revisions are stale.
func (r *run) openDatabase(rep *reporter) (*migrator.Migrator, *pgconn.Config, error) {
	set, cfg, err := r.open(rep.event)
	if err == nil {
		r.warnIfStale()
	}
	return set, cfg, err
}

// open reads the revisions and returns them with the configuration of the database, which
// it logs. Errors of the configuration take precedence over those of the files. onEvent may
// be nil.
func (r *run) open(onEvent func(migrator.Event)) (*migrator.Migrator, *pgconn.Config, error) {
	source, err := r.database().Source()
	if err != nil {
		return nil, nil, err
	}
	for _, text := range source.Ignored() {
		r.warn(eventVariable, text)
	}
	config := r.settingsOfRun()
	config.OnEvent = both(onEvent, r.OnEvent)
	config.BeforeConnect = r.beforeConnectTo(source)
	cfg, wrong := source.Config(r.ctx)
	config.Database = cfg
	set, err := r.load(config)
	if err != nil {
		return nil, nil, err
	}
	if wrong != nil {
		return nil, nil, wrong
	}
	r.opened = set
	r.noteDatabase(cfg)
	r.addressShown = !r.settings.Quiet && !r.log.JSON() && !r.many
	return set, cfg, nil
}

// databaseName returns the name of the database. The server's default is that of the user.
func databaseName(cfg *pgconn.Config) string { return cmp.Or(cfg.Database, cfg.User) }

// both returns an observer that calls two others, either of which may be nil.
func both(first, second func(migrator.Event)) func(migrator.Event) {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	return func(e migrator.Event) {
		first(e)
		second(e)
	}
}

func (p *program) database() dbenv.Options {
	return dbenv.Options{DatabaseURL: p.settings.DatabaseURL, DatabaseURLName: "--database-url", Environ: p.environ()}
}

// beforeConnect reads a mounted password again, then calls Config.BeforeConnect.
func (p *program) beforeConnect(source *dbenv.Source) func(context.Context, *pgconn.Config) error {
	return func(ctx context.Context, cfg *pgconn.Config) error {
		if err := source.BeforeConnect(ctx, cfg); err != nil || p.BeforeConnect == nil {
			return err
		}
		return p.BeforeConnect(ctx, cfg)
	}
}

// withDatabase adds the problems of the variables that name the database to those in err.
func (p *program) withDatabase(err error) error {
	wrong, ok := errors.AsType[*dbenv.Error](err)
	if !ok {
		return err
	}
	_, err = p.database().Source()
	if more, ok := errors.AsType[*dbenv.Error](err); ok {
		return &dbenv.Error{Problems: append(wrong.Problems, more.Problems...)}
	}
	return wrong
}

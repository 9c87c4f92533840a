package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/revision"
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
		return nil, "", &migrator.UsageError{Text: "there is no folder " + terminal.Quote(dir) + "; name the one with the revisions with --dir"}
	case err != nil:
		return nil, "", &fileError{err}
	case !info.IsDir():
		return nil, "", &migrator.UsageError{Text: terminal.Quote(dir) + " is no folder; --dir names the folder with the revisions"}
	}
	return os.DirFS(dir), filepath.ToSlash(dir), nil
}

// load reads the revisions.
func (p *program) load(cfg migrator.Config) (*migrator.Set, error) {
	fsys, prefix, err := p.files()
	if err != nil {
		return nil, err
	}
	cfg.Prefix = prefix
	set, err := migrator.New(fsys, cfg)
	switch {
	case err == nil, is[revision.Problems](err), is[*ledger.NameError](err), is[*migrator.ConfigError](err):
		return set, err
	}
	return nil, &fileError{err}
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
	return migrator.Config{
		Ledger: s.Ledger, Role: s.Role, Version: p.Version,
		Wait: s.Wait, WaitRunner: none(s.WaitRunner), LockTimeout: none(s.LockTimeout), RetryFor: none(s.RetryFor),
		StatementTimeout: s.StatementTimeout, SingleTransaction: s.SingleTransaction, FlushEvery: s.Flush == "every",
		Ahead: migrator.Policy(s.Ahead), Changed: migrator.Policy(s.Changed), OutOfOrder: migrator.Policy(s.OutOfOrder),
	}
}

// set reads the revisions for a command that needs no database.
func (r *run) set() (*migrator.Set, error) { return r.load(r.config()) }

// open reads the revisions and returns them with the configuration of the database, which
// it logs. Errors of the configuration take precedence over those of the files.
func (r *run) open(onEvent func(migrator.Event)) (*migrator.Set, *pgconn.Config, error) {
	source, err := r.database().Source()
	if err != nil {
		return nil, nil, err
	}
	config := r.config()
	config.OnEvent = onEvent
	config.BeforeConnect = r.beforeConnect(source)
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
	r.log.Info(dbenv.Describe(cfg))
	return set, cfg, nil
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

package migratortest

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/scratch"
)

// loaded are the embedded files that were read, by embed.FS: they never change.
var loaded sync.Map

func load(files fs.FS) (*migrator.Files, error) {
	if files == nil {
		return nil, errors.New("the files are nil")
	}
	embedded, ok := files.(embed.FS)
	if !ok {
		return migrator.Load(files, "")
	}
	read, _ := loaded.LoadOrStore(embedded, sync.OnceValues(func() (*migrator.Files, error) { return migrator.Load(files, "") }))
	return read.(func() (*migrator.Files, error))()
}

// template is one that this process uses.
type template struct {
	mu   sync.Mutex
	name string
	err  error // of the files: it is not made again for every test
}

// templates are those of this process, by server and key.
var templates sync.Map

func (c Config) copyTemplate(ctx context.Context, s *server, open *scratch.Server, files *migrator.Files, name, test string) (*pgconn.Config, error) {
	key, err := c.key(s, files)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		template, err := c.template(ctx, s, open, files, key)
		if err != nil {
			return nil, err
		}
		cfg, err := open.CopyTemplate(ctx, template, name, test)
		e, failed := errors.AsType[*scratch.Error](err)
		if !failed || e.Problem != scratch.NoTemplate || attempt == 2 {
			return cfg, err
		}
		templates.Delete(s.url + key) // another process has dropped it
	}
}

// template returns the name of the template, made if the server does not have it.
func (c Config) template(ctx context.Context, s *server, open *scratch.Server, files *migrator.Files, key string) (string, error) {
	value, _ := templates.LoadOrStore(s.url+key, &template{})
	made := value.(*template)
	made.mu.Lock()
	defer made.mu.Unlock()
	if made.name != "" || made.err != nil {
		return made.name, made.err
	}
	if err := c.createRoles(ctx, s.cfg); err != nil {
		return "", err
	}
	name, err := open.Template(ctx, key, func(ctx context.Context, cfg *pgconn.Config) error { return c.fill(ctx, files, cfg) })
	if err == nil {
		made.name = name
	} else if ctx.Err() == nil {
		made.err = err
	}
	return made.name, err
}

// fill makes the content of a template.
func (c Config) fill(ctx context.Context, files *migrator.Files, cfg *pgconn.Config) error {
	settings := c.Migrator
	settings.Database = nil // another one
	m, err := files.Migrator(settings)
	if err != nil {
		return err
	}
	targets := c.Targets
	if len(targets) == 0 {
		targets = []string{"head"}
	}
	if len(files.Revisions()) > 0 {
		if err := m.CheckScratch(targets...); err != nil {
			return err
		}
	}
	if c.Prepare != nil {
		if err := c.Prepare(ctx, cfg); err != nil {
			return fmt.Errorf("Config.Prepare: %w", err)
		}
	}
	if len(files.Revisions()) > 0 {
		if _, err := m.To(ctx, cfg, targets...); err != nil {
			return err
		}
	}
	if c.Seed != nil {
		if err := c.Seed(ctx, cfg); err != nil {
			return fmt.Errorf("Config.Seed: %w", err)
		}
	}
	return nil
}

// key returns the digest of everything that a template depends on.
func (c Config) key(s *server, files *migrator.Files) (string, error) {
	sum := sha256.New()
	// The server's role owns the template, and the version may write another ledger.
	write(sum, "1", migrator.BuildVersion(), s.cfg.User, c.DatabaseOptions, c.Key, c.Migrator.Ledger, c.Migrator.Role, string(c.Migrator.Fingerprint))
	write(sum, append(c.Targets, "targets")...)
	write(sum, append(c.Migrator.SearchPath, "search path")...)
	for _, r := range files.Revisions() {
		write(sum, r.ID, r.Up.Digest())
		if down := r.DownScript(); down != nil {
			write(sum, down.Digest())
		}
	}
	if (c.Prepare != nil || c.Seed != nil) && c.Key == "" {
		program, err := programDigest()
		if err != nil {
			return "", err
		}
		write(sum, program, functionName(c.Prepare), functionName(c.Seed))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12]), nil
}

// write adds words to a hash, so that no two lists of words are equal.
func write(sum hash.Hash, words ...string) {
	for _, word := range words {
		_, _ = fmt.Fprintf(sum, "%d:%s\n", len(word), word)
	}
	_, _ = io.WriteString(sum, "\n")
}

// functionName returns the name of a function, which differs for two function literals.
func functionName(f func(context.Context, *pgconn.Config) error) string {
	if f == nil {
		return ""
	}
	return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
}

// programDigest returns the digest of the file of this program: the same functions do the same.
var programDigest = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return string(sum.Sum(nil)), err
})

// createRoles creates the roles that the server does not have.
func (c Config) createRoles(ctx context.Context, cfg *pgconn.Config) error {
	if len(c.Roles) == 0 {
		return nil
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, role := range c.Roles {
		_, err := conn.Exec(ctx, "CREATE ROLE "+sqltext.QuoteName(role)).ReadAll()
		e, rejected := errors.AsType[*pgconn.PgError](err)
		exists := rejected && (e.Code == "42710" || e.Code == "23505") // the second while another process creates it
		if err != nil && !exists {
			return fmt.Errorf("role %s of Config.Roles: %w", sqltext.QuoteName(role), err)
		}
	}
	return nil
}

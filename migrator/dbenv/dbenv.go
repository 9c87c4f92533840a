package dbenv

import (
	"cmp"
	"context"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
)

// Options control where the settings come from. The zero value uses the environment of the
// process.
type Options struct {
	// DatabaseURL wins over all variables: a postgres:// URL or key=value pairs. Empty: not
	// given.
	DatabaseURL string
	// DatabaseURLName is what error messages call DatabaseURL, for example the flag that it
	// comes from. Empty: "DatabaseURL".
	DatabaseURLName string
	// Environ is the environment as "NAME=value" strings. Nil: os.Environ().
	Environ []string
}

// Config is short for Options{}.Config().
func Config() (*pgconn.Config, error) { return Options{}.Config() }

// Config returns the configuration with the password as it is now. To keep up with a
// changing DB_PASS_FILE, use Source. The error is an *Error.
func (o Options) Config() (*pgconn.Config, error) {
	s, err := o.Source()
	if err != nil {
		return nil, err
	}
	return s.Config(context.Background())
}

// Source makes configurations from settings that were checked once. If there is a
// DB_PASS_FILE, it reads the password again for each of them. A Source is immutable and safe
// for concurrent use. Its zero value is not usable; Options.Source returns one.
type Source struct {
	settings settings
	passFile string // DB_PASS_FILE; "" if the password is among the settings
	ignored  []string
}

// Source reads and checks all variables, files and certificates. It does not connect. The
// error is an *Error.
func (o Options) Source() (*Source, error) {
	environ := o.Environ
	if environ == nil {
		environ = os.Environ()
	}
	r := newResolver(environ, cmp.Or(o.DatabaseURLName, "DatabaseURL"))
	set := r.resolve(o.DatabaseURL)
	if len(r.problems) > 0 {
		return nil, &Error{Problems: r.problems, noDatabase: r.noDatabase}
	}
	s := &Source{settings: set, passFile: r.passFile, ignored: r.ignoredVariables(set)}
	if _, err := s.Config(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// Variable returns what a setting comes from: a variable such as DB_USER, or
// Options.DatabaseURLName; "" for a default. key is libpq's: host, port, database, user,
// password, sslmode or sslrootcert.
func (s *Source) Variable(key string) string {
	if key == "password" && s.passFile != "" {
		return passFileVariable
	}
	if from := s.settings[key].from; from != operatingSystem {
		return from
	}
	return ""
}

// Ignored returns a warning for each variable that another tool would read, such as
// DB_PASSWORD, when the one that is read here is not set. It does not contain values.
func (s *Source) Ignored() []string { return s.ignored }

// Config returns a new configuration with the password as it is now. Call it, or
// BeforeConnect, for every connection. The error is an *Error if a file can no longer be
// read, or ctx.Err().
func (s *Source) Config(ctx context.Context) (*pgconn.Config, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cfg, err := s.settings.config()
	if err != nil {
		return nil, err
	}
	if err := s.BeforeConnect(ctx, cfg); err != nil {
		return nil, err
	}
	return cfg, nil
}

// BeforeConnect sets cfg.Password to the content of DB_PASS_FILE; without that variable it
// does nothing. It can be the hook of that name in migrator.Config; that of a pgxpool can
// call it with &c.Config. Errors are those of Config.
func (s *Source) BeforeConnect(ctx context.Context, cfg *pgconn.Config) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.passFile == "" {
		return nil
	}
	password, err := readSecret(s.passFile)
	if err != nil {
		return &Error{Problems: []Problem{{Name: passFileVariable, Text: err.Error()}}}
	}
	cfg.Password = password
	return nil
}

// Package dbenv turns environment variables and mounted secrets into a connection
// configuration, for the command line and for services that want the same rules
// without it.
//
// One family names the database, the first of these that is there:
//
//  1. Options.DatabaseURL (the flag --database-url), else DATABASE_URL: a postgres://
//     URL or key=value settings, both read as libpq reads them.
//  2. DB_NAME, DB_USER, DB_HOST, DB_PORT. Only DB_NAME is required; what else is missing
//     has libpq's default. DB_HOST is a name, an address, the directory of a Unix socket,
//     or several of them separated by commas, each with :PORT if need be. DB_PORT may be
//     the tcp://HOST:PORT that Kubernetes sets for a service called "db".
//  3. libpq's PGHOST, PGPORT, PGDATABASE, PGUSER, PGSERVICE (PGPORT alone names nothing).
//
// The other families never name a host, port, database or user; they add the password
// and TLS, and PG* also what names nothing at all (PGOPTIONS, PGAPPNAME,
// PGCONNECT_TIMEOUT, …):
//
//   - The password: what the naming family says, else DB_PASS or the file DB_PASS_FILE,
//     else PGPASSWORD, else libpq's password file. DB_PASS is taken as it is; nothing in it
//     is expanded or decoded.
//   - TLS: what the naming family says, else DB_SSLMODE and DB_SSLROOTCERT, else PGSSLMODE
//     and its relatives. The default mode is libpq's, prefer. DB_SSLROOTCERT is a file, the
//     certificates themselves (PEM), or "system"; when it is set and no mode is,
//     the mode is verify-full, because prefer would never look at the certificate.
//
// DATABASE_URL and DB_* that disagree are an error; a --database-url wins over both,
// and takes from DB_* only when these name no other database. An empty variable counts
// as unset, and line ends at the end of a value are dropped, because secrets often
// carry one. No other files are read than the ones named, libpq's password and service
// files, and the certificates in ~/.postgresql.
package dbenv

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
)

// Options say where the settings come from. The zero value reads the environment of the
// process.
type Options struct {
	// DatabaseURL is what --database-url was given. It wins over the whole environment.
	// Empty: not given.
	DatabaseURL string
	// Environ holds the variables as "NAME=value", as os.Environ does. Nil: os.Environ().
	Environ []string
}

// Config reads the environment of the process: Options{}.Config().
func Config() (*pgconn.Config, error) { return Options{}.Config() }

// Config resolves the settings once, the password file included. Whoever connects more
// than once over a long time and has DB_PASS_FILE takes Source. The error is an *Error.
func (o Options) Config() (*pgconn.Config, error) {
	s, err := o.Source()
	if err != nil {
		return nil, err
	}
	return s.Config(context.Background())
}

// Source is where connections come from: settings that were checked once, and a
// password that is read again for every connection when it stands in a file. It is
// never nil without an error, does not change, and may be used concurrently.
type Source struct {
	settings settings
	passFile string // of DB_PASS_FILE; "": the password is among the settings
}

// Source reads and checks everything: variables, files, certificates. It does not connect.
// The error is an *Error that holds all problems at once.
func (o Options) Source() (*Source, error) {
	environ := o.Environ
	if environ == nil {
		environ = os.Environ()
	}
	r := newResolver(environ)
	set := r.resolve(o.DatabaseURL)
	if len(r.problems) > 0 {
		return nil, &Error{Problems: r.problems}
	}
	s := &Source{settings: set, passFile: r.passFile}
	if _, err := s.Config(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// Config is a fresh configuration with the password as it is now. Call it, or
// BeforeConnect, for every connection. The error is an *Error (a file of a secret or a
// certificate that cannot be read any more), or the context's.
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

// BeforeConnect puts the password as it is now into cfg. It has the form of such hooks in
// pools and in the migrator's Config. Without DB_PASS_FILE it does nothing.
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

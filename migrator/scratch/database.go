package scratch

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/schema"
)

const (
	namePrefix    = "ambix_scratch_"
	commentPrefix = "ambix scratch database of "
	// IsScratch is an SQL condition on a row of pg_catalog.pg_database: it is a scratch database.
	IsScratch = "(pg_catalog.starts_with(datname::pg_catalog.text, '" + namePrefix + "') AND pg_catalog.starts_with(" +
		"COALESCE(pg_catalog.shobj_description(oid, 'pg_database'::pg_catalog.name), ''), '" + commentPrefix + "'))"
	// leftoverAge is the age from which a database that nobody dropped is one that was left behind.
	leftoverAge = 24 * time.Hour
	// cleanupLimit limits the work after a failure or an interruption, when the caller's context has ended.
	cleanupLimit = 30 * time.Second
)

// Database is a scratch database.
type Database struct {
	Config *pgconn.Config // to connect with

	server *Server
}

// Read returns the schema of the database as it is now.
func (d *Database) Read(ctx context.Context) (*schema.Schema, error) {
	return d.server.read(ctx, d.Config)
}

// Make returns the schema of a new, empty database after fill. The database is removed before Make returns, also if fill
// fails or ctx ends. fill gets the configuration to connect with, and must have closed its connections when it returns.
// Errors: that of fill, *Error, those of reading a schema, and that of ctx; *LeftError around one of them if the database
// was not removed.
func (s *Server) Make(ctx context.Context, fill func(context.Context, *pgconn.Config) error) (made *schema.Schema, err error) {
	err = s.with(ctx, nil, func(ctx context.Context, d *Database) (_ *schema.Schema, err error) {
		if err = fill(ctx, d.Config); err == nil {
			made, err = d.Read(ctx)
		}
		return made, err
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// With calls use with a new, empty database, which is removed before With returns, also if use fails or ctx ends. use must
// have closed its connections when it returns. Errors: that of use, *Error, and that of ctx; *LeftError around one of them
// if the database was not removed.
func (s *Server) With(ctx context.Context, use func(context.Context, *Database) error) error {
	return s.with(ctx, nil, func(ctx context.Context, d *Database) (*schema.Schema, error) { return nil, use(ctx, d) })
}

// with is With for a copy of a database, unless that is nil, and for a function that may return what the database contains
// at its end.
func (s *Server) with(ctx context.Context, of *Database, use func(context.Context, *Database) (*schema.Schema, error)) error {
	newRoles, err := s.missingRoles(ctx)
	if err != nil {
		return err
	}
	cfg, remove, err := s.newDatabase(ctx, of)
	if err != nil {
		return err
	}
	var made *schema.Schema
	if s.options.OnCreate != nil && of == nil {
		err = s.options.OnCreate(ctx, cfg)
	}
	if err == nil {
		made, err = use(ctx, &Database{cfg, s})
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	left := remove(limit, made)
	for _, role := range newRoles {
		_ = s.conn.Exec(limit, "DROP ROLE IF EXISTS "+sqltext.QuoteName(role)) // another database may use it by now
	}
	switch {
	case left == nil:
		return err
	case err == nil:
		return left
	}
	return &LeftError{err, left}
}

// missingRoles returns those of the options' roles that do not exist.
func (s *Server) missingRoles(ctx context.Context) ([]string, error) {
	existing, err := s.Roles(ctx, s.options.Roles)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, role := range s.options.Roles {
		if !slices.Contains(existing, role) && !slices.Contains(missing, role) {
			missing = append(missing, role)
		}
	}
	return missing, nil
}

// read returns the schema of a database.
func (s *Server) read(ctx context.Context, cfg *pgconn.Config) (*schema.Schema, error) {
	conn, err := s.dial(ctx, cfg, s.options.Server == nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return snapshot.Read(ctx, conn)
}

// remover removes a scratch database. made is its content if that is known.
type remover func(ctx context.Context, made *schema.Schema) *Error

func (s *Server) newDatabase(ctx context.Context, of *Database) (*pgconn.Config, remover, error) {
	if s.named && of == nil {
		return s.cfg.Copy(), s.empty, nil
	}
	cfg := s.cfg.Copy()
	cfg.Database = namePrefix + randomHex()
	s.report(cfg.Database, true)
	drop := func(ctx context.Context, _ *schema.Schema) *Error {
		left := s.drop(ctx, cfg.Database)
		s.report(cfg.Database, left != nil)
		return left
	}
	template := s.copyOf("template0") + s.create
	if of != nil {
		template = s.copyOf(of.Config.Database)
	}
	err := s.createFrom(ctx, cfg.Database, template)
	if err == nil {
		err = s.conn.Exec(ctx, "COMMENT ON DATABASE "+sqltext.QuoteName(cfg.Database)+" IS "+sqltext.QuoteLiteral(s.comment()))
	}
	if err == nil {
		return cfg, drop, nil
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	left := drop(limit, nil) // canceled, it may exist all the same
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = s.createError(err)
	}
	if left != nil && s.exists(limit, cfg.Database) {
		err = &LeftError{err, left}
	}
	return nil, nil, err
}

func (s *Server) report(database string, exists bool) {
	if s.options.OnDatabase != nil {
		s.options.OnDatabase(database, exists)
	}
}

// createError explains why CREATE DATABASE failed.
func (s *Server) createError(err error) error {
	se := pg.ServerError(err)
	if se == nil {
		return s.fail(Unusable, err)
	}
	switch se.Code {
	case pg.InsufficientPrivilege:
		return s.fail(NoCreateDB, err)
	case pg.InvalidParameterValue, pg.WrongObjectType, pg.InvalidObjectDefinition, pg.FeatureNotSupported, pg.SyntaxError:
		if s.options.Like != nil {
			e := s.fail(NoLocale, err)
			e.Encoding, e.Locale = s.locale.encoding, s.locale.String()
			return e
		}
	}
	return s.fail(Unusable, err)
}

func (s *Server) comment() string {
	return commentPrefix + s.program() + " on " + s.options.Process + ", created " + s.serverTime().Format(time.RFC3339)
}

func (s *Server) program() string { return cmp.Or(s.options.Program, "ambix") }

// serverTime returns the time by the clock of the server.
func (s *Server) serverTime() time.Time { return s.now.Add(time.Since(s.opened)).UTC() }

// drop drops a database, on a new connection if that of the server was lost. DROP DATABASE must be alone in its message.
func (s *Server) drop(ctx context.Context, name string) *Error {
	err := s.dropDatabase(ctx, name, " WITH (FORCE)")
	if _, lost := errors.AsType[*pg.LostError](err); lost || s.conn.Closed() {
		if err = s.connect(ctx); err == nil {
			_ = s.conn.DisableTimeouts(ctx) // without it the server may cancel what follows, which is reported
			err = s.dropDatabase(ctx, name, " WITH (FORCE)")
		}
	}
	if err == nil {
		return nil
	}
	e := s.fail(NotDropped, err)
	e.Database = name
	return e
}

// dropDatabase drops a database. One that has subscriptions cannot be dropped before them.
func (s *Server) dropDatabase(ctx context.Context, name, options string) error {
	sql := "DROP DATABASE IF EXISTS " + sqltext.QuoteName(name) + options
	err := s.conn.Exec(ctx, sql)
	if se := pg.ServerError(err); se == nil || se.Code != pg.ObjectInUse {
		return err
	}
	subscriptions, failed := s.subscriptions(ctx, name)
	if failed != nil || len(subscriptions) == 0 {
		return err
	}
	if err := s.dropSubscriptions(ctx, name, subscriptions); err != nil {
		return err
	}
	return s.conn.Exec(ctx, sql)
}

func (s *Server) exists(ctx context.Context, name string) bool {
	rows, err := s.query(ctx, s.conn, "SELECT FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) "+sqltext.QuoteLiteral(name)+"::pg_catalog.name")
	return err != nil || len(rows) > 0
}

// leftovers finds the scratch databases that the role may drop: rows of name and comment.
const leftovers = `SELECT d.datname, pg_catalog.shobj_description(d.oid, 'pg_database'::pg_catalog.name) FROM pg_catalog.pg_database d
WHERE pg_catalog.starts_with(d.datname::pg_catalog.text, '` + namePrefix + `') AND pg_catalog.pg_has_role(d.datdba, 'USAGE')`

// dropLeftovers drops databases of processes that were killed. One that somebody is connected to stays.
func (s *Server) dropLeftovers(ctx context.Context) error {
	rows, err := s.query(ctx, s.conn, leftovers)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if s.isLeftover(row[1].Text) {
			_ = s.dropDatabase(ctx, row[0].Text, "")
		}
	}
	return ctx.Err()
}

// isLeftover reports whether a comment is one of ours, and old.
func (s *Server) isLeftover(comment string) bool {
	if !strings.HasPrefix(comment, commentPrefix) {
		return false
	}
	_, created, found := cutLast(comment, ", created ")
	at, err := time.Parse(time.RFC3339, created)
	return found && err == nil && s.serverTime().Sub(at) > leftoverAge
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// randomHex returns 12 random digits.
func randomHex() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

var errNotPostgres = errors.New("the server does not answer as PostgreSQL does")

func readOnlyError(reason string) error { return errors.New("the server is read-only: " + reason) }

func pid(conn *pg.Conn) string { return strconv.FormatUint(uint64(conn.PID()), 10) }

// unixTime returns the time of a number of seconds, or now if it is none.
func unixTime(seconds string) time.Time {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Now()
	}
	return time.Unix(n, 0)
}

package scratch

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

const (
	templatePrefix        = "ambix_template_"
	unfinishedPrefix      = "ambix_unfinished_"
	templateCommentPrefix = "ambix template database of "
	copyCommentPrefix     = "ambix test database of "
	// refreshAge is the age of the last recorded use of a template from which a use is recorded again.
	refreshAge = time.Hour
)

// Template returns the name of a database to copy, and makes it if the server does not have it: a new database after fill. key
// says what it contains, and consists of hexadecimal digits; equal keys are the same template for all processes that use the
// server. fill must have closed its connections when it returns. No session can connect to a template.
//
// A template gets its name when it is complete: one whose maker was killed is made again. Templates and copies that nobody has
// used for a day are dropped when one is made, or one is used that was not in the last hour. Errors: that of fill, *Error, and
// that of ctx.
func (s *Server) Template(ctx context.Context, key string, fill func(context.Context, *pgconn.Config) error) (string, error) {
	if s.named {
		return "", s.fail(NoCreateDB, nil)
	}
	name := templatePrefix + key
	if found, err := s.useTemplate(ctx, name); found || err != nil {
		return name, err
	}
	// The lock only saves work: two that make the same template do not disturb each other.
	unlock, err := s.lockTemplate(ctx, name)
	if err != nil {
		return "", err
	}
	defer unlock()
	if found, err := s.useTemplate(ctx, name); found || err != nil {
		return name, err
	}
	s.dropOld(ctx, unfinishedPrefix+key+"_")
	return name, s.makeTemplate(ctx, name, fill)
}

// useTemplate reports whether a template exists. If so it records, now and then, that it is used.
func (s *Server) useTemplate(ctx context.Context, name string) (bool, error) {
	rows, err := s.query(ctx, s.conn, "SELECT pg_catalog.shobj_description(d.oid, 'pg_database'::pg_catalog.name) FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) "+sqltext.QuoteLiteral(name)+"::pg_catalog.name")
	if err != nil || len(rows) == 0 {
		return false, err
	}
	if age, ours := s.age(rows[0][0].Text); !ours || age > refreshAge {
		_ = s.conn.Exec(ctx, s.commentOn(name, templateCommentPrefix+s.maker())) // another process may have dropped it
		s.dropOld(ctx, "")
	}
	return true, ctx.Err()
}

func (s *Server) makeTemplate(ctx context.Context, name string, fill func(context.Context, *pgconn.Config) error) (err error) {
	cfg := s.cfg.Copy()
	cfg.Database = unfinishedPrefix + strings.TrimPrefix(name, templatePrefix) + "_" + randomHex()
	made := false
	defer func() { // also if fill panics, or ends the goroutine of a test
		if made {
			return
		}
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
		defer cancel()
		if left := s.drop(limit, cfg.Database); left != nil && err != nil {
			err = &LeftError{err, left}
		}
	}()
	err = s.createDatabase(ctx, cfg.Database, " TEMPLATE template0"+s.create, templateCommentPrefix+s.maker())
	if err == nil {
		err = fill(ctx, cfg)
	}
	if err == nil {
		err = s.removeSubscriptions(ctx, cfg.Database) // copies have none, and nobody can connect to a template to drop them
	}
	if err == nil {
		err = s.finishTemplate(ctx, cfg.Database, name)
	}
	made = err == nil
	return err
}

// finishTemplate gives a template its name. If another process was faster, that one's template is used.
func (s *Server) finishTemplate(ctx context.Context, unfinished, name string) error {
	from := "ALTER DATABASE " + sqltext.QuoteName(unfinished)
	if err := s.conn.Exec(ctx, from+" ALLOW_CONNECTIONS false"); err != nil {
		return s.fail(Unusable, err)
	}
	err := s.conn.Exec(ctx, from+" RENAME TO "+sqltext.QuoteName(name))
	switch se := pg.ServerError(err); {
	case err == nil:
		return nil
	case se != nil && se.Code == pg.DuplicateDatabase:
		if left := s.drop(ctx, unfinished); left != nil {
			return left
		}
		return nil
	case se != nil && se.Code == pg.ObjectInUse:
		return s.fail(Unusable, errConnected)
	}
	return s.fail(Unusable, err)
}

var errConnected = errors.New("a session was still connected to the template after it was filled: what fills it must close its connections before it returns")

// CopyTemplate creates a database as a copy of a template. purpose says in its comment what it is for. The error is an *Error
// or that of ctx; NoTemplate if another process has dropped the template.
func (s *Server) CopyTemplate(ctx context.Context, template, name, purpose string) (*pgconn.Config, error) {
	if s.named {
		return nil, s.fail(NoCreateDB, nil)
	}
	cfg := s.cfg.Copy()
	cfg.Database = name
	err := s.createDatabase(ctx, name, s.copyOf(template), copyCommentPrefix+purpose+", "+s.maker())
	if se := pg.ServerError(err); se != nil && se.Code == pg.InvalidCatalogName {
		e := s.fail(NoTemplate, err)
		e.Database = template
		return nil, e
	}
	if err != nil {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
		defer cancel()
		_ = s.drop(limit, name) // canceled, it may exist all the same
		return nil, err
	}
	return cfg, nil
}

// Drop drops a database that CopyTemplate has created, with the sessions in it.
func (s *Server) Drop(ctx context.Context, name string) error {
	if left := s.drop(ctx, name); left != nil {
		return left
	}
	return nil
}

// createDatabase creates a database with a comment.
func (s *Server) createDatabase(ctx context.Context, name, options, comment string) error {
	err := s.createFrom(ctx, name, options)
	if err == nil {
		err = s.conn.Exec(ctx, s.commentOn(name, comment))
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.createError(err)
}

func (s *Server) commentOn(name, comment string) string {
	return "COMMENT ON DATABASE " + sqltext.QuoteName(name) + " IS " + sqltext.QuoteLiteral(comment)
}

// lockTemplate waits until no other process makes the template.
func (s *Server) lockTemplate(ctx context.Context, name string) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(name))
	key := strconv.FormatInt(int64(binary.BigEndian.Uint64(sum[:])), 10)
	pause := 5 * time.Millisecond
	for {
		rows, err := s.query(ctx, s.conn, "SELECT pg_catalog.pg_try_advisory_lock("+key+")")
		if err != nil {
			return nil, err
		}
		if len(rows) == 1 && rows[0][0].Text == "t" {
			return func() {
				limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
				defer cancel()
				_, _ = s.query(limit, s.conn, "SELECT pg_catalog.pg_advisory_unlock("+key+")")
			}, nil
		}
		if err := pg.Sleep(ctx, pause); err != nil {
			return nil, err
		}
		pause = min(2*pause, 200*time.Millisecond)
	}
}

// ownedQuery finds the databases that the role may drop, with a comment: rows of name, comment, and whether it is a template.
const ownedQuery = `SELECT d.datname, pg_catalog.shobj_description(d.oid, 'pg_database'::pg_catalog.name) FROM pg_catalog.pg_database d
WHERE pg_catalog.pg_has_role(d.datdba, 'USAGE') AND pg_catalog.shobj_description(d.oid, 'pg_database'::pg_catalog.name) LIKE 'ambix te%'`

// dropOld drops what was left behind: templates and copies that nobody has used for a day, and what a killed process has made
// of a template whose lock is held. unfinished is what the names of that begin with; "": no lock is held. A database that
// somebody is connected to stays.
func (s *Server) dropOld(ctx context.Context, unfinished string) {
	rows, err := s.query(ctx, s.conn, ownedQuery)
	if err != nil {
		return // it is done the next time
	}
	for _, row := range rows {
		name := row[0].Text
		age, ours := s.age(row[1].Text)
		if ours && (age > leftoverAge || unfinished != "" && strings.HasPrefix(name, unfinished)) {
			_ = s.dropDatabase(ctx, name, "")
		}
	}
}

// age returns how long ago a comment was written, and whether it is one of a template or copy.
func (s *Server) age(comment string) (time.Duration, bool) {
	if !strings.HasPrefix(comment, templateCommentPrefix) && !strings.HasPrefix(comment, copyCommentPrefix) {
		return 0, false
	}
	_, used, _ := cutLast(comment, ", used ")
	at, err := time.Parse(time.RFC3339, used)
	return s.serverTime().Sub(at), err == nil
}

// maker describes this process and the time in a comment.
func (s *Server) maker() string {
	return s.program() + " on " + s.options.Process + ", used " + s.serverTime().Format(time.RFC3339)
}

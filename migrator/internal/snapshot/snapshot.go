// Package snapshot reads the schema of a database over a connection.
package snapshot

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/schema"
)

// BusyError reports a schema that could not be read in several attempts, because other sessions were changing it.
type BusyError struct {
	Err error // of the last attempt
}

func (e *BusyError) Error() string {
	if se := pg.ServerError(e.Err); se != nil && se.Code == pg.LockNotAvailable {
		return "another session holds an exclusive lock on a relation of the schema, so it cannot be read: " + se.Message + " (" + se.Code + ")"
	}
	return "other sessions are changing the schema while it is read: " + text(e.Err)
}

// Unwrap returns the error of the last attempt.
func (e *BusyError) Unwrap() error { return e.Err }

// DeniedError reports a role that may not read the system catalogs.
type DeniedError struct {
	Role string
	Err  error
}

func (e *DeniedError) Error() string {
	return "role " + schema.QuoteIdent(e.Role) + " cannot read the system catalogs: " + text(e.Err)
}

// Unwrap returns the server's error.
func (e *DeniedError) Unwrap() error { return e.Err }

func text(err error) string {
	if se := pg.ServerError(err); se != nil {
		return se.Message + " (" + se.Code + ")"
	}
	return err.Error()
}

// attempts is how often the schema is read if other sessions are changing it. Each waits up to a second for a lock.
const attempts = 3

// Read returns the schema of the database. It reads in one message and one transaction, and again if other sessions are
// changing the schema. The session must not be in a transaction. Errors: *BusyError, *DeniedError, *catalog.UnknownError,
// other errors of catalog.Read, and those of pg.Conn.Send.
func Read(ctx context.Context, conn *pg.Conn) (*schema.Schema, error) {
	if err := conn.EnsureUTF8(ctx); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		s, err := readOnce(ctx, conn)
		if err == nil || !changing(err) {
			return s, denied(conn, err)
		}
		if n == attempts {
			return nil, &BusyError{err}
		}
		if err := pg.Sleep(ctx, 50*time.Millisecond+rand.N(100*time.Millisecond)); err != nil {
			return nil, err
		}
	}
}

func readOnce(ctx context.Context, conn *pg.Conn) (*schema.Schema, error) {
	version := conn.ServerVersion()
	reader := catalog.NewReader(version)
	_, err := conn.Send(ctx, pg.Message{SQL: catalog.Message(version)}, pg.Handler{Row: reader.Row})
	if err != nil {
		if !conn.Closed() && conn.InTransaction() {
			_ = conn.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		}
		return nil, err
	}
	s, err := reader.Schema()
	if err == nil {
		s.Read = time.Now()
	}
	return s, err
}

// changing reports whether an error may come from a change that another session is making: a lock, or an object that is
// gone when one of the server's functions looks for it.
func changing(err error) bool {
	if _, ok := errors.AsType[*catalog.ChangingError](err); ok {
		return true
	}
	se := pg.ServerError(err)
	if se == nil {
		return false
	}
	switch se.Code {
	case pg.LockNotAvailable, pg.UndefinedTable, pg.UndefinedObject, pg.UndefinedColumn, pg.UndefinedFunction, pg.DeadlockDetected, pg.InternalError:
		return true
	}
	return false
}

func denied(conn *pg.Conn, err error) error {
	if se := pg.ServerError(err); se != nil && se.Code == pg.InsufficientPrivilege {
		return &DeniedError{conn.User(), err}
	}
	return err
}

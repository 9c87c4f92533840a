package migrator

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
)

// LogEntry is one line of the event log.
type LogEntry = ledger.Event

// Log gives the events of a database, the newest first, at most limit (0: all). A
// database without a ledger has none. It writes nothing and locks nothing.
func (s *Set) Log(ctx context.Context, cfg *pgconn.Config, limit int) ([]LogEntry, error) {
	ss, err := s.open(ctx, cfg)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	defer ss.close()
	var entries []LogEntry
	var bad error
	_, err = ss.conn.Send(ctx, pg.Message{SQL: ss.roleFirst() + s.ledger.ReadEvents(limit)}, pg.Handler{Row: func(_ int, fields [][]byte) {
		e, err := ledger.DecodeEvent(fields)
		bad = errors.Join(bad, err)
		entries = append(entries, e)
	}})
	if se := pg.ServerError(err); se != nil {
		if se.Code == pg.UndefinedTable {
			return nil, interrupted(ctx, ss.others(ctx))
		}
		return nil, ss.readError(se)
	}
	return entries, interrupted(ctx, errors.Join(err, bad))
}

// EnsureLedger creates the ledger of a database that has none. It says whether it did.
func (s *Set) EnsureLedger(ctx context.Context, cfg *pgconn.Config) (created bool, err error) {
	err = s.change(ctx, cfg, func(ss *session, state ledger.State) error {
		if created = !state.Exists; !created {
			return nil
		}
		if err := ss.others(ctx); err != nil {
			return err
		}
		return ss.runner.Change(ctx, "ensure-version", false, 0)
	})
	return created && err == nil, err
}

// change reads the ledger and lets do change it, again while somebody else does.
func (s *Set) change(ctx context.Context, cfg *pgconn.Config, do func(*session, ledger.State) error) error {
	ss, err := s.open(ctx, cfg)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer ss.close()
	deadline := time.Now().Add(s.cfg.WaitRunner)
	for {
		state, err := ss.read(ctx, true)
		if err == nil {
			err = ss.writable()
		}
		if err == nil {
			err = do(ss, state)
		}
		if !apply.Waits(err) {
			return interrupted(ctx, err)
		}
		if err := ss.runner.Wait(ctx, time.Until(deadline)); err != nil {
			return interrupted(ctx, err)
		}
	}
}

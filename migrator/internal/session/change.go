package session

import (
	"context"
	"math"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// staleError is for a ledger that is never as it was read, although its generation is.
func (s *Session) staleError(err error) error {
	return &apply.LedgerError{Ledger: s.Ledger, Text: "it changes between reading and writing, again and again: " + err.Error(), Err: err}
}

// EnsureLedger creates the ledger of a database that has none, and reports whether it
// did.
func (s *Session) EnsureLedger(ctx context.Context) (created bool, err error) {
	err = s.change(ctx, func(state ledger.State) error {
		if state.Exists {
			return nil // perhaps created by this run, if the answer was lost
		}
		if err := s.checkOtherLedgers(); err != nil {
			return err
		}
		before := s.writes
		err := s.write(ctx, "ensure-version", state)
		created = apply.IsCommitted(err) || isLoss(err) && s.writes > before
		return err
	})
	return created && apply.IsCommitted(err), err
}

// mayWrite checks that the server accepts writes, that the ledger belongs there, and that its
// owner is trusted. exists: there is a ledger.
func (s *Session) mayWrite(ctx context.Context, exists bool) error {
	if err := s.writable(); err != nil {
		return err
	}
	if err := s.checkCitus(ctx, exists); err != nil {
		return err
	}
	return s.checkOwner(ctx)
}

// write is Runner.Change for a ledger that may be written.
func (s *Session) write(ctx context.Context, activity string, state ledger.State, statements ...string) error {
	if err := s.mayWrite(ctx, state.Exists); err != nil {
		return err
	}
	s.writes++
	return s.runner.Change(ctx, activity, state.Exists, state.Generation, statements...)
}

// eventPage is how many events are read at once, and kept in memory.
const eventPage = 500

// Events passes the events of the log to visit, the newest first, until it returns false. A
// database without a ledger has none.
func (s *Session) Events(ctx context.Context, visit func(ledger.Event) bool) error {
	for before := int64(math.MaxInt64); ; {
		page, err := s.events(ctx, before)
		if err != nil {
			return err
		}
		for _, e := range page {
			if !visit(e) {
				return nil
			}
		}
		if len(page) < eventPage {
			return nil
		}
		before = page[len(page)-1].ID
	}
}

// events reads the newest events before one.
func (s *Session) events(ctx context.Context, before int64) ([]ledger.Event, error) {
	var events []ledger.Event
	var found []string
	var invalid error
	first := len(s.limits())
	_, err := s.conn.Send(ctx, pg.Message{SQL: s.withLimits(s.Ledger.Relations(), s.Ledger.ReadEvents(before, eventPage))}, pg.Handler{Row: func(statement int, fields [][]byte) {
		if statement == first {
			found = append(found, string(fields[0]))
			return
		}
		e, err := ledger.DecodeEvent(s.Ledger, fields)
		if invalid == nil {
			invalid = err
		}
		events = append(events, e)
	}})
	if se := pg.ServerError(err); se != nil {
		switch se.Code {
		case pg.UndefinedTable:
		case pg.InvalidTextRepresentation:
			return nil, s.relationError()
		default:
			return nil, s.readError(se)
		}
		if err := s.checkTables(found); err != nil {
			return nil, err
		}
		if err := s.look(ctx); err != nil {
			return nil, err
		}
		return nil, s.checkOtherLedgers()
	}
	if err == nil {
		err = invalid
	}
	if err == nil {
		err = s.checkTables(found)
	}
	return events, err
}

// Preflight checks what can be checked without running a plan: that the server takes
// writes, that the session can run its revisions, and the privileges on the ledger.
// Nothing of the plan is sent.
func (s *Session) Preflight(ctx context.Context, p plan.Plan) error {
	state, err := s.read(ctx, false)
	if err == nil && !state.Exists {
		err = s.checkOtherLedgers()
	}
	if err == nil {
		err = s.mayWrite(ctx, state.Exists)
	}
	if err == nil {
		err = s.runner.CheckPlan(ctx, p)
	}
	if err == nil {
		err = s.checkPrivileges(ctx, state.Exists)
	}
	return err
}

// checkPrivileges checks that the ledger could be written.
func (s *Session) checkPrivileges(ctx context.Context, exists bool) error {
	rows, err := s.conn.Query(ctx, "BEGIN READ ONLY;\n"+s.withLimits(s.Ledger.Privileges(exists))+";\nCOMMIT")
	if err != nil {
		if s.conn.InTransaction() {
			_ = s.conn.Exec(ctx, "ROLLBACK")
		}
		return err
	}
	for _, row := range rows {
		if row[1].Text != "t" {
			return &apply.LedgerError{Ledger: s.Ledger, Text: "role " + row[2].Text + " lacks " + row[0].Text, Role: row[2].Text, Missing: row[0].Text, Grants: []string{row[3].Text}}
		}
	}
	return nil
}

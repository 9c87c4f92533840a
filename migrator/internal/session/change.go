package session

import (
	"context"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// change reads the ledger and lets do write it, again while other runners do.
func (s *Session) change(ctx context.Context, do func(ledger.State) error) error {
	deadline := time.Now().Add(s.WaitRunner)
	for {
		state, err := s.read(ctx, true)
		if err == nil {
			err = s.writable()
		}
		if err == nil {
			err = s.checkOwner()
		}
		if err == nil {
			err = do(state)
		}
		if !apply.IsContention(err) {
			return err
		}
		if err := s.runner.Wait(ctx, time.Until(deadline)); err != nil {
			return err
		}
	}
}

// EnsureLedger creates the ledger of a database that has none, and reports whether it
// did.
func (s *Session) EnsureLedger(ctx context.Context) (created bool, err error) {
	err = s.change(ctx, func(state ledger.State) error {
		if created = !state.Exists; !created {
			return nil
		}
		if err := s.checkOtherLedgers(ctx); err != nil {
			return err
		}
		return s.runner.Change(ctx, "ensure-version", false, 0)
	})
	return created && err == nil, err
}

// Events reads the event log, the newest first, at most limit (0: all). A database
// without a ledger has none.
func (s *Session) Events(ctx context.Context, limit int) ([]ledger.Event, error) {
	var events []ledger.Event
	var invalid error
	owners := len(s.setRole())
	_, err := s.conn.Send(ctx, pg.Message{SQL: s.withRole(s.Ledger.Owners(s.LedgerOwner) + ";\n" + s.Ledger.ReadEvents(limit))}, pg.Handler{Row: func(statement int, fields [][]byte) {
		if statement == owners {
			return // it only has to be a table
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
			return nil, s.checkOtherLedgers(ctx)
		case pg.InvalidTextRepresentation:
			return nil, s.relationError()
		}
		return nil, s.readError(se)
	}
	if err == nil {
		err = invalid
	}
	return events, err
}

// Preflight checks what can be checked without running a plan: that the server takes
// writes, that the session can run its revisions, and the privileges on the ledger.
// Nothing of the plan is sent.
func (s *Session) Preflight(ctx context.Context, p plan.Plan) error {
	state, err := s.read(ctx, false)
	if err == nil && !state.Exists {
		err = s.checkOtherLedgers(ctx)
	}
	if err == nil {
		err = s.writable()
	}
	if err == nil {
		err = s.checkOwner()
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
	rows, err := s.conn.Query(ctx, "BEGIN READ ONLY;\n"+s.withRole(s.Ledger.Privileges(exists))+";\nCOMMIT")
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

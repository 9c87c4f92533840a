package migrator

import (
	"context"
	"errors"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
)

// lost connects again after a loss, once the server answers; everything else is final.
func (m *mover) lost(ctx context.Context, err error) (again bool, _ error) {
	var gone *pg.LostError
	var failed *apply.RevisionError
	if !errors.As(err, &gone) || errors.As(err, &failed) || ctx.Err() != nil {
		return false, m.unknownOutcome(err)
	}
	if m.losses++; m.losses > lossLimit {
		return false, m.unknownOutcome(err)
	}
	m.set.emit(Lost{Err: err})
	m.returnBy = time.Now().Add(max(m.set.cfg.Wait, shortestReturn))
	return m.reconnect(ctx)
}

func (m *mover) reconnect(ctx context.Context) (again bool, _ error) {
	if failed := m.connect(ctx, time.Until(m.returnBy)); failed != nil {
		if m.unknown == nil {
			return false, failed
		}
		return false, m.unknownOutcome(&pg.LostError{Err: failed})
	}
	return m.wait(ctx)
}

// afterFailover tries again when a server that takes no changes answers in place of the
// one that was lost: it may be about to take over.
func (m *mover) afterFailover(ctx context.Context, err error) (again bool, _ error) {
	if time.Now().After(m.returnBy) {
		if m.unknown != nil {
			err = m.unknownOutcome(&pg.LostError{Err: err})
		}
		return false, err
	}
	m.close()
	if err := pg.Sleep(ctx, 200*time.Millisecond); err != nil {
		return false, err
	}
	return m.reconnect(ctx)
}

// unknownOutcome names the step whose end nobody has seen.
func (m *mover) unknownOutcome(err error) error {
	var gone *pg.LostError
	var failed *apply.RevisionError
	if m.unknown == nil || !errors.As(err, &gone) || errors.As(err, &failed) {
		return err
	}
	outside := m.unknown.Script != nil && !m.unknown.Script.Transactional
	return &apply.UnknownOutcomeError{Direction: m.unknown.Direction, Revision: m.unknown.Revision, Message: m.unknown.Message, Outside: outside, Err: err}
}

// settle finds out what became of the steps that were under way when the connection was
// lost. The events of this run say it: each is written in its revision's own
// transaction.
func (m *mover) settle(ctx context.Context) error {
	if m.unknown == nil {
		return nil
	}
	rows, err := m.conn.Query(ctx, m.roleFirst()+m.set.ledger.Happened(m.runner.Author.Run))
	if se := pg.ServerError(err); se != nil && se.Code == pg.UndefinedTable {
		rows, err = nil, nil // no ledger yet: the first revision was not applied
	}
	if err != nil {
		return err
	}
	m.unknown = nil
	for _, row := range rows {
		for _, s := range m.left().Steps {
			if row[1].Text == s.Revision && (row[0].Text == string(s.Direction) || m.first.Stamp) {
				m.add([]apply.Result{{Step: s}})
				m.set.emit(apply.Finished{Step: s})
				m.settled = true
			}
		}
	}
	if s := m.next(m.flight); s != nil {
		m.lostIn[stepKey(*s)]++
		return m.giveUp(*s)
	}
	return nil
}

// giveUp decides whether a step that was not finished is not tried again: a statement
// that makes the server crash would do that every time, and a session that somebody has
// ended on purpose must not come back.
func (m *mover) giveUp(s plan.Step) error {
	e := &apply.RevisionError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Err: m.why}
	if s.Script != nil {
		e.File, e.Outside = s.Script.File, !s.Script.Transactional
	}
	se := pg.ServerError(m.why)
	switch {
	case se != nil && se.Code == pg.AdminShutdown && !m.awaited:
		e.SQLState, e.Text = se.Code, "somebody ended its session: "+se.Message
	case m.lostIn[stepKey(s)] > 1:
		e.Text, e.Hint = "the connection was lost twice while it ran; "+m.why.Error(), "the server's log may say why: a statement that needs too much memory can end all sessions"
	default:
		return nil
	}
	m.runner.Record(s, e)
	return e
}

func stepKey(s plan.Step) string { return string(s.Direction) + " " + s.Revision }

// interrupted says that the caller ended the run, when that is what an error comes from.
func interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	var known *apply.InterruptedError
	var outcome *apply.UnknownOutcomeError
	var failed *apply.RevisionError
	if errors.As(err, &known) || errors.As(err, &outcome) || errors.As(err, &failed) {
		return err
	}
	var connect *pg.ConnectError
	var gone *pg.LostError
	if errors.Is(err, ctx.Err()) || errors.As(err, &connect) || errors.As(err, &gone) || pg.Canceled(ctx, err) {
		return &apply.InterruptedError{Err: context.Cause(ctx)}
	}
	return err
}

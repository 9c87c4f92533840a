package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/text"
)

// loss is what a run knows about its lost connections.
type loss struct {
	verify    bool            // the connection was lost, so committed steps may be gone
	announced map[string]bool // steps reported as finished, by stepKey
	unknown   *plan.Step      // in progress when the connection was lost, until its outcome is known
	several   bool            // the steps after it may have been in progress as well
	inFlight  plan.Plan       // that step and those after it
	lossErr   error           // of that loss
	resolved  bool            // some step was found committed after a loss
	lostIn    map[string]int  // how often a step lost the connection, by stepKey
	losses    int             // without progress
	fenced    bool            // nothing that was sent before that loss takes effect any more; see fence
	answered  bool            // the state was read since the last loss
	returnBy  time.Time       // when a lost server has to be back
	// lostSince is when the session of that loss began; awaited: a server that was read-only
	// answered in its place.
	lostSince time.Time
	awaited   bool
}

// recover connects again after a lost connection, once the server answers. Every other
// error is final. A proxy or pooler accepts a connection, and closes it, also while the
// server is away, so that the time counts and not the number of connections.
func (m *Mover) recover(ctx context.Context, err error) (again bool, _ error) {
	if !isLoss(err) || ctx.Err() != nil {
		return false, err
	}
	if m.answered || m.returnBy.IsZero() {
		m.losses++
		m.returnBy = time.Now().Add(max(m.Wait, shortestReturn))
		m.emit(Lost{Err: err})
	} else if m.retried = true; pg.Sleep(ctx, 200*time.Millisecond) != nil {
		return false, err
	}
	if m.losses > lossLimit || time.Now().After(m.returnBy) {
		return false, err
	}
	m.verify, m.answered = true, false
	return m.reconnect(ctx)
}

// noteFinished keeps which steps were reported as finished: the monitor may do that before
// the connection with the answer is lost.
func (m *Mover) noteFinished() {
	if m.observe == nil {
		return
	}
	m.runner.OnEvent = func(e apply.Event) {
		if f, ok := e.(apply.Finished); ok {
			m.announced[stepKey(f.Step)] = true
		}
		m.observe(e)
	}
}

// minAnswer is the least time for the first answer after a loss.
const minAnswer = 5 * time.Second

// ping waits for the first answer after a loss: a pooler whose server is away gives none. The
// error is a *pg.LostError, or that of ctx.
func (s *Session) ping(ctx context.Context, returnBy time.Time) error {
	limit, cancel := context.WithTimeout(ctx, max(time.Until(returnBy), minAnswer))
	defer cancel()
	err := s.conn.Exec(limit, "SELECT")
	if err != nil && limit.Err() != nil && ctx.Err() == nil {
		return &pg.LostError{Err: errors.New("no answer in time")}
	}
	return err
}

// isLoss reports whether the connection is all that failed.
func isLoss(err error) bool {
	_, lost := errors.AsType[*pg.LostError](err)
	_, failed := errors.AsType[*apply.RevisionError](err)
	return lost && !failed
}

func (m *Mover) reconnect(ctx context.Context) (again bool, _ error) {
	if err := m.connect(ctx, time.Until(m.returnBy)); err != nil {
		return false, err
	}
	if err := m.ping(ctx, m.returnBy); err != nil {
		return m.recover(ctx, err)
	}
	return m.wait(ctx)
}

// awaitPromotion tries again when a read-only server answers in place of the one that was
// lost: it may be about to be promoted.
func (m *Mover) awaitPromotion(ctx context.Context, err error) (again bool, _ error) {
	if time.Now().After(m.returnBy) {
		return false, err
	}
	m.awaited = true
	m.Close()
	if err := pg.Sleep(ctx, 200*time.Millisecond); err != nil {
		return false, err
	}
	return m.reconnect(ctx)
}

// unresolved names the step that was in progress when the connection was lost, if the run
// ends before it found out what became of it, whatever ended it.
func (m *Mover) unresolved(ctx context.Context, err error) error {
	if m.unknown == nil || err == nil {
		return err
	}
	return &UnknownOutcomeError{Step: *m.unknown, Several: m.several, Loss: m.lossErr, Err: Interrupted(ctx, err)}
}

// resolveOutcome finds out what became of this run's steps after a lost connection: of
// those that were in progress, and of those committed before, which a crash or a failover
// may have undone. The run's own events say it: each is written in the transaction of its
// revision. A step without one counts as not carried out only after a fence; until then,
// again is true.
func (m *Mover) resolveOutcome(ctx context.Context, view *plan.View) (again bool, _ error) {
	if m.first == nil {
		m.verify = false
		return false, nil
	}
	if err := m.readCommitted(ctx); err != nil {
		return m.recover(ctx, err)
	}
	inDoubt := m.leftOf(m.inFlight.Steps)
	if len(inDoubt) > 0 && !m.fenced {
		if err := m.fence(ctx, view.State); err != nil {
			return m.after(ctx, plan.Plan{Exists: view.State.Exists, Generation: view.State.Generation}, 0, err)
		}
		m.fenced = true
		return true, nil
	}
	m.verify, m.unknown = false, nil
	if len(inDoubt) == 0 {
		return false, nil
	}
	m.lostIn[stepKey(inDoubt[0])]++
	err := m.giveUp(ctx, inDoubt[0], view)
	m.inFlight = plan.Plan{} // another loss does not count for it
	return false, err
}

// readCommitted corrects the report by the run's own events.
func (m *Mover) readCommitted(ctx context.Context) error {
	rows, err := m.query(ctx, m.Ledger.CommittedSteps(m.runner.Author.Run))
	if se := pg.ServerError(err); se != nil && se.Code == pg.UndefinedTable {
		rows, err = nil, nil // no ledger (any more): nothing was applied
	}
	if err != nil {
		return err
	}
	committed := map[string]bool{}
	for _, row := range rows {
		committed[row[0].Text+" "+row[1].Text] = true
	}
	reported := map[string]apply.Result{}
	for _, d := range m.report.Steps {
		reported[stepKey(*d.Step)] = d
	}
	var results []apply.Result
	for i, s := range m.first.Steps {
		key := stepKey(s)
		result, known := reported[key]
		switch {
		case !committed[key]:
			if m.announced[key] {
				delete(m.announced, key)
				m.emit(apply.Undone{Step: s})
			}
			continue
		case !known:
			result, m.resolved = apply.Result{Step: &m.first.Steps[i]}, true
			if !m.announced[key] {
				m.announced[key] = true
				m.emit(apply.Finished{Step: s})
			}
		}
		results = append(results, result)
	}
	m.report.Steps = nil
	m.report.add(results)
	return nil
}

// giveUp decides whether a step that was not finished is not repeated: a statement that
// crashes the server would do so every time, and a session that an administrator has
// terminated must not come back.
func (m *Mover) giveUp(ctx context.Context, s plan.Step, view *plan.View) error {
	e := &apply.RevisionError{Direction: s.Direction, Revision: s.Revision, Message: s.Message, Err: m.lossErr}
	if s.Script != nil {
		e.File, e.NonTransactional = s.Script.File, !s.Script.Transactional
	}
	if row := view.Row(s.Revision); row != nil && e.NonTransactional {
		e.StatementsDone = row.StatementsDone
	}
	se := pg.ServerError(m.lossErr)
	switch {
	case se != nil && se.Code == pg.AdminShutdown && !m.retried && !m.awaited && !m.restartedSince(ctx, m.lostSince):
		e.SQLState, e.Text = se.Code, "its session was terminated: "+se.Message
		e.Cause, e.Hint = apply.Terminated, "an administrator ended the session (pg_terminate_backend), or the revision itself did"
	case m.lostIn[stepKey(s)] > 1:
		e.Text = "the connection was lost twice while it ran; " + m.lossErr.Error()
		e.Cause, e.Hint = apply.ConnectionLost, "the server's log may say why: a statement that runs out of memory can end all sessions"
	default:
		return nil
	}
	if m.inFlight.Stamp { // no file has run
		return m.endedError(m.lossErr)
	}
	m.runner.Record(s, e)
	return e
}

// endedError is for a change of the ledger that is not tried again after a lost connection.
func (s *Session) endedError(lossErr error) error {
	return &apply.LedgerError{Ledger: s.Ledger, Text: lossErr.Error(), Hint: "an administrator ended the session, or the server crashes; nothing was recorded"}
}

// restartedSince reports whether the server was restarted, or replaced, after a lost session
// began: its administrator has then not ended this session alone. A standby that was
// promoted has replayed what that session saw or wrote.
func (s *Session) restartedSince(ctx context.Context, began time.Time) bool {
	rows, err := s.query(ctx, "SELECT extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) GREATEST(pg_catalog.pg_postmaster_start_time(), pg_catalog.pg_last_xact_replay_timestamp()))")
	if err != nil || len(rows) != 1 {
		return false
	}
	age, err := strconv.ParseFloat(rows[0][0].Text, 64)
	return err == nil && age < time.Since(began).Seconds()
}

func stepKey(s plan.Step) string { return string(s.Direction) + " " + s.Revision }

// UnknownOutcomeError reports a connection that was lost while a revision was in progress, or
// a change of the ledger, and a run that ended before it found out what became of it. The
// next run finds out, and continues.
type UnknownOutcomeError struct {
	Step    plan.Step // zero for a change of the ledger
	Several bool      // the steps after it may have been sent as well
	Loss    error
	Err     error // what ended the run
}

func (e *UnknownOutcomeError) Error() string {
	if e.Step.Revision == "" {
		return fmt.Sprintf("%s during a change of the ledger%s; it was recorded or not, and the next run finds out which", e.Loss, e.obstacle())
	}
	fate, done := "the revision was %s completely or not at all, and the next run finds out which", "applied"
	if e.Several {
		fate = "each revision from there on was %s completely or not at all, and the next run finds out which"
	}
	if e.Step.Direction == plan.Down {
		done = "reverted"
	}
	fate = fmt.Sprintf(fate, done)
	if !e.Step.Transactional() {
		fate = "the revision is non-transactional: the ledger records which of its statements are done, and the next run continues after them"
	}
	return fmt.Sprintf("%s during the %s of %s%s; %s", e.Loss, apply.Operation(e.Step.Direction), text.Named(e.Step.Revision, e.Step.Message), e.obstacle(), fate)
}

// obstacle says why the outcome could not be read, without the address of the server.
func (e *UnknownOutcomeError) obstacle() string {
	if e.Err == e.Loss {
		return ""
	}
	if _, interrupted := errors.AsType[*apply.InterruptedError](e.Err); interrupted {
		return "; interrupted before its outcome was known"
	}
	if e, ok := errors.AsType[*pg.ConnectError](e.Err); ok {
		return "; reconnecting failed: " + e.Reason()
	}
	if e, ok := errors.AsType[*pg.LostError](e.Err); ok {
		return "; reconnecting failed: " + e.Err.Error()
	}
	return "; its outcome could not be read: " + e.Err.Error()
}

// Unwrap returns what ended the run.
func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// Interrupted turns what a canceled context caused into an *apply.InterruptedError. An
// error that contains more stays as it is.
func Interrupted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	_, known := errors.AsType[*apply.InterruptedError](err)
	_, outcome := errors.AsType[*UnknownOutcomeError](err)
	_, failed := errors.AsType[*apply.RevisionError](err)
	if known || outcome || failed {
		return err
	}
	_, connect := errors.AsType[*pg.ConnectError](err)
	_, lost := errors.AsType[*pg.LostError](err)
	if errors.Is(err, ctx.Err()) || connect || lost || pg.Canceled(ctx, err) {
		return &apply.InterruptedError{Err: context.Cause(ctx)}
	}
	return err
}

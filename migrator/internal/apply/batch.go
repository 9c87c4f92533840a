package apply

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Small transactional revisions are sent in batches: one message, one round trip and one
// flush for several revisions, each still in its own transaction. Only the last commit of
// a batch is flushed; no commit is durable before those that precede it.

// Limits of a batch. The server holds a whole message in memory, and nothing about it is
// reported before its end.
const (
	batchBytes = 256 << 10
	batchSteps = 100
)

// batchSize returns how many of the steps, which are at least one, form the next batch.
func batchSize(steps []plan.Step) int {
	size := 0
	for i, s := range steps {
		// The server counts the time of an upgrade from the arrival of the message, or from the
		// upgrade before it.
		if !batchable(s) || i > 0 && s.Direction == plan.Up && steps[i-1].Direction == plan.Down {
			return max(i, 1)
		}
		size += len(s.Script.Text)
		if sql := s.DownSQL(); sql != nil {
			size += len(*sql)
		}
		if size > batchBytes || i == batchSteps {
			return max(i, 1)
		}
	}
	return len(steps)
}

// batchable reports whether a revision can be part of a batch. COPY needs an answer in the
// middle of a message, and a change of encoding or string syntax its end.
func batchable(s plan.Step) bool {
	if !s.Script.Transactional || !s.Script.InMemory() {
		return false
	}
	for _, st := range s.Script.All() {
		if st.Class == sqltext.CopyIn || changesReading(s.Script.Text, st) {
			return false
		}
	}
	return true
}

// runBatch runs steps as a batch; see sendBatch. After a lost connection the results are
// what the server has answered, and it may have lost them in a crash: they are not
// reported.
func (r *Runner) runBatch(ctx context.Context, steps []plan.Step, at start) (done []Result, separately bool, err error) {
	r.stepStarted, r.tracker = time.Now(), r.track(steps...)
	stop := r.startMonitor(ctx)
	done, separately, err = r.sendBatch(ctx, steps, at)
	stop()
	if _, lost := errors.AsType[*pg.LostError](err); lost {
		return done, separately, err
	}
	r.tracker.end(done, err != nil && len(done) < len(steps))
	return done, separately, err
}

// sendBatch sends steps in one message. The results are committed. separately reports that
// the step after those was not run and has to be sent in its own message: the server did
// not accept the message, or a lock timed out.
func (r *Runner) sendBatch(ctx context.Context, steps []plan.Step, at start) (done []Result, separately bool, err error) {
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return nil, false, r.connFailed(ctx, steps[0], err)
	}
	m := newMessage(r.renderBatch(steps, at))
	m.start, m.bytes = at, r.countsBytes()
	took := make([]time.Duration, len(steps))
	completed, err := r.Conn.Send(ctx, m.Message, pg.Handler{
		Row: func(statement int, fields [][]byte) {
			if p := m.parts[min(statement, len(m.parts)-1)]; p.kind == finishing && len(fields) > 1 {
				took[p.step] = seconds(fields[1])
			}
		},
		Notice: func(statement int, n *pgconn.Notice) {
			if statement < len(m.parts) {
				r.notice(steps[m.parts[statement].step], &m, statement, n)
			}
		},
	})
	for _, p := range m.parts[:min(completed, len(m.parts))] {
		if p.kind == commit {
			done = append(done, Result{Step: &steps[p.step], Duration: took[p.step]})
			r.stepStarted = r.stepStarted.Add(took[p.step]) // the next step began after this one
		}
	}
	if err == nil {
		switch {
		case completed != len(m.parts):
			err = r.miscounted(steps[len(steps)-1], &m, completed)
		case m.unconfirmed != nil:
			err = r.unconfirmed(ctx, steps[len(steps)-1], m.unconfirmed)
		}
		return done, false, err
	}
	return r.batchFailed(ctx, steps, done, &m, err)
}

// renderBatch returns the parts of all steps.
func (r *Runner) renderBatch(steps []plan.Step, at start) parts {
	var all parts
	repeated := r.repeats(steps)
	for i, s := range steps {
		f := r.frame(at)
		at = at.after(s)
		f.flushLater = i < len(steps)-1 && !r.FlushEvery
		r.noteWatching(s)
		f.repeated, f.leaves = repeated, leaves(s)
		f.plain = f.flushLater && r.Unwatched && !r.guards(false) && f.leaves == sqltext.LeavesNothing
		for p := range r.render(s, f) {
			p.step = i
			all = append(all, p)
		}
	}
	return all
}

func (r *Runner) batchFailed(ctx context.Context, steps []plan.Step, done []Result, m *message, err error) ([]Result, bool, error) {
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return done, false, r.connFailed(ctx, steps[len(done)], err)
	}
	s := steps[len(done)]
	if se.Statement == 0 && rejected(se.Err.Code) {
		// Nothing ran. The steps before the one that the server cannot read form a batch.
		if err := r.resetSession(); err != nil {
			return done, false, err
		}
		return r.sendBefore(ctx, steps, m, se)
	}
	if lostPrepared(m, err) {
		return done, true, r.resetSession()
	}
	meaning := r.sendFailed(ctx, s, m, err)
	var failed *RevisionError
	if errors.As(meaning, &failed) && transient(failed.SQLState) {
		return done, true, nil
	}
	if len(done) > 0 && !errors.As(meaning, &failed) {
		r.flush() // of a failed revision, the event does that
	}
	if len(done) > 0 && r.Conn.Closed() { // before the flush: a crash would take the commits back
		return nil, false, &pg.LostError{Err: errors.New("the server closed it after an error")}
	}
	return done, false, meaning
}

// sendBefore sends the steps before the one that the server cannot read; none, if the
// server does not say which that is.
func (r *Runner) sendBefore(ctx context.Context, steps []plan.Step, m *message, se *pg.StatementError) ([]Result, bool, error) {
	before := 0
	if se.Err.Position > 0 {
		p, _ := m.at(byteOffset(m.SQL, int(se.Err.Position), m.bytes))
		before = p.step
	}
	if before == 0 {
		return nil, true, nil
	}
	done, separately, err := r.sendBatch(ctx, steps[:before], m.start)
	return done, separately || err == nil, err
}

// flush makes the commits before it durable.
func (r *Runner) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	_ = r.Flush(ctx)
}

// Flush makes durable what this and other runners have committed. Before that, a crash of
// the server may undo a commit that was already visible.
func (r *Runner) Flush(ctx context.Context) error {
	return r.runTransaction(ctx, "SELECT pg_catalog.pg_logical_emit_message(true, 'ambix', 'flush')")
}

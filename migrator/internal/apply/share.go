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

// Small transactional revisions share a message: one round trip and one flush for all
// of them, each still in a transaction of its own. Only the last commit of a message is
// flushed; a commit is never durable before those that came before it.

// What fits into one message. The server holds all of a message at once, and nothing of
// it is told before its end.
const (
	shareBytes = 256 << 10
	shareSteps = 100
)

// shared gives how many of the steps travel in one message: 1 when the first has to
// travel alone.
func (r *Runner) shared(steps []plan.Step) int {
	size := 0
	for i, s := range steps {
		if !sharable(s) {
			return max(i, 1)
		}
		size += len(s.Script.Text)
		if s.Entry.DownSQL != nil {
			size += len(*s.Entry.DownSQL)
		}
		if size > shareBytes || i == shareSteps {
			return max(i, 1)
		}
	}
	return len(steps)
}

// sharable says whether a revision may share a message. COPY needs an answer in the
// middle, and a change of encoding or string syntax one before the next statement.
func sharable(s plan.Step) bool {
	if !s.Script.Transactional {
		return false
	}
	for _, st := range s.Script.Statements() {
		if st.Class == sqltext.CopyIn || changesReading(s.Script.Text, st) {
			return false
		}
	}
	return true
}

// stepsShared runs several steps in one message. What it returns is committed. left says
// that the step after those has not been run and has to be tried alone: the message was
// not understood as a whole, or a lock was not to be had.
func (r *Runner) stepsShared(ctx context.Context, steps []plan.Step, at start) (done []Result, left bool, err error) {
	if err := r.Conn.EnsureUTF8(ctx); err != nil {
		return nil, false, r.broken(ctx, steps[0], err)
	}
	m := newMessage(r.renderShared(steps, at))
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
	for i, p := range m.parts[:min(completed, len(m.parts))] {
		if p.kind == commit {
			done = append(done, Result{steps[m.parts[i].step], took[p.step]})
			r.since = r.since.Add(took[p.step]) // the next one began behind it
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
	return r.sharedFailed(ctx, steps, done, &m, err)
}

// renderShared makes the parts of all steps; each commit but the last may be flushed
// later.
func (r *Runner) renderShared(steps []plan.Step, at start) parts {
	var all parts
	for i, s := range steps {
		f := r.frame(start{at.exists || i > 0, at.generation + int64(i)})
		f.later = i < len(steps)-1 && !r.FlushEvery
		for _, p := range r.render(s, f) {
			p.step = i
			all = append(all, p)
		}
	}
	return all
}

func (r *Runner) sharedFailed(ctx context.Context, steps []plan.Step, done []Result, m *message, err error) ([]Result, bool, error) {
	var se *pg.StatementError
	if !errors.As(err, &se) {
		return done, false, r.broken(ctx, steps[len(done)], err)
	}
	s := steps[len(done)]
	if se.Statement == 0 && rejected(se.Err.Code) {
		// Nothing ran. What stands before the step that is to blame can still share.
		if err := r.clean(); err != nil {
			return done, false, err
		}
		return r.sharedBefore(ctx, steps, m, se)
	}
	meaning := r.failed(ctx, s, m, err)
	var failed *RevisionError
	if errors.As(meaning, &failed) && transient(failed.SQLState) {
		return done, true, nil
	}
	if len(done) > 0 && !errors.As(meaning, &failed) {
		r.flush() // a failure's event does that, in its own transaction
	}
	return done, false, meaning
}

// sharedBefore runs the steps before the one that the server could not read; none, when
// it does not say which that is.
func (r *Runner) sharedBefore(ctx context.Context, steps []plan.Step, m *message, se *pg.StatementError) ([]Result, bool, error) {
	before := 0
	if se.Err.Position > 0 {
		p, _ := m.at(byteOffset(m.SQL, int(se.Err.Position), m.bytes))
		before = p.step
	}
	if before == 0 {
		return nil, true, nil
	}
	done, left, err := r.stepsShared(ctx, steps[:before], m.start)
	return done, left || err == nil, err
}

// flush makes commits durable that were not flushed yet: a transaction that writes does
// that for all before it.
func (r *Runner) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), recordLimit)
	defer cancel()
	_ = r.Flush(ctx)
}

// Flush makes durable what this and other runners have committed: what is seen in a
// database may otherwise be lost when the server crashes within the next moment.
func (r *Runner) Flush(ctx context.Context) error {
	return r.transaction(ctx, "SELECT pg_catalog.pg_logical_emit_message(true, 'ambix', 'flush')")
}

// atLeastLocal keeps the session's own synchronous_commit, unless that is off.
const atLeastLocal = "SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN pg_catalog.set_config('synchronous_commit', 'local', true) END"

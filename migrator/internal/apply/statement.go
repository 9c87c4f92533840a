package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sqltext"
)

// ConcurrentLockTimeout is the lock_timeout of CONCURRENTLY statements unless the
// revision sets one. They wait for old transactions without standing in anybody's way,
// and a concurrent index build that gives up leaves an invalid index.
const ConcurrentLockTimeout = 30 * time.Minute

// next runs the next statement: together with its mark where the server allows that,
// alone and marked after where not. sent says that an earlier run sent it alone and did
// not see its end.
func (o *outside) next(ctx context.Context, sent bool) error {
	st := o.statement()
	if sent || st.Class == sqltext.NonTransactional {
		return o.alone(ctx, st, sent)
	}
	err := o.untilLocked(ctx, o.step, func() error { return o.withMark(ctx) })
	var failed *RevisionError
	if errors.As(err, &failed) && (failed.SQLState == pg.ActiveSQLTransaction || failed.SQLState == pg.InvalidTransactionTermination) {
		return o.alone(ctx, st, false)
	}
	return err
}

func (o *outside) statement() sqltext.Statement { return o.step.Script.Statements()[o.done] }

func (o *outside) part(i int) part {
	st := o.step.Script.Statements()[i]
	return part{kind: body, sql: o.step.Script.Text[st.Start:st.End], script: o.step.Script, index: i}
}

// withMark runs a statement and its mark in one implicit transaction: it happens
// exactly once, whatever happens to us. A statement that takes the rest of the ledger
// away fails there.
func (o *outside) withMark(ctx context.Context) error {
	p := append(parts{o.part(o.done)}, o.markParts(o.done+1, o.chain[o.done+1])...)
	p.add(finishing, "SELECT e.run, m.generation FROM "+o.Ledger.Events()+" e, "+o.Ledger.Meta()+" m LIMIT 0")
	return o.send(ctx, p, nil)
}

// markParts record how many statements are finished.
func (o *outside) markParts(done int, checksum string) parts {
	var p parts
	if o.bodySets("role", "session_authorization") {
		p.add(resetting, o.ourselves()...)
	}
	if o.timeout(o.step) != nil || o.bodySets("statement_timeout", "all") {
		p.add(resetting, "SET LOCAL statement_timeout = 0") // it is for the statement, not for its mark
	}
	p.add(finishing, o.Ledger.Mark(o.step.Revision, o.state, o.done, done, checksum))
	return p
}

// bodySets says whether one of the statements so far changes one of these settings.
func (o *outside) bodySets(names ...string) bool {
	return slices.ContainsFunc(o.step.Script.Statements()[:o.done+1], func(st sqltext.Statement) bool {
		return slices.Contains(names, sqltext.SettingName(o.step.Script.Text, st))
	})
}

// alone runs a statement that the server refuses in a transaction, and marks it after.
// One that does no harm twice is tried again when it got no lock.
func (o *outside) alone(ctx context.Context, st sqltext.Statement, sent bool) error {
	try := func() error {
		err := o.once(ctx, st, sent)
		sent = false
		return err
	}
	var err error
	if st.Class == sqltext.NonTransactional {
		err = o.untilLocked(ctx, o.step, try)
	} else {
		err = try()
	}
	if err != nil {
		return err
	}
	// It is done, whatever the caller wants by now.
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	return o.untilLocked(limit, o.step, func() error { return o.send(limit, o.markParts(o.done+1, o.chain[o.done+1]), nil) })
}

// once sends a statement alone, unless the catalog says that it happened. Its being sent
// is recorded first, so that a run that resumes knows whether there is anything in doubt.
func (o *outside) once(ctx context.Context, st sqltext.Statement, sent bool) error {
	verdict, err := o.settle(ctx, st, sent)
	if err != nil || verdict == happened {
		return err
	}
	if err := o.send(ctx, o.markParts(o.done, ledger.Sent+o.chain[o.done]), nil); err != nil {
		return err
	}
	if err := o.patiently(ctx, st, o.part(o.done)); err != nil {
		return o.notHappened(ctx, st, err)
	}
	return nil
}

// patiently sends a part that, when it is CONCURRENTLY, may wait for locks longer than
// others may.
func (o *outside) patiently(ctx context.Context, st sqltext.Statement, p part) error {
	if !strings.HasSuffix(st.Keywords, "CONCURRENTLY") || o.step.Script.LockTimeout != nil || o.bodySets("lock_timeout", "all") {
		return o.send(ctx, parts{p}, nil)
	}
	if err := o.send(ctx, parts{{kind: opening, sql: "SET lock_timeout = " + milliseconds(ConcurrentLockTimeout)}}, nil); err != nil {
		return err
	}
	err := o.send(ctx, parts{p}, nil)
	if o.Conn.Closed() {
		return err
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	again := o.send(limit, parts{{kind: opening, sql: "SET lock_timeout = " + milliseconds(o.LockTimeout)}}, nil)
	if err == nil {
		err = again
	}
	return err
}

// notHappened takes the doubt back when the server itself said that a statement
// failed, and names what it left.
func (o *outside) notHappened(ctx context.Context, st sqltext.Statement, err error) error {
	var failed *RevisionError
	var interrupted *InterruptedError
	if !errors.As(err, &failed) && !errors.As(err, &interrupted) && err != ctx.Err() {
		return err
	}
	effect := sqltext.CatalogEffectOf(o.step.Script.Text, st)
	if effect.Verb == "" && st.Class != sqltext.NonTransactional {
		if failed != nil {
			failed.Hint = "what it committed before that stays: look, then say `repair " + o.step.Revision + " --applied` or `repair " + o.step.Revision + " --not-applied`"
		}
		return err
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	_ = o.send(limit, o.markParts(o.done, o.chain[o.done]), nil)
	if left := o.invalidIndex(limit, effect); left != "" && failed != nil {
		failed.Hint = "the failed build left an invalid index: " + left + "; the next run drops it before it builds again"
	}
	return err
}

// look asks the catalog before a statement runs alone. What goes wrong is told as the
// statement's own failure.
func (o *outside) look(ctx context.Context, sql string) ([]pg.Row, error) {
	var rows []pg.Row
	err := o.send(ctx, parts{{kind: body, sql: sql, script: o.step.Script, index: o.done}}, func(_ int, fields [][]byte) {
		rows = append(rows, pg.NewRow(fields))
	})
	return rows, err
}

// repair runs a statement of ours that removes what an interrupted one left.
func (o *outside) repair(ctx context.Context, object, problem, sql string) error {
	o.emit(Repaired{Step: o.step, Object: object, Problem: problem, Statement: sql})
	err := o.patiently(ctx, o.statement(), part{kind: body, sql: sql, script: o.step.Script, index: o.done})
	var failed *RevisionError
	if errors.As(err, &failed) {
		failed.Text = "what an interrupted statement left could not be removed: " + failed.Text
	}
	return err
}

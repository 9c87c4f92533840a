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

// ConcurrentLockTimeout is the lock_timeout of CONCURRENTLY statements, unless the revision
// sets one. They wait for old transactions without blocking other sessions, and a
// concurrent index build that times out leaves an invalid index.
const ConcurrentLockTimeout = 30 * time.Minute

// runNext runs the next statement: in one transaction with its mark if the server allows
// that, and marked afterwards if not. sent: an earlier run sent it without a mark and did
// not see its end.
func (n *nonTransactional) runNext(ctx context.Context, sent bool) error {
	st := n.statement()
	if sent || st.Class == sqltext.NonTransactional {
		return n.runThenMark(ctx, st, sent)
	}
	err := n.retryWhileLocked(ctx, n.step, func() error { return n.runWithMark(ctx) })
	var failed *RevisionError
	if errors.As(err, &failed) && (failed.SQLState == pg.ActiveSQLTransaction || failed.SQLState == pg.InvalidTransactionTermination) {
		return n.runThenMark(ctx, st, false)
	}
	return err
}

func (n *nonTransactional) statement() sqltext.Statement { return n.step.Script.Statements()[n.done] }

// runWithMark runs a statement and its mark in one implicit transaction, so that the
// statement takes effect exactly once. It fails if the statement removes a table of the
// ledger.
func (n *nonTransactional) runWithMark(ctx context.Context) error {
	var statement parts
	n.renderGuard(&statement, n.step, false)
	statement = append(statement, n.checkedBody(n.step, n.done, n.statement(), false)...)
	mark := n.renderMark(n.done+1, n.checksums[n.done+1])
	mark.add(finishing, n.Ledger.Probe())
	if n.sends() != SendStatement {
		return n.send(ctx, append(statement, mark...), nil)
	}
	var begin parts
	begin.add(opening, "BEGIN ISOLATION LEVEL READ COMMITTED")
	mark.add(commit, "COMMIT")
	messages := []parts{begin}
	for _, p := range statement {
		messages = append(messages, parts{p})
	}
	for _, p := range append(messages, mark) {
		if err := n.observed(ctx, n.step, p, false, func() error { return n.send(ctx, p, nil) }); err != nil {
			if !n.Conn.Closed() && n.Conn.InTransaction() {
				limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
				defer cancel()
				_ = n.Conn.Exec(limit, "ROLLBACK")
			}
			if g, ok := errors.AsType[*GuardError](err); ok {
				n.nameTable(g)
			}
			return err
		}
	}
	return nil
}

// renderMark returns the parts that record how many statements are done.
func (n *nonTransactional) renderMark(done int, checksum string) parts {
	var p parts
	p.set(resetting, true, n.keepFromWorkers(n.step)...)
	if n.bodySets("role", "session_authorization") {
		n.restoreRole(&p)
	}
	if n.bodyTimeout(n.step) != nil || n.bodySets("statement_timeout", "all") {
		p.set(resetting, true, set("statement_timeout", "0")) // it applies to the statement, not to its mark
	}
	if n.lockTimeout(n.step) == 0 {
		p.set(resetting, true, set("lock_timeout", ledgerLockTimeout))
	}
	p.add(finishing, n.Ledger.Mark(n.step.Revision, n.state, n.done, done, checksum))
	return p
}

// afterFailure makes a mark commit without waiting for a standby.
func afterFailure(mark parts) parts {
	var p parts
	p.set(opening, true, localCommit)
	return append(p, mark...)
}

// restoreRole sets the runner's role for the rest of a transaction, after a body that
// changed it. The body's role is back after the transaction.
func (n *nonTransactional) restoreRole(p *parts) {
	p.add(resetting, "SET LOCAL SESSION AUTHORIZATION DEFAULT")
	if n.Role == "" {
		p.set(resetting, true, set("role")) // not none: the login role may have another default (ALTER ROLE … SET role)
	}
	p.set(resetting, true, n.roleSetting()...)
}

// bodySets reports whether one of the statements up to the current one changes one of
// these settings.
func (n *nonTransactional) bodySets(names ...string) bool {
	return slices.ContainsFunc(n.step.Script.Statements()[:n.done+1], func(st sqltext.Statement) bool {
		return slices.Contains(names, sqltext.SettingName(n.step.Script.Text, st))
	})
}

// onlyChangesSetting reports whether a statement changes a setting and does nothing else:
// SET, RESET, and the SELECT set_config('name', 'value', false) of every pg_dump.
func onlyChangesSetting(source string, st sqltext.Statement) bool {
	if sqltext.SettingName(source, st) == "" {
		return false
	}
	first, _, _ := strings.Cut(st.Keywords, " ")
	if first == "SET" || first == "RESET" {
		return true
	}
	var tokens []string
	for t := range sqltext.Tokens(source[st.Start:st.End]) {
		switch t.Kind {
		case sqltext.Space, sqltext.Comment:
		case sqltext.String, sqltext.Dollar:
			tokens = append(tokens, "''")
		default:
			tokens = append(tokens, strings.ToLower(source[st.Start+t.Start:st.Start+t.End]))
		}
	}
	call := strings.Join(tokens, " ")
	return call == "select set_config ( '' , '' , false )" || call == "select pg_catalog . set_config ( '' , '' , false )"
}

// runThenMark runs a statement that the server refuses in a transaction, and marks it
// afterwards. A statement that may run twice is tried again after a lock timeout.
func (n *nonTransactional) runThenMark(ctx context.Context, st sqltext.Statement, sent bool) error {
	try := func() error {
		err := n.runOnce(ctx, st, sent)
		sent = false
		return err
	}
	var err error
	if st.Class == sqltext.NonTransactional {
		err = n.retryWhileLocked(ctx, n.step, try)
	} else {
		err = try()
	}
	if err != nil {
		return err
	}
	// It is done, and has to be marked even if the context has ended.
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	mark := n.renderMark(n.done+1, n.checksums[n.done+1])
	if ctx.Err() != nil {
		mark = afterFailure(mark)
	}
	return n.retryWhileLocked(limit, n.step, func() error { return n.send(limit, mark, nil) })
}

// runOnce runs a statement without a mark, unless the catalog shows that it took effect.
// That it is sent is recorded first, so that a run that resumes knows whether a statement
// is in doubt.
func (n *nonTransactional) runOnce(ctx context.Context, st sqltext.Statement, sent bool) error {
	o, err := n.resolveOutcome(ctx, st, sent)
	if err != nil || o == done {
		return err
	}
	if err := n.checkNamed(st); err != nil {
		return err
	}
	if err := n.send(ctx, n.renderMark(n.done, ledger.SentPrefix+n.checksums[n.done]), nil); err != nil {
		return err
	}
	p := bodyPart(n.step.Script, n.done, st)
	if err := n.observed(ctx, n.step, parts{p}, true, func() error { return n.sendWithLongLockTimeout(ctx, st, p) }); err != nil {
		return n.clearSentMark(ctx, st, err)
	}
	return nil
}

// sendWithLongLockTimeout sends a part. A CONCURRENTLY statement may wait for locks for
// ConcurrentLockTimeout.
func (n *nonTransactional) sendWithLongLockTimeout(ctx context.Context, st sqltext.Statement, p part) error {
	if !strings.HasSuffix(st.Keywords, "CONCURRENTLY") || n.step.Script.LockTimeout != nil || n.bodySets("lock_timeout", "all") {
		return n.send(ctx, parts{p}, nil)
	}
	setTimeout := func(ctx context.Context, d time.Duration) error {
		var p parts
		p.set(opening, false, set("lock_timeout", milliseconds(d)))
		return n.send(ctx, p, nil)
	}
	if err := setTimeout(ctx, ConcurrentLockTimeout); err != nil {
		return err
	}
	err := n.send(ctx, parts{p}, nil)
	if n.Conn.Closed() {
		return err
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	if restored := setTimeout(limit, n.LockTimeout); err == nil {
		err = restored
	}
	return err
}

// clearSentMark records that a statement is not in doubt when the server itself reported
// its failure, and adds a hint about what the statement left.
func (n *nonTransactional) clearSentMark(ctx context.Context, st sqltext.Statement, err error) error {
	var failed *RevisionError
	var interrupted *InterruptedError
	if !errors.As(err, &failed) && !errors.As(err, &interrupted) && err != ctx.Err() {
		return err
	}
	effect := sqltext.CatalogEffectOf(n.step.Script.Text, st)
	if effect.Verb == "" && st.Class != sqltext.NonTransactional {
		if failed != nil {
			failed.Undecided = true
			failed.Hint = "what it committed before the failure stays; check what it did, then record whether it counts as applied"
		}
		return err
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordLimit)
	defer cancel()
	_ = n.send(limit, afterFailure(n.renderMark(n.done, n.checksums[n.done])), nil)
	if index := n.invalidIndexes(limit, effect); index != "" && failed != nil {
		n.leftover = true
		failed.Hint = "the failed build left an invalid index: " + index + "; the next run drops it and builds it again"
	}
	return err
}

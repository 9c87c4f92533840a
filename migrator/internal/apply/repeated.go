package apply

import (
	"errors"
	"regexp"
	"slices"
	"sync"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// Most of what a small revision costs the server is the parsing and planning of our statements,
// and what undoes the settings of its body. So a batch prepares the statements that it repeats,
// and resets nothing after a body that cannot leave anything. The last step of a batch is
// followed by all resets, whatever its body.

// leastRepeats is the number of steps from which on a batch prepares statements: the server
// plans the first five executions of one with parameters again.
const leastRepeats = 10

// repeated are the prepared statements of a batch. Nil: nothing is prepared.
type repeated struct {
	name  string          // begins their names
	ready map[string]bool // those that the session has at this place of the message
}

// add adds a statement of ours: prepared if it is not, and executed; or as it is, if nothing is
// prepared. word tells it from others, general is the statement with parameters.
func (q *repeated) add(p *parts, like part, word, general, arguments string) {
	if q == nil {
		*p = append(*p, like)
		return
	}
	name := sqltext.QuoteName(q.name + "_" + word)
	one := func(sql string) {
		like.sql, like.prepared = sql, true
		*p = append(*p, like)
	}
	if !q.ready[word] {
		one("PREPARE " + name + " AS " + general)
		q.ready[word] = true
	}
	one("EXECUTE " + name + arguments)
}

// repeats returns the prepared statements of a batch that is about to be rendered.
func (r *Runner) repeats(steps []plan.Step) *repeated {
	if len(steps) < leastRepeats || r.guards(false) { // the guard prepares its check in every step
		return nil
	}
	return &repeated{name: "ambix_" + r.Author.Run, ready: map[string]bool{}}
}

// leaves returns what the body of a step may leave in the session.
func leaves(s plan.Step) sqltext.Leaves {
	most := sqltext.LeavesNothing
	for _, st := range s.Script.All() {
		most = max(most, sqltext.LeavesOf(s.Script.Text, st))
	}
	return most
}

// watchingText matches a script that may create event triggers, by an extension too.
var watchingText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\bevent\s+trigger\b|\bextension\b`) })

// noteWatching notes that event triggers may run from a step on.
func (r *Runner) noteWatching(s plan.Step) {
	if r.Unwatched && watchingText().MatchString(s.Script.Text) {
		r.Unwatched = false
	}
}

// keepsPrepared are the resets after a body that cannot remove prepared statements by itself.
var keepsPrepared = slices.DeleteFunc(slices.Clone(resets), func(sql string) bool { return sql == "DEALLOCATE ALL" })

// renderReset adds what undoes the settings of a body, and makes those of the closing write.
func (r *Runner) renderReset(p *parts, s plan.Step, f frame) {
	if f.plain {
		if r.lockTimeout(s) != LedgerLockTimeout {
			p.set(resetting, true, set("lock_timeout", ledgerLockTimeout))
		}
		if r.bodyTimeout(s) != nil {
			p.set(resetting, true, set("statement_timeout", "0"))
		}
		p.set(resetting, true, f.flush()...)
		return
	}
	if f.last {
		// Before the resets: a deferred trigger runs with the settings of the body.
		p.add(deferred, "SET CONSTRAINTS ALL IMMEDIATE")
		if r.guards(f.offline) {
			p.add(checking, preparedCheck)
		}
	}
	p.set(resetting, true, r.keepFromWorkers(s)...)
	if f.repeated != nil && f.flushLater && f.leaves != sqltext.LeavesAnything {
		p.add(resetting, keepsPrepared...)
	} else {
		p.add(resetting, resets...)
		if f.repeated != nil {
			clear(f.repeated.ready)
		}
	}
	p.set(resetting, true, r.closingSettings(f)...)
}

// lostPrepared reports whether a prepared statement of ours cannot be used: a function in a body
// removed it, or made another one of its name. The step is rolled back, and sent without them.
func lostPrepared(m *message, err error) bool {
	var se *pg.StatementError
	if !errors.As(err, &se) || se.Statement >= len(m.parts) || !m.parts[se.Statement].prepared {
		return false
	}
	switch se.Err.Code {
	case pg.InvalidSQLStatementName, pg.DuplicatePreparedStatement, pg.FeatureNotSupported:
		return true
	}
	return false
}

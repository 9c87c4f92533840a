package apply

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

// kind is the purpose of a part of a message. It decides what a failure means.
type kind uint8

const (
	opening   kind = iota // BEGIN and settings
	locking               // takes the runners' lock
	creating              // the ledger's tables
	guarding              // compares and raises the generation
	recording             // the row of a revision that begins, or another change of the ledger
	watching              // what the guard remembers of the tables
	body                  // the revision's own statements
	checking              // the guard's check of the statement before
	deferred              // constraints that the body deferred
	resetting             // undoes what the body left in the session
	finishing             // the closing write: the row of a revision that ends, and its event
	commit
)

// part is one statement of a message. For a statement of a body, and for the guard's check of one, script and index are
// its source.
type part struct {
	kind   kind
	sql    string
	script *revision.Script
	source sqltext.Statement // of a body: the statement in the script's text
	index  int               // of the statement
	step   int               // index of the step in a batch
	begins start             // of the closing write of an upgrade: the state before
	// prepared: it prepares a statement of ours, or executes one; see repeated.
	prepared bool
}

// start is the state of the ledger that a step was planned for.
type start struct {
	exists     bool
	generation int64
	applied    string // a revision that is applied; "": none, or it is not known
}

// startOf returns the state that a plan begins with.
func startOf(p plan.Plan) start {
	at := start{exists: p.Exists, generation: p.Generation}
	if at.applied = p.Row; at.applied == "" && len(p.From) > 0 {
		at.applied = p.From[0]
	}
	return at
}

// after returns the state after a step, which raises the generation once, or twice if it is
// not transactional.
func (at start) after(s plan.Step) start {
	next := start{exists: true, generation: at.generation + 1}
	if !s.Script.Transactional {
		next.generation++
	}
	if s.Direction == plan.Up {
		next.applied = s.Revision
	}
	return next
}

// frame is what surrounds the body of a step.
type frame struct {
	at     start
	create []string // creates the ledger; nil if it exists
	guard  string
	raise  string // the guard of an upgrade, which its closing write completes
	// first and last: the step begins and ends the transaction. In a single transaction,
	// only its first and last steps do.
	first, last bool
	flushLater  bool           // another commit follows in the same message, and flushes this one
	leaves      sqltext.Leaves // what the body may leave in the session
	plain       bool           // it leaves nothing, and what follows in the message resets it all the same
	repeated    *repeated
	offline     bool // for a script: the server and the generation are unknown
	raised      int  // offline: by how much the steps before have raised the generation
}

func (r *Runner) frame(at start) frame {
	f := frame{at: at, guard: r.Ledger.Guard(at.generation), raise: r.Ledger.Raise(at.generation), first: true, last: true}
	if !at.exists {
		f.create = r.Ledger.Create(r.CreateSchema)
	}
	return f
}

// parts are the statements of a message, in order.
type parts []part

// add adds statements.
//
//go:noinline // many calls: copies would take more room
func (p *parts) add(k kind, sql ...string) {
	for _, q := range sql {
		*p = append(*p, part{kind: k, sql: q})
	}
}

// set adds settings, for the transaction if local.
func (p *parts) set(k kind, local bool, settings ...setting) {
	for _, s := range settings {
		p.add(k, s.sql(local))
	}
}

// begin adds a BEGIN. The comment is for the server's log: it is left out unless it consists
// of words and ids, so that nothing can end it.
func (p *parts) begin(comment string) {
	if strings.ContainsFunc(comment, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.,", r)
	}) {
		comment = ""
	}
	if comment != "" {
		comment = "/* ambix " + comment + " */ "
	}
	p.add(opening, comment+"BEGIN ISOLATION LEVEL READ COMMITTED")
}

// bodyPart returns a statement of a script, the one with that index.
func bodyPart(s *revision.Script, i int, st sqltext.Statement) part {
	return part{kind: body, sql: s.Text[st.Start:st.End], script: s, source: st, index: i}
}

// render returns the statements of a transactional step. It is the only place where they
// are written. Those of the body are made one after the other: a large script has millions.
func (r *Runner) render(s plan.Step, f frame) iter.Seq[part] {
	return func(yield func(part) bool) {
		each := func(p parts) bool { return !slices.ContainsFunc(p, func(one part) bool { return !yield(one) }) }
		if !each(r.renderBefore(s, f)) {
			return
		}
		for i, st := range s.Script.All() {
			if !each(r.checkedBody(s, i, st, f.offline)) {
				return
			}
		}
		each(r.renderAfter(s, f))
	}
}

// renderBefore returns what precedes the body.
func (r *Runner) renderBefore(s plan.Step, f frame) parts {
	var p parts
	if f.first {
		p.begin(fmt.Sprintf("%s %s", s.Direction, s.Revision))
	}
	settings, lock := r.settings(s, f.offline), r.Ledger.TryLock()
	if f.first {
		// One query is cheaper than two.
		if i := slices.IndexFunc(settings, setting.isCheckClient); i >= 0 {
			lock += ", " + settings[i].expression(true)
			settings = slices.Delete(settings, i, i+1)
		}
	}
	p.set(opening, true, settings...)
	if f.first {
		f.repeated.add(&p, part{kind: locking, sql: lock}, "lock", lock, "")
		p.add(creating, f.create...)
	}
	if s.Direction == plan.Up {
		general, arguments := r.Ledger.RaiseGeneral(f.at.generation)
		f.repeated.add(&p, part{kind: guarding, sql: f.raise}, "raise", general, arguments)
	} else {
		p.add(guarding, f.guard)
		p.add(recording, r.Ledger.BeginDown(s.Revision))
	}
	r.renderGuard(&p, s, f.offline)
	p.set(opening, true, r.bodyTimeout(s)...)
	return p
}

// renderAfter returns what follows the body.
func (r *Runner) renderAfter(s plan.Step, f frame) parts {
	var p parts
	r.renderReset(&p, s, f)
	r.renderGuardEnd(&p, f.offline)
	if s.Direction == plan.Up {
		r.renderRecord(&p, s, f)
	} else {
		p.add(finishing, r.Ledger.FinishDown(s.Revision, downSQLOfFile(s), r.Author))
	}
	if f.offline {
		p.add(finishing, r.Ledger.SaveGeneration(f.raised+1))
	}
	if f.last {
		p.add(commit, "COMMIT")
	}
	return p
}

// renderRecord adds the closing write of an upgrade.
func (r *Runner) renderRecord(p *parts, s plan.Step, f frame) {
	statements := s.Script.StatementCount()
	record, entry := part{kind: finishing, begins: f.at}, s.Entry()
	if f.offline {
		record.sql = r.Ledger.RecordSaved(entry, statements, f.at.applied, r.Author)
		*p = append(*p, record)
		return
	}
	record.sql = r.Ledger.Record(entry, statements, f.at.generation+1, f.at.applied, r.Author)
	q := f.repeated
	if f.at.applied == "" || !f.flushLater || f.leaves == sqltext.LeavesAnything {
		q = nil // there is no revision before it, or the reset has removed what was prepared
	}
	general, arguments := r.Ledger.RecordGeneral(entry, statements, f.at.generation+1, f.at.applied, r.Author)
	q.add(p, record, "record", general, arguments)
}

// downSQLOfFile returns the down script of a file, which the ledger compares with its own;
// nil for an up step, and when the ledger's script runs.
func downSQLOfFile(s plan.Step) *string {
	if s.Direction == plan.Up || s.Stored {
		return nil
	}
	sql := s.Script.SQL()
	return &sql
}

// resets undo everything that a body may leave in the session. RESET ALL restores the
// client_encoding that a pooler's server session started with, so it is set again.
var resets = append(resetsKeepingLocks[:len(resetsKeepingLocks):len(resetsKeepingLocks)], "SELECT pg_catalog.pg_advisory_unlock_all()")

// resetsKeepingLocks are resets that keep a lock of the session.
var resetsKeepingLocks = []string{
	"RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL", "SET client_encoding TO 'UTF8'", "SET standard_conforming_strings TO on",
	"CLOSE ALL", "DISCARD TEMP", "DISCARD SEQUENCES", "DEALLOCATE ALL", "UNLISTEN *",
}

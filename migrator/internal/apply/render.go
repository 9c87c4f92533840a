package apply

import (
	"fmt"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

// kind says what a part of a message is for; a failure means something else in each.
type kind uint8

const (
	opening   kind = iota // begin and settings
	locking               // the try-lock
	creating              // the ledger's tables
	guarding              // compare and swap of the generation
	recording             // the revision's row
	body                  // the revision's own statements
	deferred              // constraints that the body deferred
	resetting             // what the body left in the session
	finishing             // the closing write
	commit
)

// part is one statement of a message. For a statement of the body, script and index
// say where it comes from.
type part struct {
	kind   kind
	sql    string
	script *revision.Script
	index  int
	step   int // of a message that several steps share
}

// source is the statement in the revision's file.
func (p part) source() sqltext.Statement { return p.script.Statements()[p.index] }

// wholeMessage is the size up to which statements travel in one message, all that stands
// around a body included. A larger one costs the server several times its size at once.
const wholeMessage = 1 << 20

// start is what the ledger looked like when the step was planned.
type start struct {
	exists     bool
	generation int64
}

// frame is what stands around a step's own statements.
type frame struct {
	create []string // what makes the ledger; nil where there is one
	guard  string
	// first and last say whether the step begins and ends the transaction. A run in a
	// single transaction has both only at its ends.
	first, last bool
	// later: the commit need not be flushed, another one follows in the same message.
	later bool
	// offline: the statements are for a script. They know neither the server's version
	// nor the generation.
	offline bool
}

func (r *Runner) frame(at start) frame {
	f := frame{guard: r.Ledger.Guard(at.generation), first: true, last: true}
	if !at.exists {
		f.create = r.Ledger.Create(r.CreateSchema)
	}
	return f
}

// parts collects the statements of a message in order.
type parts []part

func (p *parts) add(k kind, sql ...string) {
	for _, q := range sql {
		*p = append(*p, part{kind: k, sql: q})
	}
}

// render makes the statements of one transactional step, in order: the only place
// where they are written.
func (r *Runner) render(s plan.Step, f frame) parts {
	var p parts
	n := r.Ledger
	if f.first {
		p.add(opening, fmt.Sprintf("/* ambix %s %s */ BEGIN ISOLATION LEVEL READ COMMITTED", s.Direction, s.Revision))
	}
	p.add(opening, r.settings(s, f)...)
	if f.first {
		p.add(locking, n.TryLock())
		p.add(creating, f.create...)
	}
	p.add(guarding, f.guard)
	if s.Direction == plan.Up {
		p.add(recording, n.Begin(s.Entry, r.Author))
	} else {
		p.add(recording, n.BeginDown(s.Revision))
	}
	p.add(opening, r.timeout(s)...)
	for i, st := range s.Script.Statements() {
		p = append(p, part{kind: body, sql: s.Script.Text[st.Start:st.End], script: s.Script, index: i})
	}
	if f.last {
		// Before any reset: a deferred trigger runs with the body's settings.
		p.add(deferred, "SET CONSTRAINTS ALL IMMEDIATE")
	}
	p.add(resetting, resets...)
	p.add(resetting, r.unlimited(f.offline)...)
	p.add(resetting, r.role()...)
	p.add(resetting, synchronous(f)...)
	if s.Direction == plan.Up {
		p.add(finishing, n.Finish(s.Revision, len(s.Script.Statements()), r.Author))
	} else {
		p.add(finishing, n.FinishDown(s.Revision, ran(s), r.Author))
	}
	if f.offline {
		p.add(finishing, n.Remember())
	}
	if f.last {
		p.add(commit, "COMMIT")
	}
	return p
}

// synchronous says how the commit is flushed. It comes after the resets, which undo it.
func synchronous(f frame) []string {
	switch {
	case f.later:
		return []string{"SET LOCAL synchronous_commit = off"}
	case f.last:
		return []string{atLeastLocal}
	}
	return nil
}

// ran is a file's own down script, which the ledger compares with the one it kept.
func ran(s plan.Step) *string {
	if s.Direction == plan.Up || s.Stored {
		return nil
	}
	sql := s.Script.SQL()
	return &sql
}

// resets undo whatever a body may leave in the session. RESET ALL returns the
// encoding to where a pooler's server session began, so it is set again. The last one
// gives the runner's own lock back too, where that is the session's.
var resets = []string{
	"RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL", "SET client_encoding TO 'UTF8'", "SET standard_conforming_strings TO on",
	"CLOSE ALL", "DISCARD TEMP", "DISCARD SEQUENCES", "DEALLOCATE ALL", "UNLISTEN *", "SELECT pg_catalog.pg_advisory_unlock_all()",
}

// settings hold for one transaction: a pooled session goes back to strangers.
func (r *Runner) settings(s plan.Step, f frame) []string {
	lockTimeout := r.LockTimeout
	if s.Script.LockTimeout != nil {
		lockTimeout = *s.Script.LockTimeout
	}
	set := []string{
		"SET LOCAL application_name = " + literal(r.stepName(s)),
		"SET LOCAL search_path TO DEFAULT", // a pooler's earlier client may have left its own
		"SET LOCAL lock_timeout = " + milliseconds(lockTimeout),
		"SET LOCAL statement_timeout = 0", // until the body begins
		"SET LOCAL idle_in_transaction_session_timeout = 0",
	}
	return append(append(set, r.serverSettings(f.offline)...), r.role()...)
}

// timeout bounds the statements of the body, and no others: a ledger on a busy server may
// take longer than a revision's author had in mind.
func (r *Runner) timeout(s plan.Step) []string {
	d := r.StatementTimeout
	if s.Script.StatementTimeout != nil {
		d = *s.Script.StatementTimeout
	}
	if d == 0 {
		return nil
	}
	return []string{"SET LOCAL statement_timeout = " + milliseconds(d)}
}

// serverSettings are those that only newer servers know. The server looks after the
// client while a statement runs, so that nothing runs on for a killed one.
func (r *Runner) serverSettings(offline bool) []string {
	if offline {
		return []string{ifKnown("client_connection_check_interval", "500ms"), ifKnown("transaction_timeout", "0")}
	}
	var set []string
	if r.ServerVersion >= 140000 {
		set = append(set, checkClient)
	}
	if r.ServerVersion >= 170000 {
		set = append(set, "SET LOCAL transaction_timeout = 0")
	}
	return set
}

// checkClient makes the server look for the client, on systems where it is sure to be
// able to: elsewhere the setting is refused (PostgreSQL manual, "TCP Settings").
const checkClient = `SELECT CASE WHEN pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0 THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END`

// unlimited lifts the timeouts that a role may have for what comes after the resets,
// which undo our settings too.
func (r *Runner) unlimited(offline bool) []string {
	set := []string{"SET LOCAL lock_timeout = '5s'", "SET LOCAL statement_timeout = 0"}
	switch {
	case offline:
		set = append(set, ifKnown("transaction_timeout", "0"))
	case r.ServerVersion >= 170000:
		set = append(set, "SET LOCAL transaction_timeout = 0")
	}
	return set
}

// ifKnown sets a setting on a server that has it.
func ifKnown(setting, value string) string {
	return fmt.Sprintf("SELECT CASE WHEN pg_catalog.current_setting('%s', true) IS NOT NULL THEN pg_catalog.set_config('%[1]s', '%s', true) END", setting, value)
}

func (r *Runner) role() []string {
	if r.Role == "" {
		return nil
	}
	return []string{"SET LOCAL ROLE " + sqltext.QuoteName(r.Role)}
}

func (r *Runner) stepName(s plan.Step) string {
	return r.applicationName(string(s.Direction) + " " + s.Revision)
}

// applicationName is what others see in pg_stat_activity: 63 bytes at most. Host and
// process are worth more than the end of a long id.
func (r *Runner) applicationName(doing string) string {
	const longest = 63
	name := strings.TrimRight("ambix "+doing+" "+r.Process, " ")
	if over := len(name) - longest; over > 0 && over+1 < len(doing) {
		name = "ambix " + doing[:len(doing)-over-1] + "~ " + r.Process // ids are ASCII; the server would replace anything else
	}
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	return name
}

// milliseconds rounds up: zero is no limit.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("'%dms'", (d + time.Millisecond - 1).Milliseconds())
}

// literal quotes a value of ours for SET, which takes no dollar quotes on old servers.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

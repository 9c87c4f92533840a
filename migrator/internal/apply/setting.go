package apply

import (
	"fmt"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
)

// setting is a value of a server setting, for a transaction or for a session.
type setting struct {
	name   string
	values []string // none: the default of the session
	when   string   // an SQL condition; "": always
}

func set(name string, values ...string) setting { return setting{name: name, values: values} }

// sql returns the statement that makes the setting, for the transaction if local.
func (s setting) sql(local bool) string {
	quoted := make([]string, len(s.values))
	for i, v := range s.values {
		quoted[i] = sqltext.QuoteString(v)
	}
	value := strings.Join(quoted, ", ")
	if s.when != "" {
		return "SELECT " + s.expression(local)
	}
	if len(s.values) == 0 {
		value = "DEFAULT"
	}
	if local {
		return "SET LOCAL " + s.name + " = " + value
	}
	return "SET " + s.name + " = " + value
}

func (s setting) isCheckClient() bool { return s.when != "" && s.when == checkClient.when }

// expression makes a setting that has a condition, as part of a query.
func (s setting) expression(local bool) string {
	return fmt.Sprintf("CASE WHEN %s THEN pg_catalog.set_config(%s, %s, %t) END", s.when, sqltext.QuoteString(s.name), sqltext.QuoteString(s.values[0]), local)
}

// milliseconds rounds up: zero is no limit.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%dms", (d + time.Millisecond - 1).Milliseconds())
}

// Settings that depend on the server.
var (
	// atLeastLocal is synchronous_commit as the session has it, but not off.
	atLeastLocal = setting{"synchronous_commit", []string{"local"}, "pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'"}
	// localCommit is for what is written after a failure: it is not worth a wait for a
	// synchronous standby, which may be the reason. If a failover loses it, a revision stays
	// unfinished, or the event log lacks an event.
	localCommit = set("synchronous_commit", "local")
	// checkClient makes the server notice a client that is gone, so that no statement of a
	// killed client runs on. Only some systems support it (PostgreSQL manual, "TCP Settings").
	checkClient = setting{"client_connection_check_interval", []string{"500ms"}, "pg_catalog.strpos(pg_catalog.version(), 'linux') OPERATOR(pg_catalog.>) 0"}
)

// ifKnown makes a setting only on a server that knows it.
func ifKnown(s setting) setting {
	s.when = "pg_catalog.current_setting(" + sqltext.QuoteString(s.name) + ", true) IS NOT NULL"
	return s
}

// LedgerLockTimeout is the lock_timeout of statements on the ledger outside of a revision.
const LedgerLockTimeout = 5 * time.Second

var ledgerLockTimeout = LedgerLockTimeout.String()

// ledgerLimits apply to statements on the ledger.
func ledgerLimits() []setting {
	return []setting{set("lock_timeout", ledgerLockTimeout), set("statement_timeout", "0")}
}

// settings are made at the head of a step: an earlier client of a pooler may have left its
// own. statement_timeout follows before the body; see bodyTimeout.
func (r *Runner) settings(s plan.Step, offline bool) []setting {
	lockTimeout := milliseconds(r.lockTimeout(s))
	if r.lockTimeout(s) == 0 {
		lockTimeout = ledgerLockTimeout
	}
	all := []setting{
		set("application_name", r.stepName(s)),
		set("search_path", r.SearchPath...),
		set("lock_timeout", lockTimeout),
		set("statement_timeout", "0"),
		set("idle_in_transaction_session_timeout", "0"),
	}
	return append(append(all, r.serverSettings(offline)...), r.roleSetting()...)
}

// lockTimeout is that of a body; zero: no limit.
func (r *Runner) lockTimeout(s plan.Step) time.Duration {
	if s.Script.LockTimeout != nil {
		return *s.Script.LockTimeout
	}
	return r.LockTimeout
}

// bodyTimeout limits the statements of a body. It does not apply to the ledger, which may
// be slower than the author of the revision expected. Nor does a body without a limit for
// locks wait for those of the ledger without one.
func (r *Runner) bodyTimeout(s plan.Step) []setting {
	var all []setting
	if r.lockTimeout(s) == 0 {
		all = append(all, set("lock_timeout", "0"))
	}
	d := r.StatementTimeout
	if s.Script.StatementTimeout != nil {
		d = *s.Script.StatementTimeout
	}
	if d > 0 {
		all = append(all, set("statement_timeout", milliseconds(d)))
	}
	return all
}

// keepFromWorkers undoes a setting with which a body makes Citus send SET LOCAL, and the whole
// message that contains it, to its workers: what follows the body is not for them.
func (r *Runner) keepFromWorkers(s plan.Step) []setting {
	if !r.Citus || !strings.Contains(s.Script.SQL(), "propagate_set_commands") {
		return nil
	}
	return []setting{set("citus.propagate_set_commands", "none")}
}

// serverSettings are those that only newer servers know.
func (r *Runner) serverSettings(offline bool) []setting {
	var all []setting
	switch {
	case offline:
		all = append(all, ifKnown(set("client_connection_check_interval", "500ms")))
	case r.ServerVersion >= 140000:
		all = append(all, checkClient)
	}
	return append(all, r.transactionTimeout(offline)...)
}

func (r *Runner) transactionTimeout(offline bool) []setting {
	switch {
	case offline:
		return []setting{ifKnown(set("transaction_timeout", "0"))}
	case r.ServerVersion >= 170000:
		return []setting{set("transaction_timeout", "0")}
	}
	return nil
}

// closingSettings are made for the closing write, after resets that undid all settings.
func (r *Runner) closingSettings(f frame) []setting {
	all := append(append(ledgerLimits(), r.transactionTimeout(f.offline)...), r.roleSetting()...)
	return append(all, f.flush()...)
}

// flush decides whether the commit waits until it is flushed.
func (f frame) flush() []setting {
	switch {
	case f.flushLater:
		return []setting{set("synchronous_commit", "off")}
	case f.last:
		return []setting{atLeastLocal}
	}
	return nil
}

func (r *Runner) roleSetting() []setting {
	if r.Role == "" {
		return nil
	}
	return []setting{set("role", r.Role)}
}

func (r *Runner) stepName(s plan.Step) string {
	return r.applicationName(string(s.Direction) + " " + s.Revision)
}

// applicationName is what other sessions see in pg_stat_activity: at most 63 bytes. A long
// id is shortened before host and process are.
func (r *Runner) applicationName(activity string) string {
	const longest = 63
	name := strings.TrimRight("ambix "+activity+" "+r.Process, " ")
	if over := len(name) - longest; over > 0 && over+1 < len(activity) {
		name = "ambix " + activity[:len(activity)-over-1] + "~ " + r.Process // ids are ASCII
	}
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "")
	}
	return name
}

package ledger

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// Author says who writes: it goes into every row and event.
type Author struct {
	From    string // host
	Version string // of the program
	Run     string // one value for everything a run writes
}

// Entry is a revision as it is recorded when it is applied.
type Entry struct {
	Revision, Message                     string
	DownRevision, DependsOn, BranchLabels []string
	Checksum, Digest                      string
	DownOptions                           string  // the down script's own header lines
	DownSQL                               *string // nil: irreversible
}

// A raise is a cast that fails with 22P02 and quotes our word, in every language and
// for roles that may not use plpgsql. Something volatile has to be in it, or the
// planner folds the cast and it fails always.
const raise = `('ambix:%s/'::pg_catalog.text OPERATOR(pg_catalog.||) %s::pg_catalog.text)::pg_catalog.int4`

const backend = "pg_catalog.pg_backend_pid()"

// TryLock takes the ledger's lock for the transaction, or fails with 22P02. It is a
// statement of its own: what reads the ledger after it must have a newer snapshot.
func (n Name) TryLock() string {
	return fmt.Sprintf("SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(%d) THEN 1 ELSE "+raise+" END", n.LockKey(), "busy", backend)
}

// Guard raises the generation by one, or fails with 22P02 when it is not the expected
// one: the database is not where the plan started.
func (n Name) Guard(generation int64) string {
	return n.guard(strconv.FormatInt(generation, 10))
}

func (n Name) guard(generation string) string {
	return fmt.Sprintf(`WITH g AS (UPDATE %s SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) %s RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE `+raise+` END`,
		n.Meta(), generation, "stale", "(SELECT generation FROM "+n.Meta()+")")
}

// Begin writes the row of a revision that is about to be applied.
func (n Name) Begin(e Entry, a Author) string { return n.insert(e, Applying, a) }

// Stamp writes the row of a revision that counts as applied without having run here.
func (n Name) Stamp(e Entry, a Author) string { return n.insert(e, Applied, a) }

// Unstamp deletes the row of a revision whatever its state is.
func (n Name) Unstamp(revision string) string {
	return "DELETE FROM " + n.Revisions() + " WHERE revision OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(revision)
}

func (n Name) insert(e Entry, state RowState, a Author) string {
	down := "NULL"
	options := "NULL"
	if e.DownSQL != nil {
		down, options = sqltext.QuoteLiteral(*e.DownSQL), sqltext.QuoteLiteral(e.DownOptions)
	}
	lit := sqltext.QuoteLiteral
	values := []string{
		lit(e.Revision), lit(e.Message), Array(e.DownRevision), Array(e.DependsOn), Array(e.BranchLabels), lit(string(state)), lit(e.Checksum), lit(e.Digest),
		"pg_catalog.clock_timestamp()", "SESSION_USER", lit(a.From), lit(a.Version), options, down, // the long one last: monitors show the head of a message
	}
	return "INSERT INTO " + n.Revisions() +
		" (revision, message, down_revision, depends_on, branch_labels, state, checksum, digest, applied_at, applied_by, applied_from, binary_version, down_options, down_sql)\nVALUES (" +
		strings.Join(values, ", ") + ")"
}

// Finish completes the row that Begin wrote in this very transaction, and its event;
// it fails with 22P02 when that row is not there: the transaction was left, or the
// ledger is gone. Its one row holds the duration in seconds.
func (n Name) Finish(revision string, statements int, a Author) string {
	set := fmt.Sprintf("UPDATE %s SET state = %s, statements_done = %d, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at",
		n.Revisions(), sqltext.QuoteLiteral(string(Applied)), statements)
	return n.close(set, revision, ours, Up, "NULL", a)
}

// BeginDown marks the row of a revision that is about to be taken down. The row is
// gone at the end, so its time serves as the start.
func (n Name) BeginDown(revision string) string {
	return fmt.Sprintf("UPDATE %s SET state = %s, statements_done = 0, checksum = '', applied_at = pg_catalog.clock_timestamp() WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s",
		n.Revisions(), sqltext.QuoteLiteral(string(Reverting)), sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(Applied)))
}

// FinishDown deletes the row that BeginDown marked in this very transaction, and writes
// its event; it fails like Finish. ran is the script of the file that was run: where
// the ledger kept another one, the event says so. It is nil when the ledger's was run.
func (n Name) FinishDown(revision string, ran *string, a Author) string {
	return n.close("DELETE FROM "+n.Revisions(), revision, ours, Down, otherDown(ran), a)
}

// otherDown gives the event's detail for a down script. A digest stands for the script:
// the message holds it already.
func otherDown(ran *string) string {
	if ran == nil {
		return "NULL"
	}
	return fmt.Sprintf("CASE WHEN pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(down_sql, 'UTF8')), 'hex') OPERATOR(pg_catalog.<>) '%x' THEN %s END",
		sha256.Sum256([]byte(*ran)), sqltext.QuoteLiteral("the file's down script was run; the ledger kept another one"))
}

// ours is a row that this very transaction wrote.
const ours = "xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid"

func (n Name) close(change, revision, condition string, action Action, detail string, a Author) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`WITH u AS (%s
  WHERE revision OPERATOR(pg_catalog.=) %s AND %s
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, %s::pg_catalog.text AS detail),
e AS (INSERT INTO %s (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), %s, revision, message, %[6]s, duration, SESSION_USER, %s, %s, %s, detail FROM u)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE `+raise+` END, (SELECT extract(epoch FROM duration) FROM u)`,
		change, lit(revision), condition, detail, n.Events(), lit(string(action)), lit(a.From), lit(a.Version), lit(a.Run), "lost", backend)
}

// Append writes an event that is no part of a revision's transaction.
func (n Name) Append(e Event, a Author) string {
	lit := sqltext.QuoteLiteral
	null := func(s string) string {
		if s == "" {
			return "NULL"
		}
		return lit(s)
	}
	duration := "NULL"
	if e.Duration > 0 {
		duration = "(" + strconv.FormatInt(e.Duration.Microseconds(), 10) + "::pg_catalog.text OPERATOR(pg_catalog.||) ' microseconds')::pg_catalog.interval"
	}
	return fmt.Sprintf("INSERT INTO %s (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)\nVALUES (pg_catalog.clock_timestamp(), %s, %s, %s, %s, %s, SESSION_USER, %s, %s, %s, %s)",
		n.Events(), lit(string(e.Action)), null(e.Revision), null(e.Message), null(e.Direction), duration, lit(a.From), lit(a.Version), lit(a.Run), null(e.Detail))
}

// Holder finds who holds the ledger's lock: rows of process, application name, role,
// client address, and how many seconds its transaction runs. A role without privileges
// sees the first three only. It takes no lock and never waits.
func (n Name) Holder() string {
	key := uint64(n.LockKey())
	return fmt.Sprintf(`SELECT l.pid, a.application_name, a.usename, a.client_addr, extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.xact_start)
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1
  AND l.classid OPERATOR(pg_catalog.=) %d::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) %d::pg_catalog.oid
  AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())`,
		key>>32, key&0xffffffff)
}

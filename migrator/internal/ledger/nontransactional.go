package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// A non-transactional revision has a row in state Applying or Reverting from its first
// statement on. Until it is finished, the row's checksum is that of the statements that are
// done, so that a run that resumes knows whether the file still begins with them.

// SentPrefix begins the checksum of an unfinished row while a statement that cannot have its
// mark in the same transaction is in progress: its outcome is unknown until it is marked.
const SentPrefix = "sent:"

// CutSent splits the checksum of an unfinished row: the checksum of the statements that are
// done, and whether the next one was sent.
func CutSent(checksum string) (done string, sent bool) {
	return strings.CutPrefix(checksum, SentPrefix)
}

// TrySessionLock takes the ledger's lock for the session, or fails with 22P02. It conflicts
// with TryLock, and is released when the session ends.
func (t Tables) TrySessionLock() string {
	return fmt.Sprintf("SELECT CASE WHEN pg_catalog.pg_try_advisory_lock(%d) THEN 1 ELSE "+failCast+" END", t.LockKey(), "busy", backend)
}

// Was is what BeginDown overwrites in a row, as it is written in SQL.
type Was struct {
	Checksum, StatementsDone, AppliedAt string
}

// NewWas returns the row of BeginDownReading.
func NewWas(fields [][]byte) Was {
	return Was{string(fields[0]), string(fields[1]), string(fields[2])}
}

// BeginDownReading is BeginDown with one row: what the row was before; see NewWas.
func (t Tables) BeginDownReading(revision string) string {
	return fmt.Sprintf(`WITH was AS (SELECT checksum, statements_done, pg_catalog.to_char(pg_catalog.timezone('UTC', applied_at), 'YYYY-MM-DD HH24:MI:SS.US') AS applied_at
  FROM %s WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s),
u AS (%s RETURNING 1)
SELECT checksum, statements_done, applied_at FROM was WHERE EXISTS (SELECT FROM u)`,
		t.Revisions(), sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(Applied)), t.BeginDown(revision))
}

// Withdraw deletes the row of a revision of which nothing is done, or was sent.
func (t Tables) Withdraw(revision string) string {
	return fmt.Sprintf("DELETE FROM %s WHERE %s", t.Revisions(), t.untouched(revision, Applying))
}

// Restore makes the row of a revision that is being reverted, and of which nothing is done,
// or was sent, what it was.
func (t Tables) Restore(revision string, was Was) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf("UPDATE %s SET state = %s, checksum = %s, statements_done = %s::pg_catalog.int4, applied_at = (%s::pg_catalog.text OPERATOR(pg_catalog.||) '+00')::pg_catalog.timestamptz WHERE %s",
		t.Revisions(), lit(string(Applied)), lit(was.Checksum), lit(was.StatementsDone), lit(was.AppliedAt), t.untouched(revision, Reverting))
}

func (t Tables) untouched(revision string, state RowState) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf("revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) 0 AND checksum OPERATOR(pg_catalog.=) ''",
		lit(revision), lit(string(state)))
}

// Mark records that the first statements of a revision are done: done of them, where the
// row still has before. It fails with 22P02 if the row does not, or if the session does not
// hold the lock, which a body can release.
func (t Tables) Mark(revision string, state RowState, before, done int, checksum string) string {
	return t.mark(revision, state, before, fmt.Sprintf("statements_done = %d, checksum = %s", done, sqltext.QuoteLiteral(checksum)))
}

func (t Tables) mark(revision string, state RowState, done int, set string) string {
	key := uint64(t.LockKey())
	return fmt.Sprintf(`WITH u AS (UPDATE %s SET %s
  WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) %d::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) %d::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE `+failCast+` END`,
		t.Revisions(), set, sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(state)), done, key>>32, key&0xffffffff, "lost", backend)
}

// Probe fails if one of the tables that Mark does not use is missing, or is not a ledger's.
func (t Tables) Probe() string {
	return "SELECT e.run, m.generation FROM " + t.Events() + " e, " + t.Meta() + " m LIMIT 0"
}

// Resume fails with 22P02 unless the row of an unfinished revision is as it was read.
func (t Tables) Resume(revision string, state RowState, done int, checksum string) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf("SELECT CASE WHEN EXISTS (SELECT FROM %s WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d AND checksum OPERATOR(pg_catalog.=) %s) THEN 1 ELSE "+failCast+" END",
		t.Revisions(), lit(revision), lit(string(state)), done, lit(checksum), "stale", backend)
}

// FinishNonTransactional completes the row of an unfinished revision whose statements are
// all marked, and writes the event: the row becomes applied, or is deleted if the revision
// was being reverted. It fails with 22P02 if there is no such row. Its one row is that of
// Record, downSQL is that of FinishDown. note is the event's detail; "": none.
func (t Tables) FinishNonTransactional(revision string, state RowState, statements int, checksum string, downSQL *string, note string, a Author) string {
	lit := sqltext.QuoteLiteral
	condition := fmt.Sprintf("state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d", lit(string(state)), statements)
	detail := "NULL"
	if state == Reverting {
		detail = downScriptNote(downSQL)
	}
	if note != "" {
		detail = "pg_catalog.concat_ws('; ', " + lit(note) + ", " + detail + ")"
	}
	if state == Reverting {
		return t.complete("DELETE FROM "+t.Revisions(), revision, condition, Down, detail, a)
	}
	set := fmt.Sprintf("UPDATE %s SET state = %s, checksum = %s, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at",
		t.Revisions(), lit(string(Applied)), lit(checksum))
	return t.complete(set, revision, condition, Up, detail, a)
}

// SetDone records how many statements of an unfinished revision are done, by decision of a
// person.
func (t Tables) SetDone(revision string, done int, checksum string) string {
	return fmt.Sprintf("UPDATE %s SET statements_done = %d, checksum = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		t.Revisions(), done, sqltext.QuoteLiteral(checksum), sqltext.QuoteLiteral(revision))
}

// SetApplied records an unfinished revision as applied, by decision of a person.
func (t Tables) SetApplied(revision, checksum string) string {
	return fmt.Sprintf("UPDATE %s SET state = %s, checksum = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		t.Revisions(), sqltext.QuoteLiteral(string(Applied)), sqltext.QuoteLiteral(checksum), sqltext.QuoteLiteral(revision))
}

// Accept records a revision's file as what was applied, and keeps when and by whom.
func (t Tables) Accept(e Entry) string {
	lit := sqltext.QuoteLiteral
	options, down := downLiterals(e)
	return fmt.Sprintf("UPDATE %s SET message = %s, down_revision = %s, depends_on = %s, branch_labels = %s, checksum = %s, digest = %s, down_options = %s, down_sql = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		t.Revisions(), lit(e.Message), Array(e.DownRevision), Array(e.DependsOn), Array(e.BranchLabels), lit(e.Checksum), lit(e.Digest), options, down, lit(e.Revision))
}

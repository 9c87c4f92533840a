package ledger

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// A revision that runs outside a transaction keeps a row from its first statement on,
// in state Applying or Reverting. While it runs, the row's checksum stands for the
// statements that are finished, so that a run that resumes knows whether the file
// still begins with them.

// Sent is what the checksum of an unfinished row begins with while a statement that
// cannot carry its mark is on its way: what became of it is unknown until it is marked.
const Sent = "sent:"

// TrySessionLock takes the ledger's lock for the session, or fails with 22P02. It
// conflicts with the transactions' lock and ends with the server process that works.
func (n Name) TrySessionLock() string {
	return fmt.Sprintf("SELECT CASE WHEN pg_catalog.pg_try_advisory_lock(%d) THEN 1 ELSE "+raise+" END", n.LockKey(), "busy", backend)
}

// Mark records that a revision's first statements are finished: done of them, where
// the row still says before. It fails with 22P02 when the row does not, or when this
// session lost the lock (a body can do that).
func (n Name) Mark(revision string, state RowState, before, done int, checksum string) string {
	return n.mark(revision, state, before, fmt.Sprintf("statements_done = %d, checksum = %s", done, sqltext.QuoteLiteral(checksum)))
}

func (n Name) mark(revision string, state RowState, done int, set string) string {
	key := uint64(n.LockKey())
	return fmt.Sprintf(`WITH u AS (UPDATE %s SET %s
  WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.locktype OPERATOR(pg_catalog.=) 'advisory'
      AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 1 AND l.classid OPERATOR(pg_catalog.=) %d::pg_catalog.oid AND l.objid OPERATOR(pg_catalog.=) %d::pg_catalog.oid)
  RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) THEN 1 ELSE `+raise+` END`,
		n.Revisions(), set, sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(state)), done, key>>32, key&0xffffffff, "lost", backend)
}

// Resume fails with 22P02 unless the row of an unfinished revision is as it was read.
func (n Name) Resume(revision string, state RowState, done int, checksum string) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf("SELECT CASE WHEN EXISTS (SELECT FROM %s WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d AND checksum OPERATOR(pg_catalog.=) %s) THEN 1 ELSE "+raise+" END",
		n.Revisions(), lit(revision), lit(string(state)), done, lit(checksum), "stale", backend)
}

// FinishOutside completes the row of an unfinished revision whose statements are all
// marked, and its event: it becomes applied, or is deleted when it was being reverted.
// It fails with 22P02 when the row is not there. Its one row is that of Finish, and ran
// is that of FinishDown. note becomes the event's detail; "": there is none.
func (n Name) FinishOutside(revision string, state RowState, statements int, checksum string, ran *string, note string, a Author) string {
	lit := sqltext.QuoteLiteral
	condition := fmt.Sprintf("state OPERATOR(pg_catalog.=) %s AND statements_done OPERATOR(pg_catalog.=) %d", lit(string(state)), statements)
	detail := "NULL"
	if state == Reverting {
		detail = otherDown(ran)
	}
	if note != "" {
		detail = "pg_catalog.concat_ws('; ', " + lit(note) + ", " + detail + ")"
	}
	if state == Reverting {
		return n.close("DELETE FROM "+n.Revisions(), revision, condition, Down, detail, a)
	}
	set := fmt.Sprintf("UPDATE %s SET state = %s, checksum = %s, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at",
		n.Revisions(), lit(string(Applied)), lit(checksum))
	return n.close(set, revision, condition, Up, detail, a)
}

// Unsent says whether the checksum of an unfinished row leaves no statement in doubt,
// and gives the checksum of the finished ones.
func Unsent(checksum string) (finished string, unsent bool) {
	finished, sent := strings.CutPrefix(checksum, Sent)
	return finished, !sent
}

// Settle records how many statements of an unfinished revision are finished, by hand.
func (n Name) Settle(revision string, done int, checksum string) string {
	return fmt.Sprintf("UPDATE %s SET statements_done = %d, checksum = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		n.Revisions(), done, sqltext.QuoteLiteral(checksum), sqltext.QuoteLiteral(revision))
}

// SetApplied records an unfinished revision as applied, by hand.
func (n Name) SetApplied(revision, checksum string) string {
	return fmt.Sprintf("UPDATE %s SET state = %s, checksum = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		n.Revisions(), sqltext.QuoteLiteral(string(Applied)), sqltext.QuoteLiteral(checksum), sqltext.QuoteLiteral(revision))
}

// Accept records a revision's file as what was applied. When and by whom stays.
func (n Name) Accept(e Entry) string {
	lit := sqltext.QuoteLiteral
	down, options := "NULL", "NULL"
	if e.DownSQL != nil {
		down, options = lit(*e.DownSQL), lit(e.DownOptions)
	}
	return fmt.Sprintf("UPDATE %s SET message = %s, down_revision = %s, depends_on = %s, branch_labels = %s, checksum = %s, digest = %s, down_options = %s, down_sql = %s WHERE revision OPERATOR(pg_catalog.=) %s",
		n.Revisions(), lit(e.Message), Array(e.DownRevision), Array(e.DependsOn), Array(e.BranchLabels), lit(e.Checksum), lit(e.Digest), options, down, lit(e.Revision))
}

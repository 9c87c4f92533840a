package ledger

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/sqltext"
)

// Author is who writes; it is part of every row and event.
type Author struct {
	From    string // host
	Version string // of the program
	Run     string // the same for everything that a run writes
}

// Entry is what is recorded of an applied revision.
type Entry struct {
	Revision, Message                     string
	DownRevision, DependsOn, BranchLabels []string
	Checksum, Digest                      string
	DownOptions                           string  // the down script's own header lines
	DownSQL                               *string // nil: irreversible
}

// failCast is a cast that fails with 22P02 and has our word in its message. It does not
// depend on lc_messages, and needs no plpgsql. It contains something volatile, because the
// planner would evaluate a constant cast, which would always fail.
const failCast = `('ambix:%s/'::pg_catalog.text OPERATOR(pg_catalog.||) %s::pg_catalog.text)::pg_catalog.int4`

const backend = "pg_catalog.pg_backend_pid()"

// TryLock takes the ledger's lock for the transaction, or fails with 22P02. It is a separate
// statement, so that those after it have a newer snapshot.
func (t Tables) TryLock() string {
	return fmt.Sprintf("SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(%d) THEN 1 ELSE "+failCast+" END", t.LockKey(), "busy", backend)
}

// Guard increments the generation, or fails with 22P02 if it is not the expected one: the
// database is not where the plan starts.
func (t Tables) Guard(generation int64) string {
	return t.guard(strconv.FormatInt(generation, 10))
}

func (t Tables) guard(generation string) string {
	return fmt.Sprintf(`WITH g AS (UPDATE %s SET generation = generation OPERATOR(pg_catalog.+) 1 WHERE generation OPERATOR(pg_catalog.=) %s RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM g) THEN 1 ELSE `+failCast+` END`,
		t.Meta(), generation, "stale", "(SELECT generation FROM "+t.Meta()+")")
}

// Begin inserts the row of a revision that is about to be applied.
func (t Tables) Begin(e Entry, a Author) string { return t.insert(e, Applying, a) }

// Stamp inserts the row of a revision that counts as applied without being run.
func (t Tables) Stamp(e Entry, a Author) string { return t.insert(e, Applied, a) }

// Unstamp deletes the row of a revision in any state.
func (t Tables) Unstamp(revision string) string {
	return "DELETE FROM " + t.Revisions() + " WHERE revision OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(revision)
}

func (t Tables) insert(e Entry, state RowState, a Author) string { return t.insertIf(e, state, "", a) }

// insertIf is insert under a condition; "": none.
func (t Tables) insertIf(e Entry, state RowState, condition string, a Author) string {
	down := "NULL"
	options := "NULL"
	if e.DownSQL != nil {
		down, options = sqltext.QuoteLiteral(*e.DownSQL), sqltext.QuoteLiteral(e.DownOptions)
	}
	lit := sqltext.QuoteLiteral
	values := []string{
		lit(e.Revision), lit(e.Message), Array(e.DownRevision), Array(e.DependsOn), Array(e.BranchLabels), lit(string(state)), lit(e.Checksum), lit(e.Digest),
		"pg_catalog.clock_timestamp()", "SESSION_USER", lit(a.From), lit(a.Version), options, down, // the longest last: monitoring shows the beginning of a message
	}
	return "INSERT INTO " + t.Revisions() +
		" (revision, message, down_revision, depends_on, branch_labels, state, checksum, digest, applied_at, applied_by, applied_from, binary_version, down_options, down_sql)\n" +
		valuesIf(strings.Join(values, ", "), condition)
}

// valuesIf returns the row of an INSERT, under a condition; "": none.
func valuesIf(values, condition string) string {
	if condition == "" {
		return "VALUES (" + values + ")"
	}
	return "SELECT " + values + " WHERE " + condition
}

// Finish completes the row that Begin inserted in the same transaction, and writes the
// event. It fails with 22P02 if there is no such row: the body ended the transaction, or
// removed the ledger. Its one row is 1 and the duration in seconds.
func (t Tables) Finish(revision string, statements int, a Author) string {
	set := fmt.Sprintf("UPDATE %s SET state = %s, statements_done = %d, duration = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at",
		t.Revisions(), sqltext.QuoteLiteral(string(Applied)), statements)
	return t.complete(set, revision, writtenByThisTx, Up, "NULL", a)
}

// BeginDown marks the row of a revision that is about to be reverted. The row is deleted at
// the end, so its applied_at serves as the start time.
func (t Tables) BeginDown(revision string) string {
	return fmt.Sprintf("UPDATE %s SET state = %s, statements_done = 0, checksum = '', applied_at = pg_catalog.clock_timestamp() WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s",
		t.Revisions(), sqltext.QuoteLiteral(string(Reverting)), sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(Applied)))
}

// FinishDown deletes the row that BeginDown marked in the same transaction, and writes the
// event. It fails like Finish. downSQL is the file's down script that was run, nil if it was
// the ledger's: if the ledger has another one, the event says so.
func (t Tables) FinishDown(revision string, downSQL *string, a Author) string {
	return t.complete("DELETE FROM "+t.Revisions(), revision, writtenByThisTx, Down, downScriptNote(downSQL), a)
}

// downScriptNote is an SQL expression for the event's detail. It compares hashes, because
// the message contains the script already.
func downScriptNote(downSQL *string) string {
	if downSQL == nil {
		return "NULL"
	}
	return fmt.Sprintf("CASE WHEN pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(down_sql, 'UTF8')), 'hex') OPERATOR(pg_catalog.<>) '%x' THEN %s END",
		sha256.Sum256([]byte(*downSQL)), sqltext.QuoteLiteral("ran the down script of the file, which differs from the one in the ledger"))
}

// writtenByThisTx is the condition for a row that the current transaction wrote.
const writtenByThisTx = "xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid"

// complete returns a statement that changes the row of a revision, writes the event, and
// fails with 22P02 if no row meets the condition, or if a trigger kept the event from being
// written. change is an UPDATE or DELETE without its
// WHERE, detail an SQL expression.
func (t Tables) complete(change, revision, condition string, action Action, detail string, a Author) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`WITH u AS (%s
  WHERE revision OPERATOR(pg_catalog.=) %s AND %s
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, %s::pg_catalog.text AS detail),
e AS (INSERT INTO %s (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), %s, revision, message, %[6]s, duration, SESSION_USER, %s, %s, %s, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM u) AND EXISTS (SELECT FROM e) THEN 1 ELSE `+failCast+` END, (SELECT extract(epoch FROM duration) FROM u)`,
		change, lit(revision), condition, detail, t.Events(), lit(string(action)), lit(a.From), lit(a.Version), lit(a.Run), "lost", backend)
}

// maxDetail is the size in bytes to which an event's detail is cut.
const maxDetail = 8 << 10

// cutDetail returns at most maxDetail bytes of a detail, and how many bytes it lacks.
func cutDetail(s string) string {
	if len(s) <= maxDetail {
		return s
	}
	end := maxDetail
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d more bytes)", s[:end], len(s)-end)
}

// Append writes an event that is not part of a revision's transaction. A detail of more than
// 8 kB is cut.
func (t Tables) Append(e Event, a Author) string { return t.appendIf(e, "", a) }

// appendIf is Append under a condition; "": none.
func (t Tables) appendIf(e Event, condition string, a Author) string {
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
	values := fmt.Sprintf("pg_catalog.clock_timestamp(), %s, %s, %s, %s, %s, SESSION_USER, %s, %s, %s, %s",
		lit(string(e.Action)), null(e.Revision), null(e.Message), null(e.Direction), duration, lit(a.From), lit(a.Version), lit(a.Run), null(cutDetail(e.Detail)))
	return "INSERT INTO " + t.Events() + " (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)\n" + valuesIf(values, condition)
}

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
		t.Meta(), generation, "stale", "COALESCE((SELECT generation FROM "+t.Meta()+"), 0)") // NULL would not fail
}

// Raise is Guard for a transaction that Record closes. It is cheaper, and does nothing if the
// table has no row: Record fails then.
func (t Tables) Raise(generation int64) string {
	return t.raise(strconv.FormatInt(generation, 10))
}

// RaiseGeneral returns Raise as a statement with a parameter to prepare, and the argument of
// EXECUTE.
func (t Tables) RaiseGeneral(generation int64) (general, argument string) {
	return t.raise("$1::pg_catalog.int8"), " (" + strconv.FormatInt(generation, 10) + ")"
}

// raise has no condition, so that a runner that waited for the row sees what the other one
// left in it.
func (t Tables) raise(generation string) string {
	return fmt.Sprintf("UPDATE %s SET generation = CASE WHEN generation OPERATOR(pg_catalog.=) %s THEN generation OPERATOR(pg_catalog.+) 1 ELSE "+failCast+" END",
		t.Meta(), generation, "stale", "generation")
}

// Record inserts the row of a revision that is applied and writes the event, if Raise raised
// the generation in the same transaction. It fails with 22P02 if not: the body ended the
// transaction, or removed or changed the ledger, or somebody keeps a row from being written.
// Its one row is 1 and the duration in seconds: since the transaction began, or since applied
// was recorded if that is later, because all transactions of a message begin when it arrives.
// applied is a revision that was applied before the body and must still be; "": none.
func (t Tables) Record(e Entry, statements int, generation int64, applied string, a Author) string {
	return t.record(literals(e, statements), strconv.FormatInt(generation, 10), quotedOrNone(applied), a)
}

// RecordGeneral returns Record as a statement with parameters to prepare, and the arguments of
// EXECUTE. applied must not be "".
func (t Tables) RecordGeneral(e Entry, statements int, generation int64, applied string, a Author) (general, arguments string) {
	var parameters entrySQL
	types := []string{"text", "text", "text[]", "text[]", "text[]", "int4", "text", "text", "text", "text"}
	for i, name := range types {
		parameters[i] = fmt.Sprintf("$%d::pg_catalog.%s", i+1, name)
	}
	values := literals(e, statements)
	arguments = " (" + strings.Join(append(values[:], strconv.FormatInt(generation, 10), sqltext.QuoteLiteral(applied)), ", ") + ")"
	return t.record(parameters, "$11::pg_catalog.int8", "$12::pg_catalog.text", a), arguments
}

// entrySQL is an entry as SQL: revision, message, the three lists, the number of statements,
// checksum, digest, down_options and down_sql.
type entrySQL [10]string

func literals(e Entry, statements int) entrySQL {
	lit := sqltext.QuoteLiteral
	options, down := downLiterals(e)
	return entrySQL{lit(e.Revision), lit(e.Message), Array(e.DownRevision), Array(e.DependsOn), Array(e.BranchLabels), strconv.Itoa(statements), lit(e.Checksum), lit(e.Digest), options, down}
}

func quotedOrNone(s string) string {
	if s == "" {
		return ""
	}
	return sqltext.QuoteLiteral(s)
}

// Standing reads what Record needs, for the case that it failed: the generation, NULL if there
// is none, and whether applied is recorded, t or f.
func (t Tables) Standing(applied string) string {
	if applied == "" {
		return "SELECT (SELECT generation FROM " + t.Meta() + "), true"
	}
	return fmt.Sprintf("SELECT (SELECT generation FROM %s), EXISTS (SELECT FROM %s WHERE revision OPERATOR(pg_catalog.=) %s)", t.Meta(), t.Revisions(), sqltext.QuoteLiteral(applied))
}

// record returns Record with SQL for its values. generation and applied may be "": not compared.
func (t Tables) record(e entrySQL, generation, applied string, a Author) string {
	lit := sqltext.QuoteLiteral
	from, where, began := t.Meta()+" m", "m."+writtenByThisTx, "pg_catalog.transaction_timestamp()"
	if generation != "" {
		where += " AND m.generation OPERATOR(pg_catalog.=) " + generation
	}
	if applied != "" {
		from += ", " + t.Revisions() + " p"
		where += " AND p.revision OPERATOR(pg_catalog.=) " + applied
		began = "GREATEST(p.applied_at, " + began + ")"
	}
	insert := fmt.Sprintf(`INSERT INTO %s (revision, message, down_revision, depends_on, branch_labels, state, statements_done, checksum, digest, applied_at, duration, applied_by, applied_from, binary_version, down_options, down_sql)
  SELECT %s, %s, %s, %s, %s, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) %s, SESSION_USER, %s, %s, %s
  FROM %s WHERE %s
  RETURNING revision, message, duration, NULL::pg_catalog.text AS detail`, t.Revisions(),
		strings.Join(e[:5], ", "), lit(string(Applied)), e[5], e[6], e[7], began, lit(a.From), lit(a.Version), e[8]+", "+e[9], from, where)
	return t.withEvent(insert, Up, a)
}

// downLiterals returns the down script of a revision, and its header lines, as SQL.
func downLiterals(e Entry) (options, down string) {
	if e.DownSQL == nil {
		return "NULL", "NULL"
	}
	return sqltext.QuoteLiteral(e.DownOptions), sqltext.QuoteLiteral(*e.DownSQL)
}

// Begin inserts the row of a non-transactional revision that is about to be applied.
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
	options, down := downLiterals(e)
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

// BeginDown marks the row of a revision that is about to be reverted. The row is deleted at
// the end, so its applied_at serves as the start time.
func (t Tables) BeginDown(revision string) string {
	return fmt.Sprintf("UPDATE %s SET state = %s, statements_done = 0, checksum = '', applied_at = pg_catalog.clock_timestamp() WHERE revision OPERATOR(pg_catalog.=) %s AND state OPERATOR(pg_catalog.=) %s",
		t.Revisions(), sqltext.QuoteLiteral(string(Reverting)), sqltext.QuoteLiteral(revision), sqltext.QuoteLiteral(string(Applied)))
}

// FinishDown deletes the row that BeginDown marked in the same transaction, and writes the
// event. It fails like Record. downSQL is the file's down script that was run, nil if it was
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

// complete returns a statement that changes the row of a revision and writes the event; it
// fails if no row meets the condition. change is an UPDATE or DELETE without its WHERE, detail
// an SQL expression.
func (t Tables) complete(change, revision, condition string, action Action, detail string, a Author) string {
	return t.withEvent(fmt.Sprintf(`%s
  WHERE revision OPERATOR(pg_catalog.=) %s AND %s
  RETURNING revision, message, pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) applied_at AS duration, %s::pg_catalog.text AS detail`,
		change, sqltext.QuoteLiteral(revision), condition, detail), action, a)
}

// withEvent returns a statement that changes the row of a revision and writes the event. It
// fails with 22P02 if no row is changed, or if a trigger kept the event from being written.
// change returns revision, message, duration and detail. The statement's one row is 1 and the
// duration in seconds.
func (t Tables) withEvent(change string, action Action, a Author) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`WITH u AS (%s),
e AS (INSERT INTO %s (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)
  SELECT pg_catalog.clock_timestamp(), %s, revision, message, %[3]s, duration, SESSION_USER, %s, %s, %s, detail FROM u RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM e) THEN 1 ELSE `+failCast+` END, (SELECT extract(epoch FROM duration) FROM u)`,
		change, t.Events(), lit(string(action)), lit(a.From), lit(a.Version), lit(a.Run), "lost", backend)
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
// 8 kB is cut, but for a list of replaced revisions.
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
	detail := e.Detail
	if e.Action != Replaced { // which is read again
		detail = cutDetail(detail)
	}
	values := fmt.Sprintf("pg_catalog.clock_timestamp(), %s, %s, %s, %s, %s, SESSION_USER, %s, %s, %s, %s",
		lit(string(e.Action)), null(e.Revision), null(e.Message), null(e.Direction), duration, lit(a.From), lit(a.Version), lit(a.Run), null(detail))
	return "INSERT INTO " + t.Events() + " (at, action, revision, message, direction, duration, applied_by, applied_from, binary_version, run, detail)\n" + valuesIf(values, condition)
}

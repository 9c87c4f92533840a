package ledger

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/sqltext"
)

// NewerError reports a ledger that a newer program wrote.
type NewerError struct {
	Ledger Tables
	Format int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("ledger %s has format %d, and this program supports formats up to %d; use a newer program", e.Ledger, e.Format, Format)
}

// DecodeError reports a value in the ledger that this package does not write.
type DecodeError struct {
	Column, Value string
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("the ledger's column %s contains %q, which this program does not write", e.Column, e.Value)
}

// Read returns the statements that read the state in one message. The generation is read
// before the rows, so that the guard fails if a row was written in between. If there is no
// ledger, the first statement fails with 42P01. Unless full, the rows have only the columns
// that tell whether they match the files.
func (t Tables) Read(full bool) []string {
	columns := "revision, state, digest"
	if full {
		columns += ", down_revision, depends_on, branch_labels, statements_done, checksum, down_sql IS NOT NULL" +
			", message, extract(epoch FROM applied_at), extract(epoch FROM duration), applied_by, applied_from, binary_version"
	}
	return []string{
		"SELECT format, generation FROM " + t.Meta(),
		"SELECT " + columns + " FROM " + t.Revisions(),
	}
}

// Reader collects the results of Read.
type Reader struct {
	Expect int // the likely number of rows

	state State
	err   error
}

// Row adds a row: of the generation if statement is 0, of a revision if it is 1.
func (r *Reader) Row(statement int, fields [][]byte) {
	if r.err != nil {
		return
	}
	d := newDecoder(fields)
	if statement == 0 {
		r.state.Exists = true
		r.state.Format, r.state.Generation = int(d.integer("format")), d.integer("generation")
	} else {
		if r.state.Rows == nil {
			r.state.Rows = make([]Row, 0, r.Expect)
		}
		r.state.Rows = append(r.state.Rows, d.row())
	}
	r.err = d.err
}

// State returns the state. Errors: *NewerError, *DecodeError.
func (r *Reader) State(t Tables) (State, error) {
	if r.state.Format > Format {
		return State{}, &NewerError{t, r.state.Format}
	}
	if r.err != nil {
		return State{}, r.err
	}
	slices.SortFunc(r.state.Rows, func(a, b Row) int { return strings.Compare(a.Revision, b.Revision) })
	return r.state, nil
}

// DownScripts reads the stored down scripts of revisions: rows of revision, down_options,
// down_sql and message. down_options and down_sql are NULL for an irreversible revision.
func (t Tables) DownScripts(ids []string) string {
	return "SELECT revision, down_options, down_sql, message FROM " + t.Revisions() + " WHERE revision OPERATOR(pg_catalog.=) ANY (" + Array(ids) + ")"
}

// DownScriptHashes reads what identifies the stored down scripts: rows of revision,
// down_options and the SHA-256 of down_sql in hex, without irreversible revisions.
func (t Tables) DownScriptHashes() string {
	return "SELECT revision, down_options, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(down_sql, 'UTF8')), 'hex') FROM " + t.Revisions() + " WHERE down_sql IS NOT NULL"
}

// CommittedSteps finds what a run has committed: rows of direction,
// revision and seconds, in order.
func (t Tables) CommittedSteps(run string) string {
	return fmt.Sprintf("SELECT direction, revision, extract(epoch FROM duration) FROM %s WHERE run OPERATOR(pg_catalog.=) %s AND action OPERATOR(pg_catalog.=) ANY ('{up,down,stamp,adopt}'::pg_catalog.text[]) ORDER BY event",
		t.Events(), sqltext.QuoteLiteral(run))
}

// ReadEvents reads the event log, the newest event first, at most limit events (0: all).
func (t Tables) ReadEvents(limit int) string {
	sql := "SELECT event, extract(epoch FROM at), action, revision, message, direction, extract(epoch FROM duration), applied_by, applied_from, binary_version, run, detail FROM " +
		t.Events() + " ORDER BY event DESC"
	if limit > 0 {
		sql += " LIMIT " + strconv.Itoa(limit)
	}
	return sql
}

// DecodeEvent decodes a row of ReadEvents. The error is a *DecodeError.
func DecodeEvent(fields [][]byte) (Event, error) {
	d := newDecoder(fields)
	e := Event{
		ID: d.integer("event"), At: d.time("at"), Action: Action(d.text("action")), Revision: d.text("revision"), Message: d.text("message"),
		Direction: d.text("direction"), Duration: d.seconds("duration"), AppliedBy: d.text("applied_by"), AppliedFrom: d.text("applied_from"),
		BinaryVersion: d.text("binary_version"), Run: d.text("run"), Detail: d.text("detail"),
	}
	return e, d.err
}

// decoder decodes the fields of a row in order, and keeps the first error.
type decoder struct {
	fields [][]byte
	joined string // all fields, so that a row needs one allocation
	err    error
}

func newDecoder(fields [][]byte) decoder {
	var room [256]byte
	joined := room[:0]
	for _, f := range fields {
		joined = append(joined, f...)
	}
	return decoder{fields: fields, joined: string(joined)}
}

func (d *decoder) text(column string) string {
	if len(d.fields) == 0 {
		d.fail(column, "")
		return ""
	}
	n := len(d.fields[0])
	text := d.joined[:n]
	d.fields, d.joined = d.fields[1:], d.joined[n:]
	return text
}

func (d *decoder) fail(column, value string) {
	if d.err == nil {
		d.err = &DecodeError{column, value}
	}
}

func (d *decoder) integer(column string) int64 {
	s := d.text(column)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		d.fail(column, s)
	}
	return n
}

// seconds decodes extract(epoch …): double precision in version 13, numeric later.
func (d *decoder) seconds(column string) time.Duration {
	s := d.text(column)
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 9e9 {
		d.fail(column, s)
		return 0
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond
}

func (d *decoder) time(column string) time.Time {
	at := d.seconds(column)
	return time.UnixMicro(at.Microseconds()).UTC()
}

func (d *decoder) array(column string) []string {
	s := d.text(column)
	list, ok := parseArray(s)
	if !ok {
		d.fail(column, s)
	}
	return list
}

func (d *decoder) row() Row {
	r := Row{Revision: d.text("revision"), State: RowState(d.text("state")), Digest: d.text("digest")}
	switch r.State {
	case Applied, Applying, Reverting:
	default:
		d.fail("state", string(r.State))
	}
	if len(d.fields) == 0 {
		return r
	}
	r.DownRevision, r.DependsOn, r.BranchLabels = d.array("down_revision"), d.array("depends_on"), d.array("branch_labels")
	r.StatementsDone, r.Checksum = int(d.integer("statements_done")), d.text("checksum")
	r.Reversible = d.text("down_sql IS NOT NULL") == "t"
	r.Message, r.AppliedAt, r.Duration = d.text("message"), d.time("applied_at"), d.seconds("duration")
	r.AppliedBy, r.AppliedFrom, r.BinaryVersion = d.text("applied_by"), d.text("applied_from"), d.text("binary_version")
	return r
}

// parseArray parses the text form of a one-dimensional array (PostgreSQL manual 8.15.6). A
// NULL element is refused.
func parseArray(s string) ([]string, bool) {
	if len(s) < 2 || s[0] != '{' || s[len(s)-1] != '}' {
		return nil, false
	}
	s = s[1 : len(s)-1]
	list := []string{}
	if s != "" {
		list = make([]string, 0, 1+strings.Count(s, ","))
	}
	for s != "" {
		var item string
		var ok bool
		if item, s, ok = parseItem(s); !ok {
			return nil, false
		}
		list = append(list, item)
		if s == "" {
			return list, true
		}
		if s[0] != ',' || len(s) == 1 {
			return nil, false
		}
		s = s[1:]
	}
	return list, true
}

func parseItem(s string) (item, rest string, ok bool) {
	if s[0] != '"' {
		end := strings.IndexByte(s, ',')
		if end < 0 {
			end = len(s)
		}
		item = s[:end]
		return item, s[end:], item != "" && !strings.EqualFold(item, "NULL") && !strings.ContainsAny(item, `{}"\`)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// Array returns a text[] value as SQL.
func Array(items []string) string {
	if len(items) == 0 {
		return "'{}'::pg_catalog.text[]"
	}
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = sqltext.QuoteLiteral(item)
	}
	return "ARRAY[" + strings.Join(quoted, ", ") + "]::pg_catalog.text[]"
}

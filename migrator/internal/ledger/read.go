package ledger

import (
	"fmt"
	"sort"
	"strings"

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

// Read returns the statements that read the state in one message. The generation is read
// before the rows, so that the guard fails if a row was written in between. If the meta table
// does not exist, the first statement fails with 42P01. Unless full, the rows have only the
// columns that tell whether they match the files, and the links, which are always validated.
// Citus is recognized by a table that its extension has had since version 8: to look that up
// costs less than to open pg_extension for the first time in a session.
func (t Tables) Read(full bool) []string {
	columns := "revision, state, digest, down_revision, depends_on, branch_labels"
	if full {
		columns += ", statements_done, checksum, down_sql IS NOT NULL" +
			", message, extract(epoch FROM applied_at), extract(epoch FROM duration), applied_by, applied_from, binary_version"
	}
	return []string{
		"SELECT format, generation, " + HasCitus + " FROM " + t.Meta(),
		"SELECT " + columns + " FROM " + t.Revisions(),
	}
}

// HasCitus is an SQL expression for whether the database has the Citus extension.
const HasCitus = "EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'citus'::pg_catalog.name)"

// Reader collects the results of Read, and validates every value: what it accepts can be put
// into a plan, a comment or a message.
type Reader struct {
	Expect int // the likely number of rows

	state State
	err   *DecodeError
}

// Row adds a row: of the generation if statement is 0, of a revision if it is 1.
func (r *Reader) Row(statement int, fields [][]byte) {
	if r.err != nil {
		return
	}
	d := newDecoder(fields)
	if statement == 0 {
		r.meta(&d)
	} else {
		if r.state.Rows == nil {
			r.state.Rows = make([]Row, 0, r.Expect)
		}
		r.state.Rows = append(r.state.Rows, d.row())
	}
	if r.err = d.err; r.err != nil {
		r.err.meta = statement == 0
	}
}

func (r *Reader) meta(d *decoder) {
	if r.state.Exists {
		d.fail("one", "t", "the only row")
	}
	r.state.Exists = true
	r.state.Format, r.state.Generation = d.count("format"), d.bigCount("generation")
	r.state.Citus = d.choice("citus", "t", "f") == "t"
	if r.state.Format == 0 {
		d.fail("format", "0", "a format version")
	}
}

// State returns the state. Errors: *NewerError, *DecodeError.
func (r *Reader) State(t Tables) (State, error) {
	if r.state.Format > Format {
		return State{}, &NewerError{t, r.state.Format}
	}
	rows := r.state.Rows
	sort.Slice(rows, func(i, j int) bool { return rows[i].Revision < rows[j].Revision })
	for i := 1; i < len(r.state.Rows) && r.err == nil; i++ {
		if id := r.state.Rows[i].Revision; id == r.state.Rows[i-1].Revision {
			r.err = &DecodeError{Column: "revision", Value: id, Want: "unique"}
		}
	}
	if r.err != nil {
		r.err.Table = t.Revisions()
		if r.err.meta {
			r.err.Table = t.Meta()
		}
		return State{}, r.err
	}
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

// HasEvent reports whether a run has written an event: a row of a boolean.
func (t Tables) HasEvent(run string) string {
	return fmt.Sprintf("SELECT EXISTS (SELECT FROM %s WHERE run OPERATOR(pg_catalog.=) %s)", t.Events(), sqltext.QuoteLiteral(run))
}

// ReadEvents reads the event log, the newest event first: at most limit events whose id is less
// than before.
func (t Tables) ReadEvents(before int64, limit int) string {
	return fmt.Sprintf("SELECT event, extract(epoch FROM at), action, revision, message, direction, extract(epoch FROM duration), applied_by, applied_from, binary_version, run, detail FROM %s WHERE event OPERATOR(pg_catalog.<) %d ORDER BY event DESC LIMIT %d",
		t.Events(), before, limit)
}

// DecodeEvent decodes and validates a row of ReadEvents of t. The error is a *DecodeError.
func DecodeEvent(t Tables, fields [][]byte) (Event, error) {
	d := newDecoder(fields)
	e := d.event()
	if d.err != nil {
		d.err.Table = t.Events()
		return Event{}, d.err
	}
	return e, nil
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

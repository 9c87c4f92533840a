package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/sqltext"
)

// Fingerprints are what a run recorded of the schema that it left. They are an event, so that ledgers and programs of
// every age get along with them, and belong to the generation in its detail.
type Fingerprints struct {
	At         time.Time
	By, From   string // role and host
	Run        string
	Generation int64
	// Plain is without owners and privileges, Full is of everything, as schema.Fingerprint writes them.
	Plain, Full string
	// Drift is "changed" or "access" if the schema was no longer that of Plain and Full when the run began: they are those of
	// an earlier run. Otherwise it is "".
	Drift string
}

// SaveFingerprints writes the event unless the ledger is at another generation by now.
func (t Tables) SaveFingerprints(f Fingerprints, took time.Duration, a Author) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`INSERT INTO %s (at, action, duration, applied_by, applied_from, binary_version, run, detail)
SELECT pg_catalog.clock_timestamp(), %s, (%s::pg_catalog.text OPERATOR(pg_catalog.||) ' microseconds')::pg_catalog.interval, SESSION_USER, %s, %s, %s, %s
WHERE EXISTS (SELECT FROM %s WHERE generation OPERATOR(pg_catalog.=) %d)`,
		t.Events(), lit(string(Fingerprinted)), lit(strconv.FormatInt(took.Microseconds(), 10)), lit(a.From), lit(a.Version), lit(a.Run),
		lit(strings.TrimSpace(fmt.Sprintf("%s %s generation %d %s", f.Plain, f.Full, f.Generation, f.Drift))), t.Meta(), f.Generation)
}

// LastFingerprints reads the newest event of SaveFingerprints: at most one row.
func (t Tables) LastFingerprints() string {
	return "SELECT extract(epoch FROM at), applied_by, applied_from, run, detail FROM " + t.Events() +
		" WHERE action OPERATOR(pg_catalog.=) " + sqltext.QuoteLiteral(string(Fingerprinted)) + " ORDER BY event DESC LIMIT 1"
}

// DecodeFingerprints decodes and validates a row of LastFingerprints of t. ok is false if a newer program wrote it in
// another form. The error is a *DecodeError.
func DecodeFingerprints(t Tables, fields [][]byte) (f Fingerprints, ok bool, err error) {
	d := newDecoder(fields)
	f = Fingerprints{At: d.time("at"), By: d.text("applied_by"), From: d.text("applied_from"), Run: d.optionalName("run")}
	detail := strings.Fields(d.text("detail"))
	if d.err != nil {
		d.err.Table = t.Events()
		return Fingerprints{}, false, d.err
	}
	if len(detail) == 5 {
		f.Drift = detail[4]
	}
	if len(detail) != 4 && f.Drift != "changed" && f.Drift != "access" || detail[2] != "generation" {
		return Fingerprints{}, false, nil
	}
	f.Plain, f.Full = detail[0], detail[1]
	f.Generation, err = strconv.ParseInt(detail[3], 10, 64)
	return f, err == nil, nil
}

// Has reports whether a table with this schema and name, both unquoted, is one of the ledger's.
func (t Tables) Has(schema, name string) bool {
	return schema == t.Schema() && slices.Contains(t.names(), name)
}

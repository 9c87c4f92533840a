package ledger

import (
	"fmt"
	"net/url"
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
	// Ignore are patterns for the names of objects that Plain and Full are without; see schema.Schema.WithoutNames.
	Ignore []string
}

// SaveFingerprints writes the event unless the ledger is at another generation by now.
func (t Tables) SaveFingerprints(f Fingerprints, took time.Duration, a Author) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`INSERT INTO %s (at, action, duration, applied_by, applied_from, binary_version, run, detail)
SELECT pg_catalog.clock_timestamp(), %s, (%s::pg_catalog.text OPERATOR(pg_catalog.||) ' microseconds')::pg_catalog.interval, SESSION_USER, %s, %s, %s, %s
WHERE EXISTS (SELECT FROM %s WHERE generation OPERATOR(pg_catalog.=) %d)`,
		t.Events(), lit(string(Fingerprinted)), lit(strconv.FormatInt(took.Microseconds(), 10)), lit(a.From), lit(a.Version), lit(a.Run),
		lit(f.detail(f.Generation)), t.Meta(), f.Generation)
}

// CarryFingerprints writes the newest event of SaveFingerprints again for a later generation, if the ledger is there. It keeps
// its time and its run.
func (t Tables) CarryFingerprints(f Fingerprints, generation int64) string {
	lit := sqltext.QuoteLiteral
	return fmt.Sprintf(`INSERT INTO %[1]s (at, action, duration, applied_by, applied_from, binary_version, run, detail)
(SELECT at, action, duration, applied_by, applied_from, binary_version, run, %[2]s FROM %[1]s
WHERE action OPERATOR(pg_catalog.=) %[3]s AND EXISTS (SELECT FROM %[4]s WHERE generation OPERATOR(pg_catalog.=) %[5]d) ORDER BY event DESC LIMIT 1)`,
		t.Events(), lit(f.detail(generation)), lit(string(Fingerprinted)), t.Meta(), generation)
}

func (f Fingerprints) detail(generation int64) string {
	detail := fmt.Sprintf("%s %s generation %d", f.Plain, f.Full, generation)
	if f.Drift != "" {
		detail += " " + f.Drift
	}
	if len(f.Ignore) > 0 { // programs that do not know it ignore the event
		patterns := make([]string, len(f.Ignore))
		for i, p := range f.Ignore {
			patterns[i] = escapeWord(p)
		}
		detail += " " + withoutWord + " " + strings.Join(patterns, ",")
	}
	return detail
}

// withoutWord precedes Ignore in the detail.
const withoutWord = "without"

// decodeDetail decodes what follows the generation in the detail.
func (f *Fingerprints) decodeDetail(words []string) (ok bool) {
	if len(words) > 0 && (words[0] == "changed" || words[0] == "access") {
		f.Drift, words = words[0], words[1:]
	}
	if len(words) == 2 && words[0] == withoutWord {
		for escaped := range strings.SplitSeq(words[1], ",") {
			pattern, err := url.PathUnescape(escaped)
			if err != nil {
				return false
			}
			f.Ignore = append(f.Ignore, pattern)
		}
		words = nil
	}
	return len(words) == 0
}

// escapeWord returns a text without white space and commas. url.PathUnescape reverts it.
func escapeWord(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f || c == '%' || c == ',' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// CatalogSize is an expression for the size of the largest system catalog, in bytes.
const CatalogSize = "pg_catalog.pg_relation_size('pg_catalog.pg_attribute'::pg_catalog.regclass)"

// FingerprintAge reads how many seconds ago the schema was read for an event of SaveFingerprints, and how many that took, or
// NULL; without one, the age of the ledger and NULL. The third value is CatalogSize.
func (t Tables) FingerprintAge() string {
	return fmt.Sprintf(`SELECT extract(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) at), extract(epoch FROM duration), `+CatalogSize+`
FROM ((SELECT 1 AS rank, at, duration FROM %s WHERE action OPERATOR(pg_catalog.=) %s ORDER BY event DESC LIMIT 1)
  UNION ALL (SELECT 2, at, NULL FROM %[1]s ORDER BY event LIMIT 1)) e ORDER BY rank LIMIT 1`,
		t.Events(), sqltext.QuoteLiteral(string(Fingerprinted)))
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
	if len(detail) < 4 || detail[2] != "generation" || !f.decodeDetail(detail[4:]) {
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

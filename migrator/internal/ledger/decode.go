package ledger

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

// DecodeError reports a value in the ledger that no program has written. Nothing was run.
type DecodeError struct {
	Table  string // qualified and quoted
	Column string
	Value  string
	Want   string // what the value should be
	meta   bool   // it is in the table with the generation
}

func (e *DecodeError) Error() string {
	return "table " + text.Visible(e.Table) + ", column " + e.Column + ": " + text.Quote(text.FirstLine(e.Value)) + " is not " + e.Want + ", and was not written by this program"
}

// decoder decodes and validates the fields of a row in order, and keeps the first error.
type decoder struct {
	fields [][]byte
	joined string // all fields, so that a row needs one allocation
	err    *DecodeError
}

func newDecoder(fields [][]byte) decoder {
	var room [256]byte
	joined := room[:0]
	for _, f := range fields {
		joined = append(joined, f...)
	}
	return decoder{fields: fields, joined: string(joined)}
}

func (d *decoder) fail(column, value, want string) {
	if d.err == nil {
		d.err = &DecodeError{Column: column, Value: value, Want: want}
	}
}

// field returns the next field. NULL is "".
func (d *decoder) field(column string) string {
	if len(d.fields) == 0 {
		d.fail(column, "", "in the row")
		return ""
	}
	n := len(d.fields[0])
	value := d.joined[:n]
	d.fields, d.joined = d.fields[1:], d.joined[n:]
	return value
}

// text decodes text that is only shown. Whoever shows it escapes it.
func (d *decoder) text(column string) string {
	s := d.field(column)
	if !utf8.ValidString(s) {
		d.fail(column, s, "UTF-8")
	}
	return s
}

// token decodes a checksum or a digest, which may be empty.
func (d *decoder) token(column string) string {
	s := d.field(column)
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			d.fail(column, s, "a checksum")
		}
	}
	return s
}

// name decodes an id, or another word that obeys the rules for ids.
func (d *decoder) name(column string) string {
	s := d.field(column)
	d.checkName(column, s)
	return s
}

// optionalName is name for a column that may be empty.
func (d *decoder) optionalName(column string) string {
	s := d.field(column)
	if s != "" {
		d.checkName(column, s)
	}
	return s
}

func (d *decoder) checkName(column, s string) {
	if fault, reason := name.Check(s); fault != name.None {
		d.fail(column, s, "a valid name ("+reason+")")
	}
}

// choice decodes one of a few words.
func (d *decoder) choice(column string, words ...string) string {
	s := d.field(column)
	for _, w := range words {
		if s == w {
			return s
		}
	}
	d.fail(column, s, "one of "+text.List(words, "and"))
	return ""
}

func (d *decoder) bigCount(column string) int64 {
	s := d.field(column)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		d.fail(column, s, "a number from 0")
		return 0
	}
	return n
}

func (d *decoder) count(column string) int {
	n := d.bigCount(column)
	if n > math.MaxInt32 {
		d.fail(column, strconv.FormatInt(n, 10), "a number from 0 to "+strconv.Itoa(math.MaxInt32))
		return 0
	}
	return int(n)
}

// maxSeconds is the year 2255, and a duration of that many years.
const maxSeconds = 9e9

// seconds decodes extract(epoch …): double precision in version 13, numeric later.
func (d *decoder) seconds(column, want string) time.Duration {
	s := d.field(column)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > maxSeconds {
		d.fail(column, s, want)
		return 0
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond
}

// duration decodes a duration, which may be NULL, and negative if the clock was set back.
func (d *decoder) duration(column string) time.Duration {
	if len(d.fields) > 0 && len(d.fields[0]) == 0 {
		d.field(column)
		return 0
	}
	return d.seconds(column, "a duration")
}

func (d *decoder) time(column string) time.Time {
	at := d.seconds(column, "a date")
	if at < 0 {
		d.fail(column, at.String(), "a date since 1970")
	}
	return time.UnixMicro(at.Microseconds()).UTC()
}

// names decodes a list of ids or labels.
func (d *decoder) names(column string) []string {
	s := d.field(column)
	list, ok := parseArray(s)
	if !ok {
		d.fail(column, s, "a list of names")
	}
	for _, item := range list {
		d.checkName(column, item)
	}
	return list
}

func (d *decoder) row() Row {
	r := Row{
		Revision: d.name("revision"), State: RowState(d.choice("state", string(Applied), string(Applying), string(Reverting))), Digest: d.token("digest"),
		DownRevision: d.names("down_revision"), DependsOn: d.names("depends_on"), BranchLabels: d.names("branch_labels"),
	}
	if len(d.fields) == 0 {
		return r
	}
	r.StatementsDone, r.Checksum = d.count("statements_done"), d.token("checksum")
	r.Reversible = d.choice("down_sql IS NOT NULL", "t", "f") == "t"
	r.Message, r.AppliedAt, r.Duration = d.text("message"), d.time("applied_at"), d.duration("duration")
	r.AppliedBy, r.AppliedFrom, r.BinaryVersion = d.text("applied_by"), d.text("applied_from"), d.text("binary_version")
	return r
}

// event decodes an event. An action that only newer programs write is accepted.
func (d *decoder) event() Event {
	return Event{
		ID: d.bigCount("event"), At: d.time("at"), Action: Action(d.name("action")), Revision: d.optionalName("revision"), Message: d.text("message"),
		Direction: d.direction(), Duration: d.duration("duration"), AppliedBy: d.text("applied_by"), AppliedFrom: d.text("applied_from"),
		BinaryVersion: d.text("binary_version"), Run: d.optionalName("run"), Detail: d.text("detail"),
	}
}

// direction decodes the direction of an event, which may be NULL.
func (d *decoder) direction() string {
	if len(d.fields) > 0 && len(d.fields[0]) == 0 {
		return d.field("direction")
	}
	return d.choice("direction", string(Up), string(Down))
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

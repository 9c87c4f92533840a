package ledger

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

func TestLedgerNamesAreParsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, schema, prefix, text, bad string }{
		{in: "", schema: "public", prefix: "ambix", text: "public.ambix"},
		{in: "public.ambix", schema: "public", prefix: "ambix", text: "public.ambix"},
		{in: "Ops.Shop", schema: "Ops", prefix: "Shop", text: "Ops.Shop"},
		{in: `"a.b"."c.d"`, schema: "a.b", prefix: "c.d", text: `"a.b"."c.d"`},
		{in: `"my ops".x`, schema: "my ops", prefix: "x", text: "my ops.x"},
		{in: `"a""b"."""".`, bad: "it has more parts than a schema and a prefix"},
		{in: `"a""b".""""`, schema: `a"b`, prefix: `"`, text: `"a""b".""""`},
		{in: `a"b.x`, bad: "a part contains a character that a name cannot contain"},
		{in: `"a"".x`, bad: "a double quote is not closed"},
		{in: "ambix", bad: "the schema is missing; write SCHEMA.PREFIX"},
		{in: ".ambix", bad: "a part is empty"},
		{in: "public.", bad: "a part is empty"},
		{in: `"public.ambix`, bad: "a double quote is not closed"},
		{in: "a.b.c", bad: "it has more parts than a schema and a prefix"},
		{in: `"a"b.c`, bad: "the schema is missing; write SCHEMA.PREFIX"},
		{in: "pg_catalog.x", bad: "schemas that begin with pg_ are reserved for PostgreSQL"},
		{in: "a.b\nc", bad: "a part contains a character that a name cannot contain"},
		{in: "a." + strings.Repeat("x", 50), bad: "the prefix is longer than 49 bytes"},
		{in: strings.Repeat("x", 64) + ".a", bad: "the schema is longer than 63 bytes"},
	} {
		n, err := ParseTables(c.in)
		if c.bad != "" {
			var e *NameError
			if !errors.As(err, &e) || e.Problem != c.bad {
				t.Errorf("ParseTables(%q): error %v, want %q", c.in, err, c.bad)
			}
			continue
		}
		if err != nil || n.Schema() != c.schema || n.Prefix() != c.prefix || n.String() != c.text {
			t.Errorf("ParseTables(%q) = %q, %q, %q, %v", c.in, n.Schema(), n.Prefix(), n, err)
		}
	}
}

func TestPlaceholdersAreReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, schema, database, want, bad string }{
		{name: "{schema}.ambix", schema: "t1", database: "shop", want: "t1.ambix"},
		{name: "{schema}.ambix", schema: `a.b"c`, database: "shop", want: `"a.b""c".ambix`},
		{name: "ops.{database}_{schema}", schema: "{database}", database: "shop", want: "ops.shop_{database}"},
		{name: "public.ambix", schema: "t1", database: "shop", want: "public.ambix"},
		{name: "{schema}.ambix", schema: "pg_toast", bad: "schemas that begin with pg_ are reserved for PostgreSQL"},
		{name: "ops.{schema}", schema: strings.Repeat("x", 50), bad: "the prefix is longer than 49 bytes"},
	} {
		parsed, err := ParseTables(c.name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := parsed.Expand(c.schema, c.database)
		var e *NameError
		if errors.As(err, &e) != (c.bad != "") || c.bad != "" && e.Problem != c.bad || c.bad == "" && got.String() != c.want {
			t.Errorf("%s for %s of %s: %s, %v", c.name, c.schema, c.database, got, err)
		}
	}
}

// Runners of all versions use the same key.
func TestLockKeyIsFixed(t *testing.T) {
	t.Parallel()
	if got := (Tables{}).LockKey(); got != -1183247968517512263 {
		t.Errorf("the default ledger's lock key is %d", got)
	}
	named, err := ParseTables(DefaultName)
	if err != nil || named.LockKey() != (Tables{}).LockKey() {
		t.Errorf("the default by name has another key: %d, %v", named.LockKey(), err)
	}
	other, _ := ParseTables("public.other")
	if other.LockKey() == named.LockKey() {
		t.Error("two ledgers have the same lock")
	}
}

func TestTableNamesAreQuoted(t *testing.T) {
	t.Parallel()
	n, err := ParseTables(`Weird 'schema.it's`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.Revisions(), `"Weird 'schema"."it's_revision"`; got != want {
		t.Errorf("Revisions() = %s, want %s", got, want)
	}
}

// row returns the fields of a row; "NULL" is NULL.
func row(values ...string) [][]byte {
	fields := make([][]byte, len(values))
	for i, v := range values {
		if v != "NULL" {
			fields[i] = []byte(v)
		}
	}
	return fields
}

func TestReaderDecodesState(t *testing.T) {
	t.Parallel()
	var r Reader
	r.Row(0, row("1", "41", "f"))
	r.Row(1, row("b", "applied", "d", "{a}", "{}", `{store,"null"}`, "0", "v1:x", "t",
		"add b\nmore", "1637435821.5", "0.25", "app", "pod-1", "v1.2.3"))
	r.Row(1, row("a", "reverting", "e", "{}", "{}", "{}", "2", "v1:y", "f", "", "0", "NULL", "", "", ""))
	r.Row(1, row("c", "applied", "f", "{b,a}", "{}", "{}")) // not in full
	got, err := r.State(Tables{})
	if err != nil {
		t.Fatal(err)
	}
	want := State{Exists: true, Format: 1, Generation: 41, Rows: []Row{
		{Revision: "a", DownRevision: []string{}, DependsOn: []string{}, BranchLabels: []string{}, State: Reverting, StatementsDone: 2, Checksum: "v1:y", Digest: "e", AppliedAt: time.Unix(0, 0).UTC()},
		{
			Revision: "b", DownRevision: []string{"a"}, DependsOn: []string{}, BranchLabels: []string{"store", "null"}, State: Applied, Checksum: "v1:x", Digest: "d", Reversible: true,
			Message: "add b\nmore", AppliedAt: time.Date(2021, 11, 20, 19, 17, 1, 5e8, time.UTC), Duration: 250 * time.Millisecond,
			AppliedBy: "app", AppliedFrom: "pod-1", BinaryVersion: "v1.2.3",
		},
		{Revision: "c", State: Applied, Digest: "f", DownRevision: []string{"b", "a"}, DependsOn: []string{}, BranchLabels: []string{}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReaderRefusesNewerFormat(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"2", "2147483647"} {
		var r Reader
		r.Row(0, row(format, "1", "f"))
		var e *NewerError
		if _, err := r.State(Tables{}); !errors.As(err, &e) || strconv.Itoa(e.Format) != format {
			t.Errorf("format %s: %v", format, err)
		}
	}
}

// injection would leave a comment of SQL.
const injection = "x*/; DROP TABLE victim; /*"

// Every column with every value that no program writes is refused, with the place named.
func TestReaderRefusesWhatNoProgramWrites(t *testing.T) {
	t.Parallel()
	names := []string{"", "NULL", injection, "head", "base", "a b", "a\n", "\x1b[31m", "\u202ea", "ä", "a\xff", strings.Repeat("a", 65)}
	lists := []string{"", "NULL", "a", "a,b", "{NULL}", "{null,a}", "{{a,b},{c,d}}", "[2:3]={a,b}", "{head}", `{""}`, `{"a b"}`, "{a,}", `{"` + injection + `"}`, "{\x1b}"}
	numbers := []string{"", "NULL", "-1", "x", "1.5", "9223372036854775808", " 1"}
	dates := []string{"", "NULL", "Infinity", "-Infinity", "NaN", "-1", "1e300", "x"}
	words := []string{"", "NULL", "done", "Applied", "applied\n", injection}
	texts := []string{"\xff"}
	for _, test := range []struct {
		statement, field int
		column           string
		values           []string
	}{
		{0, 0, "format", append(numbers, "0", "-2147483648")},
		{0, 1, "generation", numbers},
		{0, 2, "citus", []string{"", "NULL", "true"}},
		{1, 0, "revision", names},
		{1, 1, "state", words},
		{1, 2, "digest", []string{"a b", "a\n", "\x1b", "é"}},
		{1, 3, "down_revision", lists},
		{1, 4, "depends_on", lists},
		{1, 5, "branch_labels", lists},
		{1, 6, "statements_done", append(numbers, "2147483648")},
		{1, 7, "checksum", []string{"a b", "'\n", "\x1b"}},
		{1, 8, "down_sql IS NOT NULL", []string{"", "NULL", "true"}},
		{1, 9, "message", texts},
		{1, 10, "applied_at", dates},
		{1, 11, "duration", []string{"Infinity", "NaN", "x"}},
		{1, 12, "applied_by", texts},
		{1, 13, "applied_from", texts},
		{1, 14, "binary_version", texts},
	} {
		for _, value := range test.values {
			rows := [][]string{{"1", "1", "f"}, {"a", "applied", "d", "{}", "{}", "{}", "0", "v1:x", "t", "", "0", "0", "", "", ""}}
			rows[test.statement][test.field] = value
			var r Reader
			r.Row(0, row(rows[0]...))
			r.Row(1, row(rows[1]...))
			_, err := r.State(Tables{})
			var e *DecodeError
			if !errors.As(err, &e) || e.Column != test.column {
				t.Errorf("%s = %q: %v", test.column, value, err)
				continue
			}
			if want := []string{(Tables{}).Meta(), (Tables{}).Revisions()}[test.statement]; e.Table != want {
				t.Errorf("%s is in %s, not in %s", test.column, want, e.Table)
			}
			if text.Visible(err.Error()) != err.Error() {
				t.Errorf("%s = %q: the error is not escaped: %q", test.column, value, err)
			}
			if test.statement == 1 && test.field < 6 {
				var short Reader
				short.Row(0, row("1", "1", "f"))
				short.Row(1, row(rows[1][:6]...))
				if _, err := short.State(Tables{}); !errors.As(err, &e) || e.Column != test.column {
					t.Errorf("short read, %s = %q: %v", test.column, value, err)
				}
			}
		}
	}
}

func TestReaderRefusesRowsThatAreNotUnique(t *testing.T) {
	t.Parallel()
	for column, rows := range map[string][]int{"one": {0, 0}, "revision": {0, 1, 1}} {
		var r Reader
		for _, statement := range rows {
			r.Row(statement, [][][]byte{row("1", "1", "f"), row("a", "applied", "d", "{}", "{}", "{}")}[statement])
		}
		var e *DecodeError
		if _, err := r.State(Tables{}); !errors.As(err, &e) || e.Column != column {
			t.Errorf("%s: %v", column, err)
		}
	}
}

func TestEventsAreValidated(t *testing.T) {
	t.Parallel()
	good := []string{"1", "0", "up", "a", "add a", "up", "0.1", "app", "pod", "v1", "0123", "more\n\x1b"}
	columns := []string{"event", "at", "action", "revision", "message", "direction", "duration", "applied_by", "applied_from", "binary_version", "run", "detail"}
	if e, err := DecodeEvent(Tables{}, row(good...)); err != nil || e.Detail != good[11] || e.Action != Up {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := DecodeEvent(Tables{}, row("2", "0", "stamp", "NULL", "NULL", "NULL", "NULL", "", "", "", "", "NULL")); err != nil {
		t.Error(err)
	}
	for field, column := range columns {
		fields := slices.Clone(good)
		fields[field] = injection + "\xff"
		var e *DecodeError
		if _, err := DecodeEvent(Tables{}, row(fields...)); !errors.As(err, &e) || e.Column != column || e.Table != (Tables{}).Events() {
			t.Errorf("%s: %v", column, err)
		}
	}
}

func FuzzParseArray(f *testing.F) {
	for _, s := range []string{"{}", "{a}", "{a,b}", `{"a,b","c\"d","e\\f"}`, `{"NULL"}`, "{NULL}", "{,}", `{"`, "{a,}", "{{a}}", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, ok := parseArray(s)
		if !ok {
			return
		}
		var quoted []string
		for _, item := range list {
			quoted = append(quoted, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(item)+`"`)
		}
		again, ok := parseArray("{" + strings.Join(quoted, ",") + "}")
		if !ok || !cmp.Equal(list, again) {
			t.Errorf("%q reads as %q, and written again as %q, %v", s, list, again, ok)
		}
	})
}

// Whatever the rows are, what the reader accepts obeys the rules for ids, and its errors can
// be printed.
func FuzzReader(f *testing.F) {
	f.Add("1\x1f2\x1ff", "a\x1fapplied\x1fd\x1f{}\x1f{}\x1f{}")
	f.Add("1\x1f2\x1ff", "a\x1fapplied\x1fd\x1f{b}\x1f{\"null\"}\x1f{}\x1f0\x1fx\x1ft\x1fm\x1f0\x1f\x1f\x1f\x1f")
	f.Add("0\x1f-1\x1fx", injection+"\x1fapplied\x1fd\x1f{{a}}\x1f{NULL}\x1f{}")
	f.Fuzz(func(t *testing.T, meta, fields string) {
		var r Reader
		r.Row(0, row(strings.Split(meta, "\x1f")...))
		r.Row(1, row(strings.Split(fields, "\x1f")...))
		s, err := r.State(Tables{})
		if err != nil {
			if got := err.Error(); text.Visible(got) != got {
				t.Errorf("the error is not escaped: %q", got)
			}
			return
		}
		if len(s.Rows) != 1 || s.Format != Format || s.Generation < 0 {
			t.Fatalf("%+v", s)
		}
		row := s.Rows[0]
		for _, n := range slices.Concat([]string{row.Revision}, row.DownRevision, row.DependsOn, row.BranchLabels) {
			if fault, _ := name.Check(n); fault != name.None {
				t.Errorf("%q is accepted", n)
			}
		}
		if row.StatementsDone < 0 || row.AppliedAt.Unix() < 0 && len(strings.Split(fields, "\x1f")) > 6 || !utf8.ValidString(row.Message+row.AppliedBy) {
			t.Errorf("%+v", row)
		}
	})
}

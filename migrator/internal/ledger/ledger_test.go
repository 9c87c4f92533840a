package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLedgerNamesAreParsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, schema, prefix, text, bad string }{
		{in: "", schema: "public", prefix: "ambix", text: "public.ambix"},
		{in: "public.ambix", schema: "public", prefix: "ambix", text: "public.ambix"},
		{in: "Ops.Shop", schema: "Ops", prefix: "Shop", text: "Ops.Shop"},
		{in: `"a.b"."c.d"`, schema: "a.b", prefix: "c.d", text: `"a.b"."c.d"`},
		{in: `"my ops".x`, schema: "my ops", prefix: "x", text: "my ops.x"},
		{in: "ambix", bad: "the schema is missing"},
		{in: ".ambix", bad: "a part is empty"},
		{in: "public.", bad: "a part is empty"},
		{in: `"public.ambix`, bad: "a double quote is not closed"},
		{in: "a.b.c", bad: "it has more parts than a schema and a prefix"},
		{in: `"a"b.c`, bad: "the schema is missing"},
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

func TestReaderDecodesState(t *testing.T) {
	t.Parallel()
	fields := func(s ...string) [][]byte {
		out := make([][]byte, len(s))
		for i := range s {
			out[i] = []byte(s[i])
		}
		return out
	}
	var r Reader
	r.Row(0, fields("1", "41"))
	r.Row(1, fields("b", "applied", "d", "{a}", "{}", `{store,"null"}`, "0", "v1:x", "t",
		"add b\nmore", "1637435821.5", "0.25", "app", "pod-1", "v1.2.3"))
	r.Row(1, fields("a", "reverting", "e", "{}", "{}", "{}", "2", "v1:y", "f", "", "0", "0", "", "", ""))
	r.Row(1, fields("c", "applied", "f")) // not in full
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
		{Revision: "c", State: Applied, Digest: "f"},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestReaderRefusesInvalidState(t *testing.T) {
	t.Parallel()
	row := func(fields ...string) [][]byte {
		out := make([][]byte, len(fields))
		for i := range fields {
			out[i] = []byte(fields[i])
		}
		return out
	}
	var newer Reader
	newer.Row(0, row("2", "1"))
	var tooNew *NewerError
	if _, err := newer.State(Tables{}); !errors.As(err, &tooNew) || tooNew.Format != 2 {
		t.Errorf("a newer format: %v", err)
	}
	for column, fields := range map[string][][]byte{
		"state":           row("a", "done", "d"),
		"down_revision":   row("a", "applied", "d", "a,b", "{}", "{}", "0", "x", "t", "", "0", "0", "", "", ""),
		"depends_on":      row("a", "applied", "d", "{}", "{NULL}", "{}", "0", "x", "t", "", "0", "0", "", "", ""),
		"statements_done": row("a", "applied", "d", "{}", "{}", "{}", "x", "x", "t", "", "0", "0", "", "", ""),
	} {
		var r Reader
		r.Row(0, row("1", "1"))
		r.Row(1, fields)
		var e *DecodeError
		if _, err := r.State(Tables{}); !errors.As(err, &e) || e.Column != column {
			t.Errorf("a bad %s: %v", column, err)
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

func FuzzReader(f *testing.F) {
	f.Add("1\x1f2", "a\x1f{}\x1f{}\x1f{}\x1fapplied\x1f0\x1fx\x1fd\x1ft")
	f.Fuzz(func(t *testing.T, meta, row string) {
		split := func(s string) [][]byte {
			var out [][]byte
			for _, p := range strings.Split(s, "\x1f") {
				out = append(out, []byte(p))
			}
			return out
		}
		var r Reader
		r.Row(0, split(meta))
		r.Row(1, split(row))
		if s, err := r.State(Tables{}); err == nil && len(s.Rows) != 1 {
			t.Errorf("%d rows of one", len(s.Rows))
		}
	})
}

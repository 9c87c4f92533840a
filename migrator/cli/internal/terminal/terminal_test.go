package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestColumnsAreAligned(t *testing.T) {
	t.Parallel()
	var table Table
	table.Add(Bold.Cell("a"), Plain.Cell("one"), Faint.Cell(""))
	table.Add(Cell{}, Plain.Cell(strings.Repeat("w", 70)), Plain.Cell("last"))
	table.Add(Bold.Cell("ccc"), Plain.Cell("ü"), Plain.Cell("x"))
	want := "a    one\n" +
		"     " + strings.Repeat("w", 70) + "  last\n" +
		"ccc  ü" + strings.Repeat(" ", 61) + "x\n"
	if got := NewOutput(&bytes.Buffer{}, ColorAuto, nil).Format(table); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := NewOutput(&bytes.Buffer{}, ColorAlways, nil).Format(table[:1]); got != "\x1b[1ma\x1b[0m  one\n" {
		t.Errorf("with colours: %q", got)
	}
}

func TestPrintableRemovesControlCharacters(t *testing.T) {
	t.Parallel()
	if got := Printable("a\tb\x1b[31m\r\nc\u202e"); got != "a b[31mc" {
		t.Errorf("%q", got)
	}
	if got := []rune(Clip(strings.Repeat("ü", 61))); len(got) != 60 || got[59] != '…' {
		t.Errorf("%q", string(got))
	}
}

func TestQuoteMakesOneShellWord(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"": "''", "a-1": "a-1", "a b": "'a b'", "it's": `'it'\''s'`, "a\nb": `"a\nb"`} {
		if got := Quote(s); got != want {
			t.Errorf("%q becomes %s, want %s", s, got, want)
		}
	}
}

func TestTextIsFormatted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{Plural(0, "is", "are"), "are"},
		{Plural(1, "is", "are"), "is"},
		{FirstLine("a\nb"), "a"},
		{Duration(4200 * time.Microsecond), "4.2 ms"},
		{Duration(350 * time.Millisecond), "350 ms"},
		{Duration(12500 * time.Millisecond), "12.5 s"},
		{Duration(90 * time.Second), "1m30s"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}

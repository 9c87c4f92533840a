package terminal

import (
	"bytes"
	"encoding/json"
	"log/slog"
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
	for color, want := range map[string]string{ColorNever: want, ColorAlways: strings.Replace(strings.Replace(want, "a  ", "\x1b[1ma\x1b[0m  ", 1), "ccc", "\x1b[1mccc\x1b[0m", 1)} {
		var b bytes.Buffer
		NewOutput(&b, color, nil).PrintTable(table)
		if b.String() != want {
			t.Errorf("%s: got\n%swant\n%s", color, b.String(), want)
		}
	}
}

// poison has a character of each kind that cannot be seen, and an escape sequence like ours.
const poison = "\x1b[31m\a\b\r\x00\x7f\u0085\u009b31m\u061c\u200b\u200e\u200f\u202e\u2028\u2029\u2066\ufeff\U000e0041\xff\xe2\x82"

const poisonEscaped = `\x1b[31m\a\b\r\x00\x7f\u0085\u009b31m\u061c\u200b\u200e\u200f\u202e\u2028\u2029\u2066\ufeff\U000e0041\xff\xe2\x82`

func TestTextIsEscapedOnEveryPath(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	out, log := NewOutput(Guard(&b), ColorAlways, nil), NewLogger(Guard(&b), LogOptions{Verbose: true})
	for name, test := range map[string]struct {
		print func(text string)
		want  string
	}{
		"Print":      {out.Print, "%\t\u00a0\n"},
		"PrintLine":  {func(s string) { out.PrintLine(Red.Cell(s), Plain.Cell(s)) }, "\x1b[31m% \u00a0\\n\x1b[0m% \u00a0\\n\n"},
		"PrintTable": {func(s string) { out.PrintTable(Table{{Plain.Cell(s)}}) }, "% \u00a0\\n\n"},
		"Log":        {func(s string) { log.Log(slog.LevelWarn, s) }, "warning: %\t\u00a0\n\n"},
		"Guard":      {func(s string) { _, _ = Guard(&b).Write([]byte(s)) }, "%\t\u00a0\n"},
	} {
		b.Reset()
		test.print(poison + "\t\u00a0\n")
		if want := strings.ReplaceAll(test.want, "%", poisonEscaped); b.String() != want {
			t.Errorf("%s: %+q, want %+q", name, b.String(), want)
		}
	}
}

func TestJSONKeepsValuesAndEscapesHiddenCharacters(t *testing.T) {
	t.Parallel()
	valid := strings.ToValidUTF8(poison, "") + "é\u00a0\n\t"
	var b bytes.Buffer
	out := NewOutput(&b, ColorAlways, nil)
	for name, print := range map[string]func(){
		"document": func() { out.JSON(map[string]string{valid: valid}) },
		"record":   func() { out.Record(valid, valid, valid) },
		"log":      func() { NewLogger(&b, LogOptions{JSON: true}).Info(valid, valid, valid) },
	} {
		b.Reset()
		print()
		if got := b.String(); strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && isHidden(r) }) {
			t.Errorf("%s: %+q", name, got)
		}
		var decoded map[string]any
		if err := json.Unmarshal(b.Bytes(), &decoded); err != nil || decoded[valid] != valid {
			t.Errorf("%s: %v, %+q", name, err, decoded[valid])
		}
	}
}

func TestLineAndClipEscapeBeforeTheyMeasure(t *testing.T) {
	t.Parallel()
	if got := Line("a\tb\x1b[31m\r\nc\u202e\u00a0"); got != "a b\\x1b[31m\\r\\nc\\u202e\u00a0" {
		t.Errorf("%q", got)
	}
	for _, s := range []string{"ü", "\x1b"} {
		if got := []rune(Clip(strings.Repeat(s, 61))); len(got) != 60 || got[59] != '…' {
			t.Errorf("%q", string(got))
		}
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

func TestPicturesAreASCIIWhereNothingElseCanBeShown(t *testing.T) {
	t.Parallel()
	for environ, ascii := range map[string]bool{
		"LANG=en_US.UTF-8":                     false,
		"LC_CTYPE=C.utf8":                      false,
		"LC_ALL=C LANG=en_US.UTF-8":            true,
		"LC_ALL= LC_CTYPE=C LANG=en_US.UTF-8":  true,
		"LANG=en_US.UTF-8 TERM=dumb":           true,
		"LANG=de_DE.ISO-8859-1":                true,
		"LC_ALL=C.UTF-8 NO_COLOR=1 TERM=xterm": false,
	} {
		if got := NewOutput(&bytes.Buffer{}, ColorAuto, strings.Fields(environ)).ASCII(); got != ascii {
			t.Errorf("%s: %t", environ, got)
		}
	}
	if !NewOutput(&bytes.Buffer{}, ColorNever, []string{"LANG=C.UTF-8"}).ASCII() {
		t.Error("no color, but not ASCII")
	}
}

// A document with a long list is written in parts, and the same as at once.
func TestLongListsAreWrittenAsShortOnes(t *testing.T) {
	t.Parallel()
	type element struct {
		Name string   `json:"name"`
		More []string `json:"more"`
		Left *int     `json:"left,omitempty"`
	}
	type document struct {
		Format  string    `json:"format"`
		Empty   []element `json:"empty"`
		List    []element `json:"list"`
		Omitted []string  `json:"omitted,omitempty"`
		Last    any       `json:"last"`
	}
	for _, length := range []int{0, 1, longList - 1, longList, 3 * longList} {
		d := document{Format: "\n  \"list\": []", Empty: []element{}, List: []element{}, Last: map[string]any{"list": []int{}}}
		for i := range length {
			d.List = append(d.List, element{Name: strings.Repeat("<x>", i%7), More: []string{"a\n\"b"}[:i%2]})
		}
		for _, document := range []any{d, &d, struct {
			Omitted []element `json:"omitted,omitempty"`
		}{d.List}, d.List} {
			var got, want bytes.Buffer
			NewOutput(&got, ColorNever, nil).JSON(document)
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(document); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("%T with %d elements:\n%.300s\nwant\n%.300s", document, length, got.String(), want.String())
			}
		}
	}
}

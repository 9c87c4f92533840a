package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestVisibleEscapesWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ s, visible, quoted string }{
		{"", "", `""`},
		{"café €10 \\ \"x\"", "café €10 \\ \"x\"", `"café €10 \\ \"x\""`},
		{"a\x1b[31mb", `a\x1b[31mb`, `"a\x1b[31mb"`},
		{"a\nb\tc\x7f", `a\nb\tc\x7f`, `"a\nb\tc\x7f"`},
		{"a\u009bb\u202ec", `a\u009bb\u202ec`, `"a\u009bb\u202ec"`},
		{"\u200b\u00ad\ufeff\u00a0\u2028\u3164\ufe0f", `\u200b\u00ad\ufeff\u00a0\u2028\u3164\ufe0f`, `"\u200b\u00ad\ufeff\u00a0\u2028\u3164\ufe0f"`},
		{"\U000e0041\U000e0100", `\U000e0041\U000e0100`, `"\U000e0041\U000e0100"`},
		{"a\xffb\xe2\x82", `a\xffb\xe2\x82`, `"a\xffb\xe2\x82"`},
		{"\ufffd", "\ufffd", "\"\ufffd\""},
		{strings.Repeat("a", 99) + "äb", strings.Repeat("a", 99) + "äb", `"` + strings.Repeat("a", 99) + `"…`},
	} {
		if got := Visible(test.s); got != test.visible {
			t.Errorf("Visible(%+q) = %+q, want %+q", test.s, got, test.visible)
		}
		if got := Quote(test.s); got != test.quoted {
			t.Errorf("Quote(%+q) = %+q, want %+q", test.s, got, test.quoted)
		}
	}
}

// Every character that Unicode calls a control, a format character, a separator or ignorable is escaped.
func TestVisibleKnowsEveryInvisibleCharacter(t *testing.T) {
	t.Parallel()
	invisible := []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == ' ' || !utf8.ValidRune(r) || !unicode.In(r, invisible...) {
			continue
		}
		for _, got := range []string{Visible("a" + string(r)), Quote(string(r))} {
			if strings.ContainsRune(got, r) {
				t.Errorf("%s stays in %+q", CodePoint(r), got)
			}
		}
	}
}

func TestCodePoint(t *testing.T) {
	t.Parallel()
	for r, want := range map[rune]string{0: "U+0000", 0xa0: "U+00A0", 0x200b: "U+200B", 0xe0041: "U+E0041"} {
		if got := CodePoint(r); got != want {
			t.Errorf("have %s, want %s", got, want)
		}
	}
}

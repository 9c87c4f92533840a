package sqltext

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPositionAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src          string
		offset       int
		line, column int
	}{
		{"", 0, 1, 1},
		{"", 9, 1, 1},
		{"abc", -1, 1, 1},
		{"abc", 0, 1, 1},
		{"abc", 2, 1, 3},
		{"abc", 3, 1, 4},
		{"abc", 99, 1, 4},
		{"a\nb", 1, 1, 2},
		{"a\nb", 2, 2, 1},
		{"a\n", 2, 2, 1},
		{"a\n\nb", 2, 2, 1},
		{"a\n\nb", 3, 3, 1},
		{"a\r\nb", 1, 1, 2},
		{"a\r\nb", 2, 1, 2}, // between the two
		{"a\r\nb", 3, 2, 1},
		{"a\rb", 2, 2, 1},
		{"a\r\rb", 3, 3, 1},
		{"a\n\rb", 3, 3, 1},
		{"é—x", 2, 1, 2},
		{"é—x", 5, 1, 3},
		{"é—x", 4, 1, 2}, // inside the dash
		{"🐘x", 4, 1, 2},
		{"\ta", 1, 1, 2},
		{"a\xffb", 1, 1, 2},
		{"a\xffb", 2, 1, 3},
		{"a\x80\x80b", 3, 1, 4},
		{"\ufeffab", 0, 1, 1},
		{"\ufeffab", 1, 1, 1},
		{"\ufeffab", 3, 1, 1},
		{"\ufeffab", 4, 1, 2},
		{"\ufeff\nab", 5, 2, 2},
		{"a\n\ufeffb", 5, 2, 2}, // elsewhere it is a character
	} {
		if got := PositionAt(c.src, c.offset); got != (Position{c.line, c.column}) {
			t.Errorf("PositionAt(%q, %d) = %+v, want %d:%d", c.src, c.offset, got, c.line, c.column)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	src := "\ufeffa b\r\n\rc—d\n\nlast"
	for n, want := range map[int]string{-1: "", 0: "", 1: "a b", 2: "", 3: "c—d", 4: "", 5: "last", 6: ""} {
		if got := Line(src, n); got != want {
			t.Errorf("Line %d = %q, want %q", n, got, want)
		}
	}
	for src, want := range map[string]string{"": "", "a": "a", "a\n": "a", "\ufeff": "", "\r": "", "a\xff\n": "a\xff"} {
		if got := Line(src, 1); got != want {
			t.Errorf("Line(%q, 1) = %q, want %q", src, got, want)
		}
	}
}

// The line of a position has, at its column, the text at the offset.
func TestPositionAndLineAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "é", "🐘", "\n", "\r", "\r\n", "\ufeff", " "})).Draw(t, "pieces"), "")
		offsets := []int{}
		for offset := range src {
			offsets = append(offsets, offset)
		}
		if len(offsets) == 0 {
			return
		}
		offset := rapid.SampledFrom(offsets).Draw(t, "offset")
		at := PositionAt(src, offset)
		line := []rune(Line(src, at.Line))
		if at.Column > len(line)+1 {
			t.Fatalf("offset %d of %q is %+v, its line %q", offset, src, at, string(line))
		}
		if c := src[offset]; c == '\n' || c == '\r' || offset == 0 && strings.HasPrefix(src, ByteOrderMark) {
			return
		}
		if rest := string(line[at.Column-1:]); !strings.HasPrefix(src[offset:], rest) || rest == "" {
			t.Fatalf("offset %d of %q is %+v, where the line reads %q", offset, src, at, rest)
		}
	})
}

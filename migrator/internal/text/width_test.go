package text

import "testing"

func TestWidthIsThatOfATerminal(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{
		"": 0, "account": 7, "é": 1, "e\u0301": 1, "日本語": 6, "ｗ": 2, "ｱ": 1, "😀": 2, "Ω": 1, "한": 2, "א": 1,
		"\u200b": 6, "\t": 2, "\xff": 4, "\uFFFD": 1, "\x7f": 4,
	} {
		if got := Width(s); got != want {
			t.Errorf("%q: %d cells, want %d", s, got, want)
		}
		if got := ClipWidth(s, want); got != s {
			t.Errorf("%q is clipped to %q", s, got)
		}
		if visible := Visible(s); visible != s && Width(visible) != want {
			t.Errorf("%q is shown as %s: %d cells, not %d", s, visible, Width(visible), want)
		}
	}
	if got := ClipWidth("日本語", 3); got != "日" {
		t.Errorf("%q", got)
	}
}

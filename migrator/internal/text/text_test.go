package text

import (
	"strings"
	"testing"
)

func TestCountAddsPlural(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"0 steps", "1 step", "2 steps"} {
		if got := Count(n, "step"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestListReadsAsSentence(t *testing.T) {
	t.Parallel()
	for items, want := range map[string]string{
		"":                    "",
		"a":                   "a",
		"a b":                 "a or b",
		"a b c":               "a, b or c",
		"a b c d e f g h":     "a, b, c, d, e, f, g or h",
		"a b c d e f g h i j": "a, b, c, d, e, f, g, h or 2 more",
	} {
		if got := List(strings.Fields(items), "or"); got != want {
			t.Errorf("%q: %q, want %q", items, got, want)
		}
	}
}

func TestNearestFindsLikelyWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ word, known, want string }{
		{"haed", "heads head base", "head"},
		{"Head", "head heads", "head"},
		{"statsu", "stamp status", "status"},
		{"upp", "up to", "up"},
		{"jsn", "json yes", "json"},
		{"Depends-On", "down_revision depends_on", "depends_on"},
		{"lock_timout", "statement-timeout lock-timeout", "lock-timeout"},
		{"dwon_revision", "revision down_revision", "down_revision"},
		{"label", "message branch_labels", "branch_labels"},
		{"timeout", "lock_timeout statement_timeout", ""},
		{"abcd1243", "abcd9999 abcd1234", "abcd1234"},
		{"2021-11-20_abce5678_add_account.up.sql", "abce abce5678 account_id", "abce5678"},
		{"abx", "abc abd", "abc"},
		{"xy", "xyz", ""},
		{"nothing_alike", "head base abcd", ""},
		{"", "head", ""},
		{strings.Repeat("head", 100), "head", ""},
		{"word", strings.Repeat("w", 100), ""},
	} {
		if got := Nearest(test.word, strings.Fields(test.known)); got != test.want {
			t.Errorf("%q in %q: %q, want %q", test.word, test.known, got, test.want)
		}
	}
}

package sqltext

import (
	"slices"
	"testing"
)

func TestNamesAreThoseThatMayBeTables(t *testing.T) {
	t.Parallel()
	for src, want := range map[string][]string{
		`ALTER TABLE Account ADD "Name" text`:              {"alter", "table", "account", "add", `"Name"`, "text"},
		`UPDATE a . b /* c */ SET x = 'd', y = a.b.c`:      {"update", "a.b", "set", "x", "y"},
		`LOCK U&"\0061ccount", account; `:                  {"lock", `"account"`, "account"},
		`SELECT $1, 1.5, count(*) FROM "a""b"."c.d" WHERE`: {"select", "count", "from", "where"},
	} {
		statements, errs := Split(src)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got := Names(src, statements[0], 10); !slices.Equal(got, want) {
			t.Errorf("%s: %q", src, got)
		}
		if got := Names(src, statements[0], 2); len(got) != 2 {
			t.Errorf("%s: %q", src, got)
		}
	}
}

func TestSplitNameReadsNamesAsTheServerDoes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`PUBLIC."Account"`:        {"public", "Account"},
		`a.b.c`:                   {"a", "b", "c"},
		`"a.b" . "c""d"`:          {"a.b", `c"d`},
		`Ärger$1`:                 {"Ärger$1"},
		`U&"\0061b".c`:            {"ab", "c"},
		`U&"!0061" UESCAPE '!'.b`: {"a", "b"},
		``:                        nil,
		`a.`:                      nil,
		`.a`:                      nil,
		`a..b`:                    nil,
		`a b`:                     nil,
		`a,b`:                     nil,
		`1a`:                      nil,
		`f(int)`:                  nil,
		`""`:                      nil,
		`"open`:                   nil,
		`a."open`:                 nil,
		`'a'`:                     nil,
	} {
		if got := SplitName(text); !slices.Equal(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

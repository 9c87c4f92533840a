package revision_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

func TestAcceptIsRead(t *testing.T) {
	t.Parallel()
	r, problems := parse(good+"-- accept: irreversible, destroys\taccount.nickname,destroys function f(int), locks \"A b\"\n", "")
	checkProblems(t, problems, nil)
	want := []revision.Acceptance{{Word: "irreversible"}, {Word: "destroys", Object: "account.nickname"}, {Word: "destroys", Object: "function f(int)"}, {Word: "locks", Object: `"A b"`}}
	if diff := cmp.Diff(want, r.Accept); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !r.Accepts(revision.AcceptDestroys, "account.nickname") || r.Accepts(revision.AcceptDestroys, "account") || r.Accepts(revision.AcceptScans, "account.nickname") {
		t.Error("Accepts")
	}
	dir := t.TempDir()
	up, _, err := revision.Write(dir, r, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := revision.SetKey(up, "accept", "scans t"); err != nil {
		t.Fatal(err)
	}
}

// What an acceptance is for is the same wherever it is asked: names are compared as the server reads them.
func TestAcceptanceNamesWhatTheServerReads(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		object, name  string
		want          bool
		schema, table string
	}{
		{`account.nickname`, `public.account.nickname`, true, "account", "nickname"},
		{`PUBLIC.Account`, `public.account`, true, "public", "account"},
		{`"public"."account"`, `public.account`, true, "public", "account"},
		{`account`, `"My.Schema".account`, true, "", "account"},
		{`"Account"`, `public."Account"`, true, "", "Account"},
		{`"Account"`, `public.account`, false, "", "Account"},
		{`Account`, `public."Account"`, false, "", "account"},
		{`"a.b"`, `a.b`, false, "", "a.b"},
		{`b`, `"a.b"`, false, "", "b"},
		{`"My.Schema".t`, `"My.Schema".t`, true, "My.Schema", "t"},
		{`My.Schema.t`, `"My.Schema".t`, false, "", ""},
		{`my table`, `public."my table"`, false, "", ""},
		{`"a""q"`, `public."a""q"`, true, "", `a"q`},
		{`user`, `public."user"`, true, "", "user"},
		{`ÄRGER`, `public."Ärger"`, true, "", "Ärger"},
		{`nickname`, `public.account.nickname`, false, "", "nickname"},
		{`f(int)`, `public.f(int)`, true, "", ""},
		{`"f(int)"`, `public.f(int)`, false, "", "f(int)"},
		{`""`, `public.account`, false, "", ""},
		{`"open`, `public.account`, false, "", ""},
	} {
		a := revision.Acceptance{Word: revision.AcceptRewrites, Object: c.object}
		if got := a.Names(c.name); got != c.want {
			t.Errorf("%s for %s: %t", c.object, c.name, got)
		}
		schema, table, ok := a.Table()
		if schema != c.schema || table != c.table || ok != (c.table != "") {
			t.Errorf("table of %s: %q %q %t", c.object, schema, table, ok)
		}
	}
}

func TestAcceptProblemsAreReported(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"ireversible":                    `up:5:12: accept: unknown word "ireversible": did you mean irreversible?`,
		"everything":                     `up:5:12: accept: unknown word "everything": the words are irreversible, not-inverse, destroys, rewrites, scans, locks, renames, access, may-fail, lock-order`,
		"Irreversible":                   `up:5:12: accept: unknown word "Irreversible": did you mean irreversible?`,
		"irreversible, irreversible":     `up:5:26: accept: "irreversible" is listed twice`,
		"destroys t, destroys  t":        `up:5:24: accept: "destroys t" is listed twice`,
		"irreversible account":           `up:5:12: accept: irreversible takes no object: remove "account"`,
		"scans a, destroys":              `up:5:21: accept: missing object after destroys: write it as destroys account.nickname`,
		"scans a,":                       `up:5:20: accept: empty element in the list: remove the comma`,
		"destroys a\u200bb":              `up:5:12: accept: the object "a\u200bb" contains an invisible character`,
		"destroys\u00a0account.nickname": `up:5:12: accept: unknown word "destroys\u00a0account.nickname": did you mean destroys?`,
	} {
		_, problems := parse(good+"-- accept: "+value+"\n", noDown)
		checkProblems(t, problems, []string{want})
	}
	_, problems := parse(good, "-- accept: irreversible\n")
	checkProblems(t, problems, []string{`down:1:4: key "accept" is not allowed in a down file: it belongs in the up file`})
}

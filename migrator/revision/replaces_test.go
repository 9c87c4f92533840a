package revision_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

func TestReplacesIsRead(t *testing.T) {
	t.Parallel()
	r, problems := parse(good+"-- replaces: a1,b2 ( c3 , d4(e5)),\tf6\n", "")
	checkProblems(t, problems, nil)
	want := []revision.Replaced{{ID: "a1"}, {ID: "b2", Replaces: []revision.Replaced{{ID: "c3"}, {ID: "d4", Replaces: []revision.Replaced{{ID: "e5"}}}}}, {ID: "f6"}}
	if diff := cmp.Diff(want, r.Replaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := strings.Join(r.ReplacedIDs(), " "); got != "a1 b2 c3 d4 e5 f6" {
		t.Errorf("ReplacedIDs: %s", got)
	}
	if pos := r.Pos("replaces", "d4"); pos.Line != 5 || pos.Column != 27 {
		t.Errorf("Pos: %s", pos)
	}
	up, _, err := revision.Write(t.TempDir(), r, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := revision.SetKey(up, "replaces", "a1 (b2)"); err != nil {
		t.Fatal(err)
	}
}

func TestReplacesProblemsAreReported(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"a1, , b2":    `up:5:18: replaces: empty element in the list: remove the comma or the parentheses`,
		"a1 ()":       `up:5:18: replaces: empty element in the list: remove the comma or the parentheses`,
		"(a1)":        `up:5:14: replaces: empty element in the list: remove the comma or the parentheses`,
		"a1, b2 (a1)": `up:5:22: replaces: "a1" is listed twice`,
		"a1 (b2":      `up:5:17: replaces: missing ")"`,
		"a1) , b2":    `up:5:16: replaces: ")" without "("`,
		"a1 (b2) c3":  `up:5:22: replaces: missing comma after ")"`,
		"a1 b2":       `up:5:14: replaces: id "a1 b2": forbidden character ' ': only A-Z a-z 0-9 _ and . are allowed`,
		"head":        `up:5:14: replaces: id "head": reserved word: head, heads, base and current have a special meaning`,
	} {
		_, problems := parse(good+"-- replaces: "+value+"\n", noDown)
		checkProblems(t, problems, []string{want})
	}
	_, problems := parse(good, "-- replaces: a\n")
	checkProblems(t, problems, []string{`down:1:4: key "replaces" is not allowed in a down file: it belongs in the up file`})
	deep := strings.Repeat("a(", 100_000)
	if _, problems = parse(good+"-- replaces: "+deep+"\n", noDown); len(problems) == 0 {
		t.Error("deep nesting is accepted")
	}
}

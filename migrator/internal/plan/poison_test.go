package plan

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/revision"
)

// poisons are what a text must not bring to a terminal.
var poisons = []string{"\x1b[31m", "\x07", "\r", "\x7f", "\u009b2J", "\u202e", "\u2066", "\u200b", "\u2028", "\u00ad", "\ufeff", "\u00a0", "\u3164", "\ufe0f", "\xff", "\x00"}

// checkClean reports characters in a text that cannot be seen.
func checkClean(t *testing.T, what, s string) {
	t.Helper()
	if strings.ContainsFunc(s, text.IsInvisible) || strings.ToValidUTF8(s, "\x00") != s {
		t.Errorf("%s: %q", what, s)
	}
	if len(s) > 2000 {
		t.Errorf("%s: %d bytes: %.100q", what, len(s), s)
	}
}

// A template is a file with a place for poison, and what must be found in it.
var templates = map[string]string{
	"id":                    "-- m\n--\n-- revision: a%s\n-- down_revision:\n\nSELECT 1;\n",
	"parent":                "-- revision: a\n-- down_revision: b%s\n",
	"own parent":            "-- revision: a%[1]s\n-- down_revision: a%[1]s\n",
	"reserved":              "-- revision: a\n-- down_revision: head, x%s\n",
	"parent twice":          "-- revision: a\n-- down_revision: b%[1]s, b%[1]s\n",
	"dependency":            "-- revision: a\n-- down_revision:\n-- depends_on: b%s\n",
	"own dependency":        "-- revision: a%[1]s\n-- down_revision:\n-- depends_on: a%[1]s\n",
	"label":                 "-- revision: a\n-- down_revision:\n-- branch_labels: b%s\n",
	"label twice":           "-- revision: a\n-- down_revision:\n-- branch_labels: b%[1]s, b%[1]s\n",
	"label is id":           "-- revision: a%[1]s\n-- down_revision:\n-- branch_labels: a%[1]s\n",
	"created":               "-- revision: a\n-- down_revision:\n-- created: 2021%s\n",
	"transaction":           "-- revision: a\n-- down_revision:\n-- transaction: o%sff\n",
	"lock_timeout":          "-- revision: a\n-- down_revision:\n-- lock_timeout: 5%ss\n",
	"no unit":               "-- revision: a\n-- down_revision:\n-- lock_timeout: 5%s\n",
	"accept word":           "-- revision: a\n-- down_revision:\n-- accept: irrev%sersible\n",
	"accept object":         "-- revision: a\n-- down_revision:\n-- accept: destroys a%s\n",
	"accepted object":       "-- revision: a\n-- down_revision:\n-- accept: irreversible a%s\n",
	"key":                   "-- revision: a\n-- down_revision:\n-- revis%sion2: x\n",
	"line":                  "-- revision: a\n-- down_revision:\n-- a line%s\n",
	"no colon":              "-- revision: a\n-- down_revision:\n-- created %s\n",
	"message":               "-- a message%s\n-- revision: a\n-- down_revision:\n",
	"below":                 "-- revision: a\n-- down_revision:\n\n-- depends_on: b%s\n",
	"word":                  "-- revision: a\n-- down_revision:\n\nSEL%sECT 1;\n",
	"command":               "-- revision: a\n-- down_revision:\n\n\\d%sx\n",
	"command in statement":  "-- revision: a\n-- down_revision:\n\nSELECT 1 \\d%sx\n",
	"key of restrict":       "-- revision: a\n-- down_revision:\n\n\\restrict a%s\n",
	"dollar quote":          "-- revision: a\n-- down_revision:\n\nSELECT $a%s$;\n",
	"transaction control":   "-- revision: a\n-- down_revision:\n\nCOMMIT%s;\nBEGIN %s;\n",
	"after copy":            "-- revision: a\n-- down_revision:\n\nCOPY t FROM stdin; %s\n",
	"rows":                  "-- revision: a\n-- down_revision:\n\nCOPY t FROM stdin;\n%s\n\\.\n",
	"separate":              "-- revision: a\n-- down_revision:\n-- transaction: off\n\nSAVEPOINT %s;\n",
	"a long id":             "-- revision: " + strings.Repeat("a", 10_000) + "%s\n-- down_revision: " + strings.Repeat("b", 10_000) + "\n-- branch_labels: " + strings.Repeat("c", 10_000) + "-\n",
	"a long key":            "-- revision: a\n-- down_revision:\n-- " + strings.Repeat("k", 10_000) + "%s: x\n-- lock_timeout: " + strings.Repeat("5", 10_000) + "\n-- created: " + strings.Repeat("2", 10_000) + "\n",
	"a long line and word":  "-- revision: a\n-- down_revision:\n-- accept: " + strings.Repeat("k", 10_000) + "%s\n\n\\" + strings.Repeat("d", 10_000) + "\n$" + strings.Repeat("a", 10_000) + "$",
	"the id of the up file": "-- revision: z%s\n-- down_revision:\n",
}

// What a file contains, and what it is called, reaches no message as it is: neither control characters nor what reorders or
// hides text.
func TestProblemsContainNothingInvisible(t *testing.T) {
	t.Parallel()
	for name, template := range templates {
		for _, poison := range poisons {
			content := strings.ReplaceAll(template, "%[1]s", poison)
			content = strings.ReplaceAll(content, "%s", poison)
			file := strings.NewReplacer("/", "", "\x00", "").Replace("x" + poison)
			files := fstest.MapFS{
				file + ".up.sql": {Data: []byte(content)}, file + ".down.sql": {Data: []byte(content)}, "other" + file + ".down.sql": {Data: []byte(content)},
				file + ".sql": {}, "y" + file + ".up.sql": {Data: []byte(content)}, file + "/y.UP.sql": {},
			}
			revs, problems, err := revision.Load(files, "sql"+poison)
			if err != nil {
				checkClean(t, name, err.Error())
				continue
			}
			_, more := NewFiles(revs)
			if len(problems) == 0 {
				t.Errorf("%s: no problems of %q", name, content)
			}
			for _, p := range append(problems, more...) {
				checkClean(t, name, p.Text)
				checkClean(t, name, p.Error())
			}
		}
	}
}

// Names that only a ledger has, and targets, are shown likewise.
func TestTargetErrorsContainNothingInvisible(t *testing.T) {
	t.Parallel()
	for _, poison := range poisons {
		bad := func(s string) string { return s + poison }
		nodes := []graph.Node{
			{ID: "base1"},
			{ID: bad("left"), DownRevision: []string{"base1"}, Unknown: true},
			{ID: bad("right"), DownRevision: []string{"base1"}, Unknown: true, BranchLabels: []string{bad("label")}},
			{ID: bad("merge"), DownRevision: []string{bad("left"), bad("right")}, Unknown: true},
		}
		g, problems := graph.New(nodes)
		for _, p := range problems {
			checkClean(t, "problem", p.Text)
		}
		if g == nil {
			continue
		}
		targets := []string{bad("x"), bad("left"), bad("label") + "@head", bad("merge") + "-1", "base1+1", "-1", "-9", "+1", "head", bad("a") + "@b", bad("left") + "@" + bad("right"), bad("left") + "@base", "a:" + poison, poison + "@", "a+" + poison, "lef", "heads", bad("merge") + "-7"}
		for _, applied := range []graph.Set{nil, graph.NewSet("base1"), graph.NewSet("base1", bad("left"), bad("right")), graph.NewSet(g.Order()...), graph.NewSet(poison)} {
			for _, target := range targets {
				_, up := g.Upgrade(applied, []string{target})
				_, both := g.Upgrade(applied, []string{target, "base1"})
				_, down := g.Downgrade(applied, target)
				_, _, to := g.To(applied, []string{target})
				_, stamp := g.Stamp(applied, []string{target})
				_, span := g.Range(applied, target+":"+target)
				_, show := g.Resolve(applied, target)
				_, _, start := g.StartUpgrade(target + ":base")
				_, from := g.StartFrom("up", nil, []string{target + ":b"})
				for i, err := range []error{up, both, down, to, stamp, span, show, start, from} {
					var e *graph.TargetError
					if errors.As(err, &e) {
						checkClean(t, fmt.Sprint(i, " reason"), e.Reason)
						checkClean(t, fmt.Sprint(i, " error"), e.Error())
					}
				}
			}
		}
	}
}

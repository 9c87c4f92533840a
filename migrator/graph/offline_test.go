package graph

import (
	"strings"
	"testing"
)

// A script that goes the wrong way is refused, and not empty.
func TestRangeOfUpgradeGoesUp(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a # store; b < a; c < b; x < a; y * c")
	for target, want := range map[string]string{
		"a:c":       "b c",
		"a:b":       "b",
		"a:+1":      "err: ambiguous",
		"b:b":       "",
		"b:x":       "x",
		"base:base": "",
		":b":        "a b",
		"c:":        "err: there are",
		"c:heads":   "x y",
		"c:y":       "y",
		"b":         "a b",
		"c:a":       "up c:a: a (store) is below c, and an upgrade cannot go down; the lower end must be first (a:c)",
		"c:base":    "up c:base: base is below c, and an upgrade cannot go down; the lower end must be first (base:c)",
		"y:b":       "up y:b: b is below y, and an upgrade cannot go down; the lower end must be first (b:y)",
		"heads:x":   "up heads:x: x is below x and y, and an upgrade cannot go down; the lower end must be first (x:heads)",
		"nope:a":    "err: no revision",
		"a:nope":    "err: no revision",
	} {
		var got string
		applied, rest, err := g.StartUpgrade(target)
		if err == nil {
			var ids []string
			ids, err = g.Upgrade(applied, []string{rest})
			got = strings.Join(ids, " ")
		}
		if e, ok := err.(*TargetError); ok {
			got = e.Error() + " (" + strings.Join(e.Choices, " ") + ")"
		}
		if part, found := strings.CutPrefix(want, "err: "); found && part != "ambiguous" && strings.Contains(got, part) || want == "err: ambiguous" && err != nil {
			continue
		}
		if got != want {
			t.Errorf("%s\nhave %s\nwant %s", target, got, want)
		}
	}
}

// A start that is given twice is told as that.
func TestStartIsGivenOnce(t *testing.T) {
	t.Parallel()
	g := mustGraph(t, "a; b < a")
	_, err := g.StartFrom("up", []string{"base"}, []string{"a:b"})
	if e, ok := err.(*TargetError); !ok || e.Error() != "up a:b: the start is given twice: by the range and separately" || len(e.Choices) != 1 || e.Choices[0] != "b" {
		t.Errorf("%v", err)
	}
	if s, err := g.StartFrom("up", []string{"a"}, []string{"b"}); err != nil || !s.Has("a") || s.Has("b") {
		t.Errorf("%v, %v", s, err)
	}
	for target, want := range map[string]string{
		"":  "down: without a database the target must be a range with a start and an end",
		"b": "down b: without a database the target must be a range with a start and an end",
	} {
		if _, _, err := g.StartDowngrade(target); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

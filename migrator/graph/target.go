package graph

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// target is a parsed target: [branch@]symbol, or [branch@][symbol]±steps.
type target struct {
	text     string
	branch   string // "" if there is none
	symbol   string // a name or a reserved word; "" only in +N and -N
	relative bool
	steps    int // negative for -N
}

// withSteps returns the target with another number of steps in the same direction.
func (t target) withSteps(steps int) string {
	sign := "+"
	if t.steps < 0 {
		sign = "-"
	}
	return t.prefix() + t.symbol + sign + strconv.Itoa(steps)
}

// suffix returns the steps of a relative target as they are written, or "".
func (t target) suffix() string {
	if !t.relative {
		return ""
	}
	return fmt.Sprintf("%+d", t.steps)
}

// prefix returns the branch of a target as it is written, or "".
func (t target) prefix() string {
	if t.branch == "" {
		return ""
	}
	return t.branch + "@"
}

// parse parses a target. It accepts only what it understands to the end: "-1x" and
// "a+1@b" are errors, not a step down and a step up.
func (q *query) parse(text string) (target, error) {
	q.text = text
	t := target{text: text}
	if text == "" {
		return t, q.refuse(NotFound, nil, "the target is empty")
	}
	if lower, upper, ok := strings.Cut(text, ":"); ok {
		e := q.refuse(RangeNotAllowed, nil, "a single target is required instead of a range")
		e.Example = cmp.Or(upper, lower, "head")
		return t, e
	}
	branch, rest, ok := strings.Cut(text, "@")
	switch {
	case !ok:
		branch, rest = "", text
	case branch == "":
		return t, q.refuse(NotFound, nil, "missing before the @: a label or revision")
	case rest == "":
		return t, q.refuse(NotFound, nil, "missing after the @: head, base, a revision, +N or -N")
	case strings.Contains(rest, "@"):
		return t, q.refuse(NotFound, nil, "a target can contain only one @")
	case strings.ContainsAny(branch, "+-"):
		return t, q.refuse(NotFound, nil, "steps must be at the end of the target: label@rev+N")
	}
	t.branch, t.symbol = branch, rest
	if at := strings.IndexAny(rest, "+-"); at >= 0 {
		n, ok := parseSteps(rest[at+1:])
		if !ok {
			return t, q.refuse(NotFound, nil, "%q must be followed by a number, and names cannot contain it%s", rest[at:at+1], q.suggestion(rest))
		}
		if rest[at] == '-' {
			n = -n
		}
		t.symbol, t.relative, t.steps = rest[:at], true, n
	}
	return t, nil
}

// parseSteps parses a number of steps. Numbers too large for a graph are capped.
func parseSteps(digits string) (int, bool) {
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), math.MaxInt32)
	}
	return n, digits != ""
}

package graph

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/text"
)

// Why a target is refused.
const (
	NotFound         Kind = "not-found"         // nothing has this name, or it cannot be read as a target
	AmbiguousPrefix  Kind = "ambiguous-prefix"  // several names begin so
	NotInBranch      Kind = "not-in-branch"     // the revision is not on the branch before the @
	NothingOnBranch  Kind = "nothing-on-branch" // the branch before the @ does not lead down to this target
	MultipleHeads    Kind = "multiple-heads"    // head, where there are several
	AmbiguousCurrent Kind = "ambiguous-current" // +N or -N, where several revisions are current
	AmbiguousWalk    Kind = "ambiguous-walk"    // +N or -N that comes to where several ways go on
	RelativeCount    Kind = "relative-count"    // +N or -N by more steps than there are, by none, or the wrong way
	WalkedTooFar     Kind = "walked-too-far"    // rev+N or rev-N that leaves the graph
	NotAncestor      Kind = "not-ancestor"      // a target to go down to that is not applied, a range that goes down
	Overlap          Kind = "overlap"           // several targets of which one brings another along
	NoTarget         Kind = "no-target"         // none was given
	RangeNotAllowed  Kind = "range-not-allowed" // a:b for a run in a database
	RangeRequired    Kind = "range-required"    // a downgrade without a database that does not say where it starts
	BadRange         Kind = "bad-range"         // a history range that is not a:b
	BranchBase       Kind = "branch-base"       // label@base as a whole state
)

// TargetError refuses a target.
type TargetError struct {
	Kind   Kind
	Target string // as it was typed
	// Choices can be typed in its place, where there are any.
	Choices []string
	Text    string // what is wrong and what to type
}

func (e *TargetError) Error() string { return e.Text }

// verb is the command that a target was typed after.
type verb string

const (
	verbUp      verb = "up"
	verbDown    verb = "down"
	verbTo      verb = "to"
	verbFrom    verb = "--from"
	verbStamp   verb = "stamp"
	verbShow    verb = "show"
	verbHistory verb = "history -r"
	verbSQL     verb = "--sql"
)

// target is one target, taken apart: [branch@]symbol, or [branch@][symbol]±steps.
type target struct {
	text     string
	branch   string // "" without
	symbol   string // a name or a reserved word; "" only in +N and -N
	relative bool
	steps    int
}

// with gives the target with another number of steps in the same direction.
func (t target) with(steps int) string {
	sign := "+"
	if t.steps < 0 {
		sign = "-"
	}
	return t.prefix() + t.symbol + sign + strconv.Itoa(steps)
}

// suffix is the relative part of a target, if it has one.
func (t target) suffix() string {
	if !t.relative {
		return ""
	}
	return fmt.Sprintf("%+d", t.steps)
}

func (t target) prefix() string {
	if t.branch == "" {
		return ""
	}
	return t.branch + "@"
}

// query is a target, or several, of one command on one state.
type query struct {
	*Graph
	verb    verb
	applied marks
	current []int32 // the maximal applied ones, by id
	text    string  // the target that is being read, for errors
	// before and after are what stands around it in a range.
	before, after string
}

func (g *Graph) query(v verb, applied Set) (*query, error) {
	q := &query{Graph: g, verb: v, applied: make(marks, len(g.nodes))}
	var lost []string
	for id := range applied {
		if i, ok := g.find(id); ok {
			q.applied[i] = true
		} else {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		id := slices.Min(lost)
		return nil, &TargetError{NotFound, id, nil, fmt.Sprintf("revision %s is applied, but not in the graph", id)}
	}
	q.current = g.maximal(q.applied)
	return q, nil
}

func (q *query) refuse(kind Kind, choices []string, format string, args ...any) error {
	typed := q.text
	unfit := func(r rune) bool { return !strconv.IsPrint(r) }
	if typed == "" || len(typed) > 3*maxName || strings.ContainsFunc(typed, unfit) {
		typed = strconv.Quote(typed[:min(len(typed), 3*maxName)])
	}
	text := fmt.Sprintf("%s %s: %s", q.verb, typed, fmt.Sprintf(format, args...))
	return &TargetError{Kind: kind, Target: q.text, Choices: choices, Text: text}
}

// parse takes a target apart. What it cannot read to the end it refuses: half of "-1x"
// or "a+1@b" is not what was meant.
func (q *query) parse(text string) (target, error) {
	q.text = text
	t := target{text: text}
	if text == "" {
		return t, q.refuse(NotFound, nil, "the target is empty")
	}
	if lower, upper, ok := strings.Cut(text, ":"); ok {
		end := cmp.Or(upper, lower, "head")
		return t, q.refuse(RangeNotAllowed, nil, "a range is for history and for --sql; type %s", q.typed(end))
	}
	branch, rest, ok := strings.Cut(text, "@")
	switch {
	case !ok:
		branch, rest = "", text
	case branch == "":
		return t, q.refuse(NotFound, nil, "nothing stands before the @: a label or a revision belongs there")
	case rest == "":
		return t, q.refuse(NotFound, nil, "nothing stands after the @: head, base, a revision, +N or -N belongs there")
	case strings.Contains(rest, "@"):
		return t, q.refuse(NotFound, nil, "a target has one @ at most")
	case strings.ContainsAny(branch, "+-"):
		return t, q.refuse(NotFound, nil, "a label or a revision stands before the @, steps at the end: label@rev+N")
	}
	t.branch, t.symbol = branch, rest
	if at := strings.IndexAny(rest, "+-"); at >= 0 {
		n, ok := count(rest[at+1:])
		if !ok {
			return t, q.refuse(NotFound, nil, "after %[1]c only a number may follow, and no name holds a %[1]c%[2]s", rest[at], q.meant(rest))
		}
		if rest[at] == '-' {
			n = -n
		}
		t.symbol, t.relative, t.steps = rest[:at], true, n
	}
	return t, nil
}

// count reads the steps. More than there can be revisions are as many as can be.
func count(digits string) (int, bool) {
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), math.MaxInt32)
	}
	return n, digits != ""
}

// branch is what stands before the @.
type branch struct {
	word string // as it was typed
	root int32
	line marks // the root, its ancestors and descendants by down revisions
}

// has says whether a node is on the branch. Without a branch every node is.
func (b *branch) has(i int32) bool { return b == nil || b.line[i] }

func (b *branch) restrict(list []int32) []int32 {
	if b == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(i int32) bool { return !b.line[i] })
}

// branchOf gives the branch of a target, nil when it names none.
func (q *query) branchOf(t target) (*branch, error) {
	if t.branch == "" {
		return nil, nil
	}
	if IsReserved(t.branch) {
		return nil, q.refuse(NotFound, nil, "%s is no branch: a label or a revision stands before the @", t.branch)
	}
	root, err := q.named(t.branch, nil)
	if err != nil {
		return nil, err
	}
	return q.branchAt(root, t.branch), nil
}

func (g *Graph) branchAt(root int32, word string) *branch {
	return &branch{word, root, g.down.reach(root).with(g.up.reach(root))}
}

// means gives the revisions that a target means: none for base.
func (q *query) means(t target) ([]int32, error) {
	if t.relative {
		return q.relative(t)
	}
	b, err := q.branchOf(t)
	if err != nil {
		return nil, err
	}
	return q.symbol(t, b)
}

// symbol gives the revisions that the absolute part of a target means: none for base.
func (q *query) symbol(t target, b *branch) ([]int32, error) {
	switch t.symbol {
	case "base":
		return nil, nil
	case "head":
		heads := b.restrict(q.lineageHeads())
		if len(heads) > 1 {
			return nil, q.multipleHeads(t, heads)
		}
		return heads, nil
	case "heads":
		if b == nil {
			return q.heads(), nil
		}
		return b.restrict(q.lineageHeads()), nil
	case "current":
		if q.verb == verbFrom || q.verb == verbSQL {
			return nil, q.refuse(NotFound, nil, "what is current, only a database can say")
		}
		return b.restrict(q.current), nil
	}
	i, err := q.named(t.symbol, b)
	if err != nil {
		return nil, err
	}
	return []int32{i}, nil
}

// single gives the one revision that the absolute part of a target means, or none.
func (q *query) single(t target, b *branch) (int32, error) {
	list, err := q.symbol(t, b)
	switch {
	case err != nil:
		return none, err
	case len(list) == 0:
		return none, nil
	case len(list) == 1:
		return list[0], nil
	case t.symbol == "current":
		return none, q.ambiguousCurrent(t, "current", list)
	}
	return none, q.multipleHeads(t, list)
}

// named finds a revision by its id, a label, or the prefix of one name. With a branch it
// has to be on it, and a prefix need only be unique there.
func (q *query) named(name string, b *branch) (int32, error) {
	i, ok := q.names[name]
	if !ok {
		names := slices.DeleteFunc(q.prefixed(name), func(n string) bool { return !b.has(q.names[n]) })
		switch {
		case len(names) == 0:
			return none, q.refuse(NotFound, nil, "there is no revision or label %q%s", name, q.meant(name))
		case len(names) > 1:
			return none, q.refuse(AmbiguousPrefix, names, "%d names begin with %q, %s; type more of it", len(names), name, and(names))
		}
		i = q.names[names[0]]
	}
	if !b.has(i) {
		alone := strings.TrimPrefix(q.text, b.word+"@")
		return none, q.refuse(NotInBranch, []string{alone}, "%s is not on branch %s; type %s", q.name(i), b.word, q.typed(alone))
	}
	return i, nil
}

func (q *query) meant(word string) string {
	if near := text.Nearest(word, q.words()); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

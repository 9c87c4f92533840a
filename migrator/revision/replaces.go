package revision

import (
	"iter"
	"strings"

	"example.com/ambix/migrator/internal/name"
	"example.com/ambix/migrator/internal/text"
)

// Replaced is a revision that was replaced by another one. If it had replaced revisions itself, Replaces contains them: a
// database may still have these in its place.
type Replaced struct {
	ID       string
	Replaces []Replaced
}

// String returns the revision as it is written: "c" or "c (a, b)".
func (r Replaced) String() string {
	if len(r.Replaces) == 0 {
		return r.ID
	}
	return r.ID + " (" + replacedValue(r.Replaces) + ")"
}

// replacedValue returns revisions as the value of the key.
func replacedValue(list []Replaced) string {
	words := make([]string, len(list))
	for i, r := range list {
		words[i] = r.String()
	}
	return strings.Join(words, ", ")
}

// ReplacedIDs returns the ids of all revisions that a revision replaces, directly or through one that it replaces, in the
// order of the header.
func (r *Revision) ReplacedIDs() []string {
	var ids []string
	for x := range eachReplaced(r.Replaces) {
		ids = append(ids, x.ID)
	}
	return ids
}

// eachReplaced yields the revisions of a list, each before those that it has replaced.
func eachReplaced(list []Replaced) iter.Seq[Replaced] {
	var walk func([]Replaced, func(Replaced) bool) bool
	walk = func(list []Replaced, yield func(Replaced) bool) bool {
		for _, r := range list {
			if !yield(r) || !walk(r.Replaces, yield) {
				return false
			}
		}
		return true
	}
	return func(yield func(Replaced) bool) { walk(list, yield) }
}

func equalReplaced(a, b []Replaced) bool { return replacedValue(a) == replacedValue(b) }

// replaced returns the elements of the replaces key.
func (p *parser) replaced() []Replaced {
	e := p.entries[keyReplaces]
	if e.start == e.end {
		return nil
	}
	r := replacesReader{parser: p, at: e.start, end: e.end, seen: name.NewSet(strings.Count(p.value(e), ",") + strings.Count(p.value(e), "(") + 1)}
	list := r.list()
	if r.at < r.end {
		p.report(r.at, `%s: ")" without "("`, keys[keyReplaces])
	}
	return list
}

// replacesReader reads the value of the replaces key: ids separated by commas, each of which may be followed by such a list
// in parentheses.
type replacesReader struct {
	*parser
	at, end int
	depth   int
	seen    name.Set
}

const maxReplacedDepth = 100

// list reads up to the end, or to a closing parenthesis.
func (r *replacesReader) list() []Replaced {
	var list []Replaced
	for {
		if x, ok := r.element(); ok {
			list = append(list, x)
		}
		if r.at == r.end || r.text[r.at] != ',' {
			return list
		}
		r.at++
	}
}

// element reads an id and the list that follows it. ok is false if it was reported.
func (r *replacesReader) element() (x Replaced, ok bool) {
	start, end := r.word()
	x.ID = r.text[start:end]
	switch err := checkName("id", x.ID); {
	case x.ID == "":
		r.report(start, "%s: empty element in the list: remove the comma or the parentheses", keys[keyReplaces])
	case !r.seen.Add(x.ID):
		r.report(start, "%s: %s is listed twice", keys[keyReplaces], text.Quote(x.ID))
	case err != nil:
		r.report(start, "%s: %s", keys[keyReplaces], err)
	default:
		ok = true
	}
	if r.at == r.end || r.text[r.at] != '(' {
		return x, ok
	}
	open := r.at
	if r.depth++; r.depth > maxReplacedDepth {
		r.report(open, "%s: too many nested parentheses", keys[keyReplaces])
		r.at = r.end
		return x, false
	}
	r.at++
	x.Replaces = r.list()
	r.depth--
	if r.at == r.end {
		r.report(open, `%s: missing ")"`, keys[keyReplaces])
		return x, false
	}
	r.at++ // the closing parenthesis
	if start, end := r.word(); start < end {
		r.report(start, `%s: missing comma after ")"`, keys[keyReplaces])
	}
	return x, ok
}

// word reads up to the next comma or parenthesis, and returns where the text is without white space around it.
func (r *replacesReader) word() (start, end int) {
	from := r.at
	if i := strings.IndexAny(r.text[r.at:r.end], ",()"); i >= 0 {
		r.at += i
	} else {
		r.at = r.end
	}
	return trim(r.text, from, r.at)
}

package schema

import "strings"

// Change is how an object differs between two schemas.
type Change uint8

// The changes.
const (
	Removed       Change = iota + 1 // only in the first schema
	Added                           // only in the second schema
	Changed                         // at least one fact differs
	NotComparable                   // equal but for text that the two servers print in different ways
)

// String returns the word for a change: removed, added, changed or "not comparable".
func (c Change) String() string {
	return [...]string{"", "removed", "added", "changed", "not comparable"}[c]
}

// Difference is one object that is not the same in two schemas.
type Difference struct {
	Key    Key
	Change Change
	Facts  []FactChange // of Changed and NotComparable, sorted by name
}

// FactChange is a fact with different values. "" is an absent fact, which means the default.
type FactChange struct {
	Name     string
	From, To string
	// NotComparable means that the values differ, but that the servers would print equal expressions differently, or that
	// one of them does not record the property.
	NotComparable bool
}

// Compare returns what differs between s and a later or desired schema, sorted by key. Facts of the facets in except are
// left out. An object whose parent is removed or added, such as the column of a new table, is not listed.
//
// A moment that the server wrote into an expression when the object was made, as it does for 'now'::timestamp, is no
// difference. It does not look at Refused: a schema that is Damaged should not be compared.
func (s *Schema) Compare(to *Schema, except ...Facet) []Difference {
	c := comparison{from: s, to: to, sameClass: TextClass(s.Version) == TextClass(to.Version)}
	for _, facet := range except {
		c.except |= facet
	}
	i, j := 0, 0
	for i < len(s.Objects) || j < len(to.Objects) {
		switch {
		case j == len(to.Objects) || i < len(s.Objects) && s.Objects[i].Key.Compare(to.Objects[j].Key) < 0:
			c.oneSided(s.Objects[i], Removed, to)
			i++
		case i == len(s.Objects) || s.Objects[i].Key != to.Objects[j].Key:
			c.oneSided(to.Objects[j], Added, s)
			j++
		default:
			c.both(s.Objects[i], to.Objects[j])
			i, j = i+1, j+1
		}
	}
	return c.differences
}

type comparison struct {
	from, to    *Schema
	except      Facet
	sameClass   bool
	differences []Difference
}

func (c *comparison) oneSided(o *Object, change Change, other *Schema) {
	if o.Parent != nil && other.Object(o.Parent.Key) == nil {
		return
	}
	if c.except&kinds[o.Key.Kind].facet != 0 {
		return
	}
	c.differences = append(c.differences, Difference{Key: o.Key, Change: change})
}

func (c *comparison) both(from, to *Object) {
	if c.except&kinds[from.Key.Kind].facet != 0 {
		return
	}
	var changes []FactChange
	change := NotComparable
	for f := range mergeFacts(from.Facts, to.Facts) {
		if f.From == f.To || c.except&FacetOf(f.Name) != 0 {
			continue
		}
		if IsText(f.Name) && (comparableText(f.From) == comparableText(f.To) || c.sameButMoment(f.From, f.To)) {
			continue
		}
		f.NotComparable = !c.comparable(from.Key.Kind, f)
		if !f.NotComparable {
			change = Changed
		}
		changes = append(changes, f)
	}
	if len(changes) > 0 {
		c.differences = append(c.differences, Difference{Key: from.Key, Change: change, Facts: changes})
	}
}

// comparable reports whether different values mean different things.
func (c *comparison) comparable(k Kind, f FactChange) bool {
	name := f.Name
	if k == Domain && name == "not null name" {
		name = "domain not null name"
	}
	if !recorded(name, c.from.Version) || !recorded(name, c.to.Version) {
		return false
	}
	return c.sameClass || !IsText(name) || f.From == "" || f.To == ""
}

// mergeFacts yields every fact of two sorted lists once, with both values.
func mergeFacts(from, to []Fact) func(func(FactChange) bool) {
	return func(yield func(FactChange) bool) {
		i, j := 0, 0
		for i < len(from) || j < len(to) {
			var f FactChange
			switch {
			case j == len(to) || i < len(from) && strings.Compare(from[i].Name, to[j].Name) < 0:
				f = FactChange{Name: from[i].Name, From: from[i].Value}
				i++
			case i == len(from) || from[i].Name != to[j].Name:
				f = FactChange{Name: to[j].Name, To: to[j].Value}
				j++
			default:
				f = FactChange{Name: to[j].Name, From: from[i].Value, To: to[j].Value}
				i, j = i+1, j+1
			}
			if !yield(f) {
				return
			}
		}
	}
}

package schema

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// Key identifies an object within a database. Name is what COMMENT ON has after the kind, with identifiers quoted by
// [QuoteIdent]: "public.f(integer)" for a function, "x ON public.t" for a constraint, "public.t.c" for a column.
type Key struct {
	Kind Kind
	Name string
}

// String returns the key as COMMENT ON names the object, such as "TABLE public.account".
func (k Key) String() string { return k.Kind.String() + " " + k.Name }

// Compare orders keys by kind and name.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Kind, other.Kind), strings.Compare(k.Name, other.Name))
}

// Fact is one property of an object. Neither the name nor the value is ever empty: a property with its default value is
// not a fact. Values that are lists are JSON arrays of strings.
type Fact struct {
	Name  string
	Value string
}

// Need is a dependency: the object needs On.
type Need struct {
	On *Object
	// Kind is the code of pg_depend: n for normal, a for automatic, i for internal, and P and S for those of partitions.
	Kind byte
}

// Object is one object of a database. It must not be modified once it is part of a [Schema].
type Object struct {
	Key    Key
	Schema string // the name of its schema, not quoted; "" if it is in none
	Name   string // its own name, not quoted; "" if it has none, such as a cast
	Facts  []Fact // sorted by name; what is compared and hashed
	// Details are facts that are needed to write SQL but never compared, sorted by name.
	Details []Fact
	Parent  *Object   // the table of a column, the column of a default, the domain of a constraint; or nil
	Parts   []*Object // the objects whose parent it is: columns in their order, then all others by key
	Needs   []Need    // sorted by key, each object once for each code
}

// Fact returns the value of a fact, or "".
func (o *Object) Fact(name string) string { return find(o.Facts, name) }

// Detail returns the value of a detail, or "".
func (o *Object) Detail(name string) string { return find(o.Details, name) }

// find returns the value of a fact, or "".
//
//go:noinline // many calls: copies would take more room
func find(facts []Fact, name string) string {
	for _, f := range facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// AddFact adds a fact unless the value is empty. It is for building a schema; [New] sorts the facts.
func (o *Object) AddFact(name, value string) {
	if value != "" {
		o.Facts = append(o.Facts, Fact{name, value})
	}
}

// AddDetail does the same for a detail.
func (o *Object) AddDetail(name, value string) {
	if value != "" {
		o.Details = append(o.Details, Fact{name, value})
	}
}

// Columns returns the parts that are columns, in their order.
func (o *Object) Columns() []*Object {
	n := slices.IndexFunc(o.Parts, func(p *Object) bool { return p.Key.Kind != Column })
	if n < 0 {
		n = len(o.Parts)
	}
	return o.Parts[:n]
}

func (o *Object) sort() {
	for _, facts := range [][]Fact{o.Facts, o.Details} {
		less := func(i, j int) bool { return facts[i].Name < facts[j].Name }
		if !sort.SliceIsSorted(facts, less) { // sorted facts may be those of another schema; see Without
			sort.Slice(facts, less)
		}
	}
	slices.SortStableFunc(o.Parts, func(a, b *Object) int {
		if a.Key.Kind == Column || b.Key.Kind == Column {
			return cmp.Compare(notColumn(a), notColumn(b)) // columns keep their order
		}
		return a.Key.Compare(b.Key)
	})
	sort.Slice(o.Needs, func(i, j int) bool {
		a, b := o.Needs[i], o.Needs[j]
		return cmp.Or(a.On.Key.Compare(b.On.Key), cmp.Compare(a.Kind, b.Kind)) < 0
	})
	o.Needs = slices.Compact(o.Needs)
}

func notColumn(o *Object) int {
	if o.Key.Kind == Column {
		return 0
	}
	return 1
}

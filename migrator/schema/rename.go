package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Renaming gives an object a new name, or moves it to another schema, or both. The key is that of the object before, with the
// renames before it applied.
type Renaming struct {
	Key    Key
	Name   string // not quoted; "": the same
	Schema string // not quoted; "": the same
}

// To returns the new name as it is written after the old one: with the schema if that is another one.
func (r Renaming) To() string { return Qualify(r.Schema, r.Name) }

// Verb returns "renamed", or "moved" if the object gets another schema.
func (r Renaming) Verb() string {
	if r.Schema != "" {
		return "moved"
	}
	return "renamed"
}

// RenameError reports a rename that cannot be applied.
type RenameError struct {
	Key    Key
	Name   string // the new name, or the name of the schema that the object should move to
	Reason string
	Moves  bool
}

func (e *RenameError) Error() string {
	if e.Moves {
		return fmt.Sprintf("move %s to schema %s: %s", e.Key, QuoteIdent(e.Name), e.Reason)
	}
	return fmt.Sprintf("rename %s to %s: %s", e.Key, QuoteIdent(e.Name), e.Reason)
}

// Rename returns the schema as it is after ALTER … RENAME TO. name is not quoted. Keys change with the object: those of a
// table's columns, constraints and triggers, and those of functions with a renamed type among their arguments. Texts of
// the server change where it prints the new name by itself: in the definitions of everything that refers to a relation,
// type or function; and, for a column, in the constraints, indexes, defaults, statistics, triggers and policies of its
// table. Views and functions that use a renamed column are left as they are, because the server then prints both names:
// they compare as changed. A column and a check are renamed together with those that children inherit, as the server does
// it, and an attribute together with the columns of typed tables. s itself does not change. The error is a *RenameError.
func (s *Schema) Rename(key Key, name string) (*Schema, error) {
	renamed, _, err := s.rename(key, name)
	return renamed, err
}

// rename also returns the new key.
func (s *Schema) rename(key Key, name string) (*Schema, Key, error) {
	wrong := func(reason string) (*Schema, Key, error) { return nil, Key{}, &RenameError{key, name, reason, false} }
	target := s.Object(key)
	switch {
	case target == nil:
		return wrong("no such object")
	case target.Name == "" || key.Kind == Default || key.Kind == UserMapping || key.Kind == Extension:
		return wrong("objects of this kind cannot be renamed")
	case name == "":
		return wrong("the new name is empty")
	case s.isTaken(target, Qualify(target.Schema, name)):
		return wrong("that name is already in use")
	}
	with, reason := s.renamedWith(target)
	if reason != "" {
		return wrong(reason)
	}
	r := newRenaming(target, name, with)
	renamed, err := New(s.Version, r.copy(s.Objects), s.Refused, s.Members)
	if err != nil {
		return wrong("that name is already in use")
	}
	return renamed, Key{key.Kind, r.key(target)}, nil
}

// renaming rewrites keys and facts.
type renaming struct {
	target   *Object
	with     map[*Object]bool   // the target, and what is renamed together with it
	tables   map[string]*Object // of columns: the tables that have them, by the name in their key
	from, to string             // quoted if they have to be
	name     string
	related  bool // the object that is rewritten depends on the target, so that name.column is a column of that
}

func newRenaming(target *Object, name string, with map[*Object]bool) renaming {
	r := renaming{target: target, with: with, tables: map[string]*Object{}, from: QuoteIdent(target.Name), to: QuoteIdent(name), name: name}
	for o := range with {
		if o.Key.Kind == Column {
			r.tables[o.Parent.Key.Name] = o.Parent
		}
	}
	return r
}

// copy returns copies of all objects with the new name in them.
func (r renaming) copy(objects []*Object) []*Object {
	copies := make(map[*Object]*Object, len(objects))
	list := make([]*Object, len(objects))
	for i, o := range objects {
		list[i] = &Object{Key: Key{o.Key.Kind, r.key(o)}, Schema: o.Schema, Name: o.Name, Facts: r.facts(o), Details: r.details(o)}
		copies[o] = list[i]
		switch {
		case r.with[o] || o.Key.Kind == Default && r.with[o.Parent]:
			list[i].Name = r.name
		case r.target.Key.Kind == Namespace && o.Schema == r.target.Name:
			list[i].Schema = r.name
		}
	}
	for i, o := range objects {
		list[i].Parent = copies[o.Parent]
		for _, p := range o.Parts {
			list[i].Parts = append(list[i].Parts, copies[p])
		}
		for _, n := range o.Needs {
			list[i].Needs = append(list[i].Needs, Need{copies[n.On], n.Kind})
		}
		if r.with[o] || r.with[o.Parent] {
			list[i].setMadeNames()
		}
	}
	return list
}

// isLocal reports whether the name of the target occurs in its own key and definition only: those of a constraint, a
// trigger and the like.
func (r renaming) isLocal() bool {
	switch r.target.Key.Kind {
	case Index, Statistics, Constraint, Trigger, Rule, Policy:
		return true
	}
	return false
}

func (r renaming) key(o *Object) string {
	switch kind := r.target.Key.Kind; {
	case kind == Column && r.with[o]:
		return o.Parent.Key.Name + "." + r.to
	case kind == Column && o.Key.Kind == Default && r.with[o.Parent]:
		return o.Parent.Parent.Key.Name + "." + r.to
	case kind == Column:
		return o.Key.Name
	case r.isLocal() && !r.with[o]:
		return o.Key.Name
	case r.isLocal():
		return r.rewriteFirst(o.Key.Name)
	}
	if r.target.Key.Kind == Namespace && (o == r.target || o.Key.Kind == DefaultPrivileges && o.Schema == r.target.Name) {
		before, after, _ := strings.Cut(o.Key.Name, " IN SCHEMA "+r.from+" ")
		if o == r.target {
			return r.to
		}
		return before + " IN SCHEMA " + r.to + " " + after
	}
	return r.rewrite(o.Key.Name)
}

// namesObject reports whether the name of a fact ends with the name of another object, such as "triggers on app.account".
func namesObject(fact string) bool {
	return slices.ContainsFunc([]string{"triggers on ", "table ", "filter ", "operator ", "function "}, func(prefix string) bool {
		return strings.HasPrefix(fact, prefix)
	})
}

func (r renaming) details(o *Object) []Fact {
	details := slices.Clone(o.Details)
	for i, d := range details {
		switch {
		case d.Name == "index" && o == r.target:
			details[i].Value = Qualify(o.Parent.Schema, r.name) // named like its constraint
		case r.isLocal() || r.target.Key.Kind == Column:
		case d.Name == "sequence schema" && r.target.Key.Kind == Namespace && d.Value == r.target.Name:
			details[i].Value = r.name
		case slices.Contains([]string{"index", "identity arguments", "result", "left", "right"}, d.Name):
			details[i].Value = r.rewrite(d.Value)
		}
	}
	return details
}

func (r renaming) facts(o *Object) []Fact {
	r.related = slices.ContainsFunc(o.Needs, func(n Need) bool { return n.On == r.target || n.On.Parent == r.target }) || o.Parent == r.target
	facts := slices.Clone(o.Facts)
	index := r.indexName()
	for i, f := range facts {
		if FacetOf(f.Name) != 0 || f.Name == "labels" {
			continue
		}
		switch {
		case r.target.Key.Kind == Namespace && o.Key.Kind == Extension && f.Name == "installed in" && f.Value == r.from:
			facts[i].Value = r.to
		case r.target.Key.Kind == Namespace && o.Key.Kind == Publication && f.Name == "schema "+r.from:
			facts[i].Name = "schema " + r.to
		case r.target.Key.Kind == Trigger && isTableKind(o.Key.Kind) && f.Name == "trigger "+r.from && o.inherits(r.target.Parent):
			facts[i].Name = "trigger " + r.to // the copy on a partition
		case r.target.Key.Kind == Column:
			facts[i].Value = r.columnFact(o, f)
		case f.Name == "parent" && f.Value == index:
			facts[i].Value = Qualify(r.target.Schema, r.name) // the index of a partition
		case r.isLocal() && r.with[o]:
			facts[i].Value = r.rewriteFirst(f.Value)
		case !r.isLocal():
			facts[i].Value = r.rewrite(f.Value)
			if namesObject(f.Name) {
				facts[i].Name = r.rewrite(f.Name)
			}
		}
	}
	return facts
}

func isTableKind(k Kind) bool { return k == Table || k == ForeignTable }

// inherits reports whether a table is a partition of another one, possibly through others.
func (o *Object) inherits(ancestor *Object) bool {
	return slices.ContainsFunc(o.Needs, func(n Need) bool {
		return isTableKind(n.On.Key.Kind) && n.On != o && o.Fact("partition") != "" && (n.On == ancestor || n.On.inherits(ancestor))
	})
}

package schema

import (
	"path"
	"slices"
	"strings"
)

// WithoutNames is Without for the objects whose names, qualified or as in their keys, match one of the patterns.
func (s *Schema) WithoutNames(patterns ...string) *Schema {
	if len(patterns) == 0 {
		return s
	}
	matches := func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return MatchName(p, name) })
	}
	return s.Without(func(o *Object) bool { return matches(o.QualifiedName()) || matches(o.Key.Name) })
}

// MatchName reports whether a name matches a pattern, as path.Match has it, but where a slash is a character like any other. A
// pattern that is not valid matches nothing.
func MatchName(pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x01"), strings.ReplaceAll(name, "/", "\x01"))
	return ok && err == nil
}

// Without returns the schema without the objects for which leave returns true, without their parts, and without what the
// others need of them. Refusals of the objects that are left out are left out too. s itself does not change.
func (s *Schema) Without(leave func(*Object) bool) *Schema {
	left := map[*Object]bool{}
	for _, o := range s.Objects {
		for p := o; p != nil && !left[o]; p = p.Parent {
			left[o] = leave(p)
		}
	}
	copies := make(map[*Object]*Object, len(s.Objects))
	var objects []*Object
	for _, o := range s.Objects {
		if !left[o] {
			clone := *o
			copies[o] = &clone
			objects = append(objects, &clone)
		}
	}
	for _, o := range objects {
		o.Parent = copies[o.Parent]
		parts, needs := o.Parts, o.Needs
		o.Parts, o.Needs = nil, nil
		for _, p := range parts {
			if copies[p] != nil {
				o.Parts = append(o.Parts, copies[p])
			}
		}
		for _, n := range needs {
			if copies[n.On] != nil {
				o.Needs = append(o.Needs, Need{copies[n.On], n.Kind})
			}
		}
	}
	refused := slices.DeleteFunc(slices.Clone(s.Refused), func(r Refusal) bool {
		return slices.ContainsFunc(s.Objects, func(o *Object) bool { return left[o] && r.isAbout(o) })
	})
	rest, _ := New(s.Version, objects, refused, s.Members) // keys stay unique
	rest.Read = s.Read
	return rest
}

// isAbout reports whether a refusal names an object.
func (r Refusal) isAbout(o *Object) bool {
	return r.Object == strings.ToLower(o.Key.Kind.String())+" "+o.Key.Name
}

// QualifiedName returns the name of an object with its schema, such as public.account, or its key's name if it has no name
// of its own.
func (o *Object) QualifiedName() string {
	if o.Name == "" {
		return o.Key.Name
	}
	return Qualify(o.Schema, o.Name)
}

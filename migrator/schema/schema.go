package schema

import (
	"slices"
	"sort"
	"time"
)

// Schema is the schema of one database. It is immutable and safe for concurrent use.
type Schema struct {
	// Version is the server's version in the form of server_version_num, such as 150020.
	Version int
	// Objects are all objects, parts included, sorted by key. No two have the same key.
	Objects []*Object
	// Refused names what cannot be written as SQL by this program, sorted. The objects are among Objects if their facts
	// could be read.
	Refused []Refusal
	// Members is the number of catalog rows that belong to extensions and are therefore not objects.
	Members int
	// Read is when the schema was read, by the clock of this program; zero if that is not known. Compare uses it.
	Read time.Time

	byKey      map[Key]*Object
	dependents map[*Object][]*Object
}

// Refusal is an object that the program cannot write as SQL.
type Refusal struct {
	Object string // as a message names it, such as "index public.account_name_idx"
	Name   string // of the object, with its schema; "" if it is not an object of its own
	Reason string // what follows the object in a sentence, with the way out, such as "is invalid: rebuild it first"
	// Damage reports an object that is not as it should be, so that comparing the schema would mislead.
	Damage bool
	// Repair is the statement that repairs the damage, or several with "or" between them; "" if none is known.
	Repair string
	// Destructive reports a change that is only refused because it would destroy rows.
	Destructive bool
}

// String returns the refusal as one sentence.
func (r Refusal) String() string { return r.Object + " " + r.Reason }

// DuplicateError reports two objects with the same key.
type DuplicateError struct{ Key Key }

func (e *DuplicateError) Error() string { return "two objects are called " + e.Key.String() }

// New returns the schema of these objects, in any order. It sorts them and what they contain. Every object that is a
// parent or a part or is needed must be among them. The error is a *DuplicateError.
func New(version int, objects []*Object, refused []Refusal, members int) (*Schema, error) {
	s := &Schema{
		Version: version, Objects: slices.Clone(objects), Refused: slices.Clone(refused), Members: members,
		byKey: make(map[Key]*Object, len(objects)), dependents: map[*Object][]*Object{},
	}
	slices.SortFunc(s.Objects, func(a, b *Object) int { return a.Key.Compare(b.Key) })
	sort.Slice(s.Refused, func(i, j int) bool { return s.Refused[i].String() < s.Refused[j].String() })
	for _, o := range s.Objects {
		if s.byKey[o.Key] != nil {
			return nil, &DuplicateError{o.Key}
		}
		s.byKey[o.Key] = o
		o.sort()
	}
	for _, o := range s.Objects {
		for _, need := range o.Needs {
			list := s.dependents[need.On]
			if len(list) == 0 || list[len(list)-1] != o {
				s.dependents[need.On] = append(list, o)
			}
		}
	}
	return s, nil
}

// Damaged returns the refusals that are a reason not to compare the schema.
func (s *Schema) Damaged() []Refusal {
	return slices.DeleteFunc(slices.Clone(s.Refused), func(r Refusal) bool { return !r.Damage })
}

// Object returns the object with this key, or nil.
func (s *Schema) Object(k Key) *Object { return s.byKey[k] }

// Dependents returns the objects that need o, sorted by key. Parts of o are among them only if they depend on it in
// pg_depend.
func (s *Schema) Dependents(o *Object) []*Object { return s.dependents[o] }

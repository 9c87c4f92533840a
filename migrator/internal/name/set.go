package name

import "slices"

// Set is a set of names. It is made for the few names of a list in a header, and yet takes constant time per name if there
// are a hundred thousand.
type Set struct {
	few  []string
	many map[string]struct{}
}

// NewSet returns an empty set for about n names.
func NewSet(n int) *Set {
	const few = 16
	if n > few {
		return &Set{many: make(map[string]struct{}, n)}
	}
	return &Set{}
}

// Add adds a name. It reports whether the set did not contain it.
func (s *Set) Add(name string) bool {
	if s.many == nil {
		if slices.Contains(s.few, name) {
			return false
		}
		s.few = append(s.few, name)
		return true
	}
	n := len(s.many)
	s.many[name] = struct{}{}
	return len(s.many) > n
}

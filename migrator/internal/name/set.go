package name

import "slices"

// Set is a set of names. It is made for the few names of a list in a header, and yet takes constant time per name if there
// are a hundred thousand.
type Set struct {
	few  [fewNames]string
	n    int // in few
	many map[string]struct{}
}

const fewNames = 8

// NewSet returns an empty set for at most n names.
func NewSet(n int) Set {
	if n > fewNames {
		return Set{many: make(map[string]struct{}, n)}
	}
	return Set{}
}

// Add adds a name. It reports whether the set did not contain it.
func (s *Set) Add(name string) bool {
	if s.many == nil {
		if slices.Contains(s.few[:s.n], name) {
			return false
		}
		s.few[s.n] = name
		s.n++
		return true
	}
	n := len(s.many)
	s.many[name] = struct{}{}
	return len(s.many) > n
}

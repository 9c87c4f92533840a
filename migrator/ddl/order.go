package ddl

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"example.com/ambix/migrator/schema"
)

// sorted returns the units such that each follows what it needs: the first by rank and name of those that can come next.
// There must be no cycle.
func sorted(units []*unit) []*unit {
	waiting, dependents := map[*unit]int{}, map[*unit][]*unit{}
	var ready unitHeap
	for _, u := range units {
		waiting[u] = len(u.needs)
		for n := range u.needs {
			dependents[n] = append(dependents[n], u)
		}
		if len(u.needs) == 0 {
			ready = append(ready, u)
		}
	}
	heap.Init(&ready)
	var list []*unit
	for len(ready) > 0 {
		u := heap.Pop(&ready).(*unit)
		list = append(list, u)
		for _, d := range dependents[u] {
			if waiting[d]--; waiting[d] == 0 {
				heap.Push(&ready, d)
			}
		}
	}
	return list
}

func compareUnits(a, b *unit) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.key, b.key))
}

type unitHeap []*unit

func (h unitHeap) Len() int           { return len(h) }
func (h unitHeap) Less(i, j int) bool { return compareUnits(h[i], h[j]) < 0 }
func (h unitHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *unitHeap) Push(x any)        { *h = append(*h, x.(*unit)) }
func (h *unitHeap) Pop() any {
	last := len(*h) - 1
	u := (*h)[last]
	*h = (*h)[:last]
	return u
}

// acyclicUnits returns the units after all cycles were broken. The error is a *CycleError.
func (w *writer) acyclicUnits() ([]*unit, error) {
	for {
		units := w.units()
		cycles := findCycles(units)
		if len(cycles) == 0 {
			return units, nil
		}
		for _, cycle := range cycles {
			if !w.breakCycle(cycle) {
				return nil, &CycleError{cyclePath(cycle)}
			}
		}
	}
}

// breakCycle takes something out of its unit that makes the cycle, and reports whether there is anything. It prefers a
// default or a check, then a view, then a type.
func (w *writer) breakCycle(cycle []*unit) bool {
	members := map[*schema.Object]bool{}
	for _, u := range cycle {
		members[u.object] = true
	}
	broken := false
	for _, o := range w.schema.Objects {
		if !w.inline[o] || !members[w.home(o)] || w.home(o) == o || isGenerated(o) {
			continue
		}
		table := w.home(o)
		if slices.ContainsFunc(o.Needs, func(n schema.Need) bool { home := w.home(n.On); return home != table && members[home] }) {
			w.inline[o] = false
			broken = true
		}
	}
	if broken {
		return true
	}
	slices.SortFunc(cycle, compareUnits)
	for _, u := range cycle {
		if u.object.Key.Kind == schema.View && !w.stub[u.object] {
			w.stub[u.object] = true
			return true
		}
	}
	for _, u := range cycle {
		if u.object.Fact("form") == "range" && !w.shell[u.object] {
			w.shell[u.object] = true
			return true
		}
	}
	return false
}

// isGenerated reports whether a default is the expression of a generated column, which cannot be set later.
func isGenerated(o *schema.Object) bool {
	return o.Key.Kind == schema.Default && o.Parent.Fact("generated") != ""
}

// findCycles returns the strongly connected components of more than one unit (Tarjan's algorithm).
func findCycles(units []*unit) [][]*unit {
	t := tarjan{index: map[*unit]int{}, low: map[*unit]int{}, onStack: map[*unit]bool{}}
	for _, u := range units {
		if t.index[u] == 0 {
			t.visit(u)
		}
	}
	return t.cycles
}

type tarjan struct {
	index, low map[*unit]int
	onStack    map[*unit]bool
	stack      []*unit
	cycles     [][]*unit
}

func (t *tarjan) visit(u *unit) {
	t.index[u] = len(t.index) + 1
	t.low[u] = t.index[u]
	t.stack, t.onStack[u] = append(t.stack, u), true
	for n := range u.needs {
		if t.index[n] == 0 {
			t.visit(n)
			t.low[u] = min(t.low[u], t.low[n])
		} else if t.onStack[n] {
			t.low[u] = min(t.low[u], t.index[n])
		}
	}
	if t.low[u] != t.index[u] {
		return
	}
	first := slices.Index(t.stack, u)
	component := slices.Clone(t.stack[first:])
	t.stack = t.stack[:first]
	for _, c := range component {
		t.onStack[c] = false
	}
	if len(component) > 1 {
		t.cycles = append(t.cycles, component)
	}
}

// cyclePath returns the objects along one way around a cycle.
func cyclePath(cycle []*unit) []schema.Key {
	slices.SortFunc(cycle, compareUnits)
	var path []*unit
	for u := cycle[0]; ; {
		if i := slices.Index(path, u); i >= 0 {
			path = append(path[i:], u)
			break
		}
		path = append(path, u)
		for _, next := range cycle {
			if u.needs[next] {
				u = next
				break
			}
		}
	}
	var keys []schema.Key
	for _, u := range path {
		keys = append(keys, u.object.Key)
	}
	return keys
}

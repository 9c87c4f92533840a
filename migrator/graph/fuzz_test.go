package graph

import "testing"

// FuzzTarget passes any text as a target to every operation: it is refused with a target
// error, or every step keeps the state closed.
func FuzzTarget(f *testing.F) {
	for _, text := range []string{
		"", "head", "heads", "base", "current", "b", "one", "abcd", "+1", "-1", "+0", "b+1", "b-2", "one@head", "one@+1", "two@-1", "one@b",
		"base-1", "head+1", "current-1", "-99999999999999999999", "+1x", "a@b@c", "@", "a@", "@b", ":", "a:c", "-1:current", "\x00", "é+1", "a+-1",
	} {
		f.Add(text, uint8(3))
	}
	graphs := []*Graph{
		mustGraph(f, ""),
		mustGraph(f, "a; b < a; c1 < b # one; d1 < c1; c2 < b # two; d2 < c2; m < d1 d2; n < m"),
		mustGraph(f, "abcd1; abcd2 < abcd1 # one; abce < abcd1 * abcd2; x # two; y < x * abce; z < y x; q ?; r < q z ?"),
	}
	f.Fuzz(func(t *testing.T, text string, current uint8) {
		for _, g := range graphs {
			applied := Set{}
			if order := g.Order(); len(order) > 0 {
				applied = g.Closure(NewSet(order[int(current)%len(order)], order[int(current/8)%len(order)]))
			}
			for _, verb := range []string{"up", "down", "to", "stamp", "show", "history"} {
				checkMove(t, g, applied, verb+" "+text)
			}
			for _, start := range []func(string) (Set, string, error){g.Start, g.StartDowngrade} {
				if from, _, err := start(text); err == nil && !closed(g, from) {
					t.Errorf("%q starts from %v", text, from.IDs())
				}
			}
		}
	})
}

// FuzzNew builds a graph from any nodes.
func FuzzNew(f *testing.F) {
	f.Add("a; b < a; c < b a * x # one; x")
	f.Add("a < b; b < a; c * d; d * c; e < e; f * f; a; g # a # a; h < hh")
	f.Fuzz(func(t *testing.T, text string) {
		g, problems := New(parseNodes(text))
		if (g == nil) != (len(problems) > 0) {
			t.Fatalf("graph %v with problems %v", g, problems)
		}
		for _, p := range problems {
			if p.Kind == "" || p.Key == "" || p.Text == "" {
				t.Errorf("%#v", p)
			}
		}
	})
}

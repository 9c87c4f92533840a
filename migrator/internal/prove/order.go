package prove

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
)

// Orders is the result of [Setup.Orders].
type Orders struct {
	Tried int // the number of orders, that of the graph included; 1 if it is the only one
	// Differs is the first order that gave something else, or nil.
	Differs *OrderDifference
}

// OrderDifference are two orders with different results.
type OrderDifference struct {
	First, Second []string // ids. First is the order of the graph
	// One and Other are two revisions that do not commute, in the order of First, and everything else can be in the same
	// order.
	One, Other string
	// Failed is why the second order cannot be applied. Otherwise the schemas or the numbers of rows differ.
	Failed  *apply.RevisionError
	Differs []schema.Difference
	Rows    []RowCount

	about []*schema.Object // of Differs
}

// Orders applies revisions in other orders that the graph allows, at most n of them, and compares what they leave. The first
// one is as different from the order of the graph as possible, and the others are random: the same for the same seed. The
// revisions are in the order of the graph, and none of them fails in it. It stops at the first difference.
func (s *Setup) Orders(ctx context.Context, revisions []*revision.Revision, n int, seed uint64) (*Orders, error) {
	t := &orderTrial{Setup: s}
	for _, r := range revisions {
		t.first = append(t.first, r.ID)
	}
	result := &Orders{Tried: 1}
	others := t.others(n, seed)
	if len(others) == 0 {
		return result, nil
	}
	var err error
	if t.want, err = t.apply(ctx, t.first); err != nil || t.want.failed != nil {
		return result, err
	}
	for _, order := range others {
		result.Tried++
		got, err := t.apply(ctx, order)
		if err != nil {
			return nil, err
		}
		if !t.same(got) {
			result.Differs, err = t.shrink(ctx, order)
			return result, err
		}
	}
	return result, nil
}

// orderTrial applies the same revisions in several orders.
type orderTrial struct {
	*Setup
	first []string // the order of the graph
	want  outcome  // of it
}

// outcome is what an order leaves.
type outcome struct {
	state
	failed *apply.RevisionError
}

func (t *orderTrial) same(got outcome) bool {
	return got.failed == nil && len(t.want.schema.Compare(got.schema)) == 0 && len(changedRows(t.want.state, got.state)) == 0
}

// apply applies the revisions in an order, in a new database.
func (t *orderTrial) apply(ctx context.Context, order []string) (o outcome, err error) {
	err = t.with(ctx, t.Before, nil, func(ctx context.Context, d *database) (err error) {
		for _, run := range t.runs(order) {
			after := clone(d.applied)
			for _, id := range run {
				after[id] = struct{}{}
			}
			if o.failed, err = d.setup.scriptError(d.to(ctx, after)); err != nil || o.failed != nil {
				return err
			}
		}
		o.state, err = d.read(ctx)
		return err
	})
	return o, err
}

// runs cuts an order into parts that are in the order of the graph, so that each can be applied at once.
func (t *orderTrial) runs(order []string) [][]string {
	var runs [][]string
	last := -1
	for _, id := range order {
		at := slices.Index(t.first, id)
		if at < last || last < 0 {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], id)
		last = at
	}
	return runs
}

// others returns at most n other orders.
func (t *orderTrial) others(n int, seed uint64) [][]string {
	seen := map[string]bool{strings.Join(t.first, " "): true}
	random := rand.New(rand.NewPCG(seed, 0))
	var found [][]string
	for try := range 10 * n {
		order := t.order(func(ready []string) int {
			if try == 0 {
				return len(ready) - 1
			}
			return random.IntN(len(ready))
		})
		if key := strings.Join(order, " "); !seen[key] && len(found) < n {
			seen[key] = true
			found = append(found, order)
		}
	}
	return found
}

// order returns an order that the graph allows. choose gets the revisions that can be next, in the order of the graph.
func (t *orderTrial) order(choose func(ready []string) int) []string {
	left, done := slices.Clone(t.first), clone(t.Before)
	order := make([]string, 0, len(left))
	for len(left) > 0 {
		var ready []string
		for _, id := range left {
			node, _ := t.Files.Graph.Node(id)
			if !slices.ContainsFunc(slices.Concat(node.DownRevision, node.DependsOn), func(id string) bool { return !done.Has(id) }) {
				ready = append(ready, id)
			}
		}
		next := ready[choose(ready)]
		done[next] = struct{}{}
		order = append(order, next)
		left = slices.DeleteFunc(left, func(id string) bool { return id == next })
	}
	return order
}

// shrink finds two revisions that do not commute. The order of the graph becomes the other one by exchanging neighbors, one
// pair after the other, and each order on the way is allowed too. Somewhere on the way the result changes.
func (t *orderTrial) shrink(ctx context.Context, other []string) (*OrderDifference, error) {
	low, high := 0, exchanges(t.first, other, -1, nil) // low gives the same, high something else
	for high-low > 1 {
		middle := (low + high) / 2
		order := slices.Clone(t.first)
		exchanges(order, other, middle, nil)
		got, err := t.apply(ctx, order)
		if err != nil {
			return nil, err
		}
		if t.same(got) {
			low = middle
		} else {
			high = middle
		}
	}
	d := &OrderDifference{First: slices.Clone(t.first), Second: slices.Clone(t.first)}
	exchanges(d.Second, other, high, func(one, other string) { d.One, d.Other = one, other })
	got, err := t.apply(ctx, d.Second)
	if err != nil {
		return nil, err
	}
	if d.Failed = got.failed; got.failed == nil {
		d.Differs, d.Rows = t.want.schema.Compare(got.schema), changedRows(t.want.state, got.state)
		d.about = objects(d.Differs, t.want.schema, got.schema)
	}
	return d, nil
}

// exchanges makes an order more like another one by exchanging neighbors, n times or until they are equal, and returns how
// often it did. each is told of every pair, in the order before the exchange; nil is not. With a negative n the order stays
// as it is.
func exchanges(order, like []string, n int, each func(one, other string)) int {
	if n < 0 {
		order, n = slices.Clone(order), len(order)*len(order)
	}
	rank := make(map[string]int, len(like))
	for i, id := range like {
		rank[id] = i
	}
	done := 0
	for again := true; again; {
		again = false
		for i := 1; i < len(order) && done < n; i++ {
			if rank[order[i-1]] > rank[order[i]] {
				if each != nil {
					each(order[i-1], order[i])
				}
				order[i-1], order[i] = order[i], order[i-1]
				done++
				again = true
			}
		}
	}
	return done
}

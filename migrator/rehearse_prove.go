package migrator

import (
	"context"
	"slices"

	"example.com/ambix/migrator/internal/prove"
	"example.com/ambix/migrator/internal/rehearsal"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/revision"
)

// defaultOrders is the number of other orders that are tried.
const defaultOrders = 2

// proof is what was found about the down scripts, the order, and what the revisions make.
type proof struct {
	findings         []rehearse.Finding
	reverted, orders int
}

// prove tries the down scripts of the revisions that could be applied, and other orders unless there are rows.
func (m *Migrator) prove(ctx context.Context, setup *prove.Setup, result *rehearsal.Result, o RehearseOptions) (proof, error) {
	var p proof
	applied := slices.DeleteFunc(m.rehearsed(result), func(r *revision.Revision) bool { return result.Failed != nil && r.ID == result.Failed.Revision })
	inverse, err := setup.Inverse(ctx, applied, nil)
	if err != nil {
		return p, err
	}
	p.findings = inverse.Findings()
	for _, r := range inverse.Reverted {
		if !r.Irreversible {
			p.reverted++
		}
	}
	if o.Orders == 0 {
		o.Orders = defaultOrders
	}
	if o.Orders < 0 || len(inverse.Failed) > 0 || setup.Rows != nil {
		return p, nil
	}
	orders, err := setup.Orders(ctx, applied, o.Orders, o.Seed)
	if err != nil {
		return p, err
	}
	p.orders = orders.Tried - 1
	p.findings = append(p.findings, orders.Findings(m.files.set.Revision)...)
	return p, nil
}

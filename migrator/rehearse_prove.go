package migrator

import (
	"context"
	"slices"
	"strings"

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
func (m *Migrator) prove(ctx context.Context, setup *prove.Setup, start *rehearsalStart, result *rehearsal.Result, o RehearseOptions) (proof, error) {
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
	for i := range p.findings {
		start.weigh(&p.findings[i])
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

// weigh sets the size of the table that a finding depends on, and what follows from it: an index that a foreign key lacks is
// missed on a table that is not small.
func (s *rehearsalStart) weigh(f *rehearse.Finding) {
	if s.sizes == nil || f.Table == "" {
		return
	}
	if size, ok := s.sizes.Tables[f.Table]; ok {
		f.Size = size
		if f.Rule == rehearse.ForeignKeyIndex && size.Known && size.Bytes >= rehearse.Small {
			f.Severity = rehearse.Warning
			if plain, found := strings.CutPrefix(f.Safe, "CREATE INDEX ON "); found {
				f.Safe = "CREATE INDEX CONCURRENTLY ON " + plain + ", in a separate revision with transaction: off"
			}
		}
	}
}

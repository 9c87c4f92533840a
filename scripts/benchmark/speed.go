package main

import (
	"context"
	"path/filepath"
	"slices"
)

// upRow is the chain on an empty database, without a network between.
func (b *bench) upRow(ctx context.Context) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	r := b.row(seconds, "`up` of %s small revisions", thousands(b.revisions))
	if err := b.race(ctx, r, nil, 1); err != nil {
		return err
	}
	r.compare("psql", 0.75)
	r.compare(fastest, 1)
	return nil
}

// latencyRows are the same over networks that take their time.
func (b *bench) latencyRows(ctx context.Context) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	for i, d := range b.latencies {
		network, err := newSlowNetwork(b.server.url.Host, d)
		if err != nil {
			return err
		}
		defer func() { _ = network.Close() }()
		measured, err := roundTrip(ctx, through(b.server.url, network.Addr()))
		if err != nil {
			return err
		}
		b.report.RoundTrips[d.String()] = measured.Seconds()
		r := b.row(seconds, "the same, %s away", d)
		if err := b.race(ctx, r, network, 0); err != nil {
			return err
		}
		promise := 0.3
		if i > 0 {
			promise = 0
		}
		r.compare("psql", 0)
		r.compare(fastest, promise)
	}
	return nil
}

// race runs all tools in turn, each on a database of its own. The first rounds, warm of
// them, do not count: files get into memory, Python compiles.
func (b *bench) race(ctx context.Context, r *row, network *slowNetwork, warm int) error {
	for round := range warm + b.repeat {
		for _, e := range b.turn(round) {
			spent, err := b.migrate(ctx, e, network)
			switch {
			case err != nil && (ctx.Err() != nil || e.name == ambix):
				return err
			case err != nil:
				r.remove(e.name)
				b.without(e.name, err)
			case round >= warm:
				r.add(e.name, spent.Seconds())
			}
		}
	}
	return nil
}

// idlePairs is how often ours and the bare client run one after the other in each round:
// both take milliseconds.
const idlePairs = 10

// idleRow starts everybody on a database that is where it should be.
func (b *bench) idleRow(ctx context.Context) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	client := filepath.Join(b.work, "bare")
	if err := b.build(ctx, "./scripts/benchmark/bare", client, nil); err != nil {
		return err
	}
	r := b.row(seconds, "`up` with nothing to do, %s revisions", thousands(b.revisions))
	ready, err := b.ready(ctx)
	if err != nil {
		return err
	}
	plain := ready[ambix]
	plain.program, plain.args = client, nil
	for round := range b.repeat {
		for _, e := range b.turn(round) {
			there, ok := ready[e.name]
			switch {
			case e.name == ambix:
				err = r.pairs(ctx, there, plain)
			case ok:
				err = r.time(ctx, e.name, there)
			}
			if err != nil {
				return err
			}
		}
	}
	r.compare(bare, 1.3)
	r.compare(fastest, 0)
	return nil
}

// ready gives everybody who knows what is applied a database at the newest revision.
func (b *bench) ready(ctx context.Context) (map[string]invocation, error) {
	there := map[string]invocation{}
	for _, e := range slices.Clone(b.entrants) {
		if e.baseline {
			continue
		}
		u, err := b.server.create(ctx)
		if err != nil {
			return nil, err
		}
		_, err = e.up(u).time(ctx)
		switch {
		case err != nil && e.name == ambix:
			return nil, err
		case err != nil:
			b.without(e.name, err)
		default:
			there[e.name] = e.up(u)
		}
	}
	b.server.settle(ctx)
	return there, nil
}

// pairs runs ours and the bare client one after the other, each of them first half of the
// time.
func (r *row) pairs(ctx context.Context, ours, plain invocation) error {
	for pair := range idlePairs {
		them := []struct {
			name string
			invocation
		}{{ambix, ours}, {bare, plain}}
		if pair%2 == 1 {
			slices.Reverse(them)
		}
		for _, one := range them {
			if err := r.time(ctx, one.name, one.invocation); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *row) time(ctx context.Context, name string, i invocation) error {
	spent, err := i.time(ctx)
	if err == nil {
		r.add(name, spent.Seconds())
	}
	return err
}

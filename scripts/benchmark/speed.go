package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// upRow measures the chain on an empty database over the loopback interface.
func (b *bench) upRow(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	r := b.row(seconds, "`up` of %s small revisions", thousands(b.revisions))
	if err := b.race(ctx, r, nil, 1); err != nil {
		return err
	}
	r.compare("psql", 0.9)
	r.compare(fastest, 1)
	return nil
}

// flushDelay is how much longer each flush takes in diskRow.
const flushDelay = 2 * time.Millisecond

// diskRow measures the same on a disk that needs longer to flush: the server waits before each
// flush of its log, as it does for commit_delay.
func (b *bench) diskRow(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	b.server.flushDelay = flushDelay
	defer func() { b.server.flushDelay = 0 }()
	r := b.row(seconds, "the same with %s more for each flush of the disk", flushDelay)
	if err := b.race(ctx, r, nil, 0); err != nil {
		return err
	}
	r.compare("psql", 0.75)
	r.compare(fastest, 1)
	return nil
}

// latencyRows measures the same over slow networks.
func (b *bench) latencyRows(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	for i, d := range b.latencies {
		network, err := newSlowNetwork(b.server.url.Host, d)
		if err != nil {
			return err
		}
		defer func() { _ = network.Close() }()
		measured, err := roundTrip(ctx, withAddress(b.server.url, network.Addr()))
		if err != nil {
			return err
		}
		b.report.RoundTrips[d.String()] = measured.Seconds()
		r := b.row(seconds, "the same with %s of latency", d)
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

// race runs all tools in turn, each on a new database. The first warmup rounds do not count:
// files get cached, Python compiles.
func (b *bench) race(ctx context.Context, r *row, network *slowNetwork, warmup int) error {
	for round := range warmup + b.repeat {
		for _, e := range b.order(round) {
			spent, err := b.migrate(ctx, e, network)
			switch {
			case err != nil && (ctx.Err() != nil || e.name == ambix):
				return err
			case err != nil:
				r.remove(e.name)
				b.drop(e.name, err)
			case round >= warmup:
				r.add(e.name, spent.Seconds())
			}
		}
	}
	return nil
}

// idlePairs is how often ambix and the bare client run in each round of idleRow: both take
// only milliseconds.
const idlePairs = 10

// idleRow measures runs with nothing to do.
func (b *bench) idleRow(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	client := filepath.Join(b.work, "bare")
	if err := b.build(ctx, "./scripts/benchmark/bare", client, nil); err != nil {
		return err
	}
	r := b.row(seconds, "`up` with nothing to do, %s revisions", thousands(b.revisions))
	ready, err := b.migrateAll(ctx)
	if err != nil {
		return err
	}
	plain := ready[ambix]
	plain.program, plain.args = client, nil
	for round := range b.repeat {
		for _, e := range b.order(round) {
			i, ok := ready[e.name]
			switch {
			case e.name == ambix:
				err = r.pairs(ctx, i, plain)
			case ok:
				err = r.time(ctx, e.name, i)
			}
			if err != nil {
				return err
			}
		}
	}
	r.compare(bare, 1.5)
	r.compare(fastest, 0)
	return b.idleFew(ctx, plain)
}

// few is a number of revisions with which a project begins.
const few = 11

// idleFew measures runs with nothing to do and few revisions.
func (b *bench) idleFew(ctx context.Context, plain invocation) error {
	dir := filepath.Join(b.work, "few")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := writeAmbix(ctx, b, dir, chain(few)); err != nil {
		return err
	}
	u, err := b.server.create(ctx)
	if err != nil {
		return err
	}
	ours := invocation{dir: dir, program: "./app", args: []string{"migrate", "up"}, url: u.String()}
	if _, err := ours.time(ctx); err != nil {
		return err
	}
	plain.url = ours.url
	r := b.row(seconds, "`up` with nothing to do, %d revisions", few)
	for range b.repeat {
		if err := r.pairs(ctx, ours, plain); err != nil {
			return err
		}
	}
	r.compare(bare, 1.25)
	return nil
}

// withoutFingerprint is ambix with --fingerprint=off.
const withoutFingerprint = "without fingerprint"

// fingerprintRow measures what it costs to record the fingerprint of the schema after a run.
func (b *bench) fingerprintRow(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	r := b.row(seconds, "`up` of %s small revisions with a fingerprint", thousands(b.revisions))
	ours := b.ours()
	for round := range 1 + b.repeat {
		for i := range 2 {
			name, setting := ambix, "auto"
			if (round+i)%2 == 1 {
				name, setting = withoutFingerprint, "off"
			}
			spent, err := b.migrate(ctx, ours, nil, "--fingerprint="+setting)
			if err != nil {
				return err
			}
			if round > 0 { // the first does not count
				r.add(name, spent.Seconds())
			}
		}
	}
	r.compare(withoutFingerprint, 1.1)
	return nil
}

// migrateAll migrates a database with each tool that records what is applied, and returns
// invocations that find nothing to do.
func (b *bench) migrateAll(ctx context.Context) (map[string]invocation, error) {
	ready := map[string]invocation{}
	for _, e := range slices.Clone(b.entrants) {
		if e.stateless {
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
			b.drop(e.name, err)
		default:
			ready[e.name] = e.up(u)
		}
	}
	b.server.checkpoint(ctx)
	return ready, nil
}

// pairs runs ambix and the bare client alternately, each first half of the time.
func (r *row) pairs(ctx context.Context, ours, plain invocation) error {
	for pair := range idlePairs {
		both := []struct {
			name string
			invocation
		}{{ambix, ours}, {bare, plain}}
		if pair%2 == 1 {
			slices.Reverse(both)
		}
		for _, one := range both {
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

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// kind is a sort of row.
type kind struct {
	name string
	fill func(*bench, context.Context) error
}

// rows are all of them, in the order of the table.
func rows() []kind {
	return []kind{
		{"up", (*bench).upRow},
		{"latency", (*bench).latencyRows},
		{"idle", (*bench).idleRow},
		{"memory", (*bench).memoryRows},
		{"copy", (*bench).copyRows},
		{"size", (*bench).sizeRows},
		{"plan", (*bench).planRows},
	}
}

func rowNames() []string {
	var list []string
	for _, r := range rows() {
		list = append(list, r.name)
	}
	return list
}

// row begins a row of the table.
func (b *bench) row(unit, format string, args ...any) *row {
	r := &row{What: fmt.Sprintf(format, args...), Unit: unit}
	b.report.Rows = append(b.report.Rows, r)
	fmt.Fprintf(b.log, "%s\n", r.What)
	return r
}

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
	there := map[string]*url.URL{}
	for _, e := range slices.Clone(b.entrants) {
		if e.baseline {
			continue
		}
		u, drop, err := b.server.create(ctx)
		if err != nil {
			return err
		}
		defer drop()
		if _, err := e.up(u).time(ctx); err == nil {
			there[e.name] = u
		} else if e.name == ambix {
			return err
		}
	}
	b.server.settle(ctx)
	one := func(name string, i invocation) error {
		spent, err := i.time(ctx)
		if err == nil {
			r.add(name, spent.Seconds())
		}
		return err
	}
	for round := range b.repeat {
		for _, e := range b.turn(round) {
			u := there[e.name]
			switch {
			case u == nil:
				continue
			case e.name != ambix:
				if err := one(e.name, e.up(u)); err != nil {
					return err
				}
				continue
			}
			for pair := range idlePairs {
				them := []func() error{
					func() error { return one(ambix, e.up(u)) },
					func() error { return one(bare, invocation{dir: b.work, program: client, url: u.String()}) },
				}
				for i := range them {
					if err := them[(i+pair)%2](); err != nil {
						return err
					}
				}
			}
		}
	}
	r.compare(bare, 1.3)
	r.compare(fastest, 0)
	return nil
}

const mebibyte = 1 << 20

// memoryRows are the most memory that the program has at once with many revisions built
// in: when it only reads them, and when it compares them with a database that has them.
func (b *bench) memoryRows(ctx context.Context) error {
	dir := filepath.Join(b.work, "many")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := writeOurs(ctx, b, dir, chain(b.memory)); err != nil {
		return err
	}
	u, drop, err := b.server.create(ctx)
	if err != nil {
		return err
	}
	defer drop()
	app := func(args ...string) invocation {
		return invocation{dir: dir, program: "./app", args: append([]string{"migrate"}, args...), url: u.String()}
	}
	if _, err := app("up").time(ctx); err != nil {
		return err
	}
	for _, command := range []string{"heads", "up"} {
		r := b.row(memory, "memory of `%s`, %s revisions", command, thousands(b.memory))
		for range b.repeat {
			most, err := app(command).peak(ctx)
			if err != nil {
				return err
			}
			r.add(ambix, float64(most))
		}
		r.limit(64 * mebibyte)
	}
	return nil
}

// copyRows is one revision that fills a table with many rows, and the same file in psql.
func (b *bench) copyRows(ctx context.Context) error {
	if err := b.enter(ctx); err != nil {
		return err
	}
	dir := filepath.Join(b.work, "copy")
	file := filepath.Join(dir, "2021-11-20_433af9f41996_fill.up.sql")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(largeCopy(int(b.copyBytes))), 0o644); err != nil {
		return err
	}
	start := map[string]func(u *url.URL) invocation{
		ambix: func(u *url.URL) invocation {
			e := b.entrant(ambix)
			return invocation{dir: e.dir, program: e.program, args: []string{"migrate", "up", "--dir", dir}, url: u.String()}
		},
		"psql": func(u *url.URL) invocation {
			return invocation{dir: dir, program: b.entrant("psql").program, args: []string{"-XqAt1", "-v", "ON_ERROR_STOP=1", "-d", u.String(), "-f", file}, url: u.String()}
		},
	}
	spent := b.row(seconds, "a revision with %s of COPY", b.copyBytes.text())
	most := b.row(memory, "its memory")
	for round := range b.repeat + 1 { // the first does not count
		for _, e := range b.turn(round) {
			if start[e.name] == nil {
				continue
			}
			err := b.fill(ctx, start[e.name], func(i invocation) error {
				if round == 0 {
					peak, err := i.peak(ctx)
					most.add(e.name, float64(peak))
					return err
				}
				took, err := i.time(ctx)
				spent.add(e.name, took.Seconds())
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	spent.compare("psql", 1.2)
	most.compare("psql", 0)
	return nil
}

// fill runs something on a database of its own.
func (b *bench) fill(ctx context.Context, start func(*url.URL) invocation, run func(invocation) error) error {
	u, drop, err := b.server.create(ctx)
	if err != nil {
		return err
	}
	defer drop()
	b.server.settle(ctx)
	return run(start(u))
}

// largeCopy is a revision that creates a table and fills it with about so many bytes.
func largeCopy(size int) string {
	var s strings.Builder
	s.WriteString("-- fill a table\n--\n-- revision: 433af9f41996\n-- down_revision:\n\n" +
		"CREATE TABLE filled (id bigint, name text, price numeric);\nCOPY filled (id, name, price) FROM stdin;\n")
	random := rand.New(rand.NewPCG(1, 2)) // the same in every run
	for id := 1; s.Len() < size; id++ {
		fmt.Fprintf(&s, "%d\tname %x of something\t%d.%02d\n", id, random.Uint64(), random.IntN(1000), random.IntN(100))
	}
	s.WriteString("\\.\n")
	return s.String()
}

// sizeRows are the binaries, all built in the same way; ours with the revisions of the
// sample.
func (b *bench) sizeRows(ctx context.Context) error {
	r := b.row(size, "static, stripped binary")
	for _, ours := range []struct{ name, pkg string }{{ambix, "."}, {bare, "./scripts/benchmark/bare"}} {
		file := filepath.Join(b.work, "size")
		if err := b.build(ctx, ours.pkg, file, nil); err != nil {
			return err
		}
		if err := r.size(ours.name, file); err != nil {
			return err
		}
	}
	for _, t := range tools() {
		if t.module == "" || !slices.Contains(b.tools, t.name) {
			continue
		}
		if program, err := b.goInstall(ctx, t, t.tags); err != nil {
			b.without(t.name, err)
		} else if err := r.size(t.name, program); err != nil {
			return err
		}
		// Its documentation shows both drivers.
		if t.name == "golang-migrate" {
			if program, err := b.goInstall(ctx, t, "pgx5"); err == nil {
				if err := b.row(size, "golang-migrate with pgx as its driver").size(t.name, program); err != nil {
					return err
				}
			}
		}
	}
	r.limit(8e6)
	r.compare(fastest, 1)
	return nil
}

func (r *row) size(tool, file string) error {
	info, err := os.Stat(file)
	if err == nil {
		r.add(tool, float64(info.Size()))
	}
	return err
}

// planRows are the growth of planning, without a database.
func (b *bench) planRows(ctx context.Context) error {
	counts := []int{1000, 10_000, 100_000}
	var lines []*row
	for _, n := range counts {
		lines = append(lines, b.row(seconds, "planning %s revisions with branches and merges", thousands(n)))
	}
	for range b.repeat {
		found, err := b.goBench(ctx, "./migrator/graph", "^BenchmarkPlan$/^up$")
		if err != nil {
			return err
		}
		for i, n := range counts {
			name := fmt.Sprintf("BenchmarkPlan/up/%d", n)
			if found[name] == 0 {
				return fmt.Errorf("there is no %s", name)
			}
			lines[i].add(ambix, found[name]/float64(time.Second))
		}
	}
	lines[len(lines)-1].limit(1)
	return nil
}

// thousands is a number with its thousands apart.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

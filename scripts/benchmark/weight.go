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
)

const mebibyte = 1 << 20

// memoryRows measures the peak memory with many embedded revisions, for a command that only
// reads them and for one that compares them with a migrated database.
func (b *bench) memoryRows(ctx context.Context) error {
	dir := filepath.Join(b.work, "many")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := writeAmbix(ctx, b, dir, chain(b.memory)); err != nil {
		return err
	}
	u, err := b.server.create(ctx)
	if err != nil {
		return err
	}
	app := func(args ...string) invocation {
		return invocation{dir: dir, program: "./app", args: append([]string{"migrate"}, args...), url: u.String()}
	}
	if _, err := app("up").time(ctx); err != nil {
		return err
	}
	for _, command := range []string{"heads", "up"} {
		r := b.row(memory, "memory of `%s`, %s revisions", command, thousands(b.memory))
		for range b.repeat {
			peak, err := app(command).peak(ctx)
			if err != nil {
				return err
			}
			r.add(ambix, float64(peak))
		}
		r.limit(64 * mebibyte)
	}
	return nil
}

// copyRows measures one revision with a large COPY, and the same file in psql.
func (b *bench) copyRows(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
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
	start := map[string]func(e *entrant, u *url.URL) invocation{
		ambix: func(e *entrant, u *url.URL) invocation {
			return invocation{dir: e.dir, program: e.program, args: []string{"migrate", "up", "--dir", dir}, url: u.String()}
		},
		"psql": func(e *entrant, u *url.URL) invocation {
			return invocation{dir: dir, program: e.program, args: []string{"-XqAt1", "-v", "ON_ERROR_STOP=1", "-d", u.String(), "-f", file}, url: u.String()}
		},
	}
	spent := b.row(seconds, "a revision with %s of COPY", b.copyBytes.text())
	peaks := b.row(memory, "memory of that revision")
	for round := range b.repeat + 1 {
		for _, e := range b.order(round) {
			if start[e.name] == nil {
				continue
			}
			i, err := b.onEmpty(ctx, e, start[e.name])
			if err != nil {
				return err
			}
			if round == 0 { // warm-up: only the memory counts
				var peak int64
				peak, err = i.peak(ctx)
				peaks.add(e.name, float64(peak))
			} else {
				err = spent.time(ctx, e.name, i)
			}
			if err != nil {
				return err
			}
		}
	}
	spent.compare("psql", 1.2)
	peaks.compare("psql", 0)
	return nil
}

// onEmpty prepares a run on a new database.
func (b *bench) onEmpty(ctx context.Context, e *entrant, start func(*entrant, *url.URL) invocation) (invocation, error) {
	u, err := b.server.create(ctx)
	if err != nil {
		return invocation{}, err
	}
	b.server.checkpoint(ctx)
	return start(e, u), nil
}

// largeCopy returns a revision that fills a new table with about size bytes.
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

// sizeRows compares the binaries, all built with the same flags; that of ambix contains the
// sample revisions.
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
			b.drop(t.name, err)
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
	r.limit(9.8e6)
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

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const mebibyte = 1 << 20

// memoryRows measures the peak memory with many embedded revisions, of the commands that read all of them, and what a
// migrated database has recorded.
func (b *bench) memoryRows(ctx context.Context) error {
	app, err := b.embedded(ctx, b.memory)
	if err != nil {
		return err
	}
	r := b.row(memory, "memory of `up`, %s revisions", thousands(b.memory))
	if err := r.peak(ctx, ambix, app("up")); err != nil {
		return err
	}
	r.limit(64 * mebibyte)
	for _, command := range []string{"up", "heads", "status", "status --json", "check", "history", "log"} {
		what := "`" + command + "`"
		if command == "up" {
			what += " with nothing to do"
		}
		r := b.row(memory, "memory of %s, %s revisions", what, thousands(b.memory))
		for range b.repeat {
			if err := r.peak(ctx, ambix, app(strings.Fields(command)...)); err != nil {
				return err
			}
		}
		r.limit(64 * mebibyte)
	}
	return nil
}

// manyRow measures the peak memory of applying very many embedded revisions.
func (b *bench) manyRow(ctx context.Context) error {
	app, err := b.embedded(ctx, b.many)
	if err != nil {
		return err
	}
	r := b.row(memory, "memory of `up`, %s revisions", thousands(b.many))
	err = r.peak(ctx, ambix, app("up"))
	r.limit(128 * mebibyte)
	return err
}

// embedded builds a program with n revisions, and returns how to run it on a new database.
func (b *bench) embedded(ctx context.Context, n int) (func(args ...string) invocation, error) {
	dir := filepath.Join(b.work, "embedded"+strconv.Itoa(n))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	if err := writeAmbix(ctx, b, dir, chain(n)); err != nil {
		return nil, err
	}
	u, err := b.server.create(ctx)
	return func(args ...string) invocation {
		return invocation{dir: dir, program: "./app", args: append([]string{"migrate"}, args...), url: u.String()}
	}, err
}

func (r *row) peak(ctx context.Context, tool string, i invocation) error {
	peak, err := i.peak(ctx)
	if err == nil {
		r.add(tool, float64(peak))
	}
	return err
}

// insertRows measures the peak memory with one revision that consists of very many INSERTs, as pg_dump --inserts writes them: of
// the run, which promises one and a half times the size of the file, and of a command that only reads it.
func (b *bench) insertRows(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	dir := filepath.Join(b.work, "inserts")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := writeInserts(filepath.Join(dir, "2021-11-20_433af9f41996_fill.up.sql"), int(b.insertBytes)); err != nil {
		return err
	}
	u, err := b.server.create(ctx)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		command string
		limit   float64
	}{{"check", 64 * mebibyte}, {"up", 1.5 * float64(b.insertBytes)}} {
		r := b.row(memory, "memory of `%s`, a revision with %s of INSERTs", m.command, b.insertBytes.text())
		call := invocation{dir: dir, program: b.ours().program, args: []string{"migrate", m.command, "--dir", dir}, url: u.String()}
		if err := r.peak(ctx, ambix, call); err != nil {
			return err
		}
		r.limit(m.limit)
	}
	return nil
}

// writeInserts writes a revision that fills a new table with size bytes of INSERTs.
func writeInserts(file string, size int) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	n, _ := io.WriteString(w, "-- fill a table\n--\n-- revision: 433af9f41996\n-- down_revision:\n\nCREATE TABLE filled (id bigint, name text, price numeric);\n")
	random := rand.New(rand.NewPCG(1, 2)) // the same in every run
	for id := 1; n < size; id++ {
		more, _ := fmt.Fprintf(w, "INSERT INTO public.filled VALUES (%d, 'name %x of something', %d.%02d);\n", id, random.Uint64(), random.IntN(1000), random.IntN(100))
		n += more
	}
	return errors.Join(w.Flush(), f.Close())
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

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the benchmark.
type bench struct {
	options
	log      io.Writer // progress
	checkout string
	cache    string
	work     string // temporary folder
	server   *server
	entrants []*entrant
	report   *report
}

// entrant is an installed tool, with the chain of revisions in its format.
type entrant struct {
	tool
	program string
	dir     string
}

func (e *entrant) up(u *url.URL) invocation {
	return invocation{dir: e.dir, program: e.program, args: e.tool.up(e.dir, u.String()), url: u.String()}
}

// measure fills all selected rows. It leaves nothing behind but the cache.
func measure(ctx context.Context, o options, log io.Writer) (_ *report, err error) {
	b := &bench{options: o, log: log}
	if b.checkout, err = os.Getwd(); err != nil {
		return nil, err
	}
	if b.cache, err = cacheFolder(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return nil, err
	}
	if o.databaseURL == "" {
		locked, err := lock(filepath.Join(b.cache, "lock"))
		if err != nil {
			return nil, err
		}
		defer func() { _ = locked.Close() }()
	}
	if b.work, err = os.MkdirTemp("", "ambix-bench-"); err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(b.work) }()
	if b.server, err = b.startServer(ctx, o.databaseURL); err != nil {
		return nil, err
	}
	defer b.server.stop()
	defer b.server.clear()
	if err := b.recordConditions(ctx); err != nil {
		return nil, err
	}
	for _, r := range rows() {
		if !slices.Contains(b.rows, r.name) {
			continue
		}
		if err := r.fill(b, ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, cmp.Or(ctx.Err(), err))
		}
		if len(b.server.databases) > 0 {
			b.server.clear()
			time.Sleep(afterDeleting)
		}
	}
	return b.report, nil
}

// lock keeps two benchmarks from running at the same time.
func lock(path string) (*os.File, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errors.New("another benchmark is running on this machine"), f.Close())
	}
	return f, nil
}

// recordConditions notes what the results depend on.
func (b *bench) recordConditions(ctx context.Context) error {
	r := &report{
		Revisions: b.revisions, Repeat: b.repeat, Processors: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Versions: map[string]string{}, Absent: map[string]string{}, RoundTrips: map[string]float64{},
	}
	b.report = r
	var err error
	if r.PostgreSQL, err = b.server.query(ctx, "SELECT split_part(pg_catalog.current_setting('server_version'), ' ', 1)"); err != nil {
		return err
	}
	if r.ServerFlushes, err = b.server.query(ctx, "SELECT pg_catalog.current_setting('fsync')"); err != nil {
		return err
	}
	if r.Flush, err = measureFlush(b.cache); err != nil {
		return err
	}
	r.Load = load()
	return nil
}

// load returns the load average of the last minute, or 0 on systems without /proc.
func load() float64 {
	text, _ := os.ReadFile("/proc/loadavg")
	var one float64
	_, _ = fmt.Sscan(string(text), &one)
	return one
}

// prepareAll prepares the selected tools, once.
func (b *bench) prepareAll(ctx context.Context) error {
	if b.entrants != nil {
		return nil
	}
	changes := chain(b.revisions)
	for _, t := range tools() {
		if !slices.Contains(b.tools, t.name) {
			continue
		}
		e, err := b.prepare(ctx, t, changes)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && t.name == ambix:
			return err
		case err != nil:
			b.drop(t.name, err)
			continue
		}
		b.entrants = append(b.entrants, e)
		if v := versionOf(ctx, t, e.program); v != "" {
			b.report.Versions[t.name] = v
		}
	}
	return nil
}

func (b *bench) prepare(ctx context.Context, t tool, changes []change) (*entrant, error) {
	program, err := b.install(ctx, t)
	if err != nil {
		return nil, err
	}
	e := &entrant{tool: t, program: program, dir: filepath.Join(b.work, t.name)}
	if err := os.Mkdir(e.dir, 0o755); err != nil {
		return nil, err
	}
	return e, t.write(ctx, b, e.dir, changes)
}

// drop continues without a tool and records the reason.
func (b *bench) drop(name string, err error) {
	b.report.Absent[name] = err.Error()
	b.entrants = slices.DeleteFunc(b.entrants, func(e *entrant) bool { return e.name == name })
	fmt.Fprintf(b.log, "without %s: %v\n", name, err)
}

// ours returns ambix, which is always prepared.
func (b *bench) ours() *entrant {
	return b.entrants[slices.IndexFunc(b.entrants, func(e *entrant) bool { return e.name == ambix })]
}

// order returns the entrants in an order that changes with each round, so that no tool
// always runs first.
func (b *bench) order(round int) []*entrant {
	n := round % max(1, len(b.entrants))
	return slices.Concat(b.entrants[n:], b.entrants[:n])
}

// migrate runs a tool on a new database, with more arguments, checks the result, and returns
// the time it took.
func (b *bench) migrate(ctx context.Context, e *entrant, network *slowNetwork, args ...string) (time.Duration, error) {
	u, err := b.server.create(ctx)
	if err != nil {
		return 0, err
	}
	b.server.checkpoint(ctx)
	target := u
	if network != nil {
		target = withAddress(u, network.Addr())
	}
	call := e.up(target)
	call.args = slices.Concat(call.args, args)
	spent, err := call.time(ctx)
	if err != nil {
		return 0, err
	}
	return spent, b.checkTables(ctx, e, u)
}

func (b *bench) checkTables(ctx context.Context, e *entrant, u *url.URL) error {
	count, err := query(ctx, u.String(), countTables)
	if want := fmt.Sprint(tables(b.revisions)); err == nil && count != want {
		err = fmt.Errorf("%s created %s tables, want %s", e.name, count, want)
	}
	return err
}

// goBench runs Go benchmarks of a package of this module once and returns the nanoseconds
// per operation by name.
func (b *bench) goBench(ctx context.Context, pkg, pattern string) (map[string]float64, error) {
	metrics, err := b.goMetrics(ctx, pkg, pattern)
	found := map[string]float64{}
	for name, units := range metrics {
		found[name] = units["ns/op"]
	}
	return found, err
}

// goMetrics is goBench for all units. Benchmarks that need a server use that of the bench.
func (b *bench) goMetrics(ctx context.Context, pkg, pattern string) (map[string]map[string]float64, error) {
	cmd := exec.CommandContext(ctx, "go", "test", pkg, "-run", "^$", "-bench", pattern, "-benchtime", "3x")
	cmd.Dir = b.checkout
	cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+b.server.url.String())
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, lastLines(text))
	}
	found := map[string]map[string]float64{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(fields[0], "-")
		found[name] = map[string]float64{}
		for i := 2; i+1 < len(fields); i += 2 {
			found[name][fields[i+1]], _ = strconv.ParseFloat(fields[i], 64)
		}
	}
	return found, nil
}

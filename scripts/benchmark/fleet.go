package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ownLoop is our program, started once for each target.
const ownLoop = "ambix in a loop"

// fleetRevisions is the number of revisions in the rows about fleets, before one more.
const fleetRevisions = 20

// looper is a tool in the rows about fleets, with the chain and with one more revision.
type looper struct {
	name        string
	tool        tool
	before, all *entrant
}

// loopers prepares the tools that are run in loops.
func (b *bench) loopers(ctx context.Context) ([]looper, error) {
	var list []looper
	for _, t := range tools() {
		if !slices.Contains(b.tools, t.name) || t.up == nil || t.name == "sql-migrate" || t.name == "alembic" {
			continue
		}
		l := looper{name: t.name, tool: t}
		program, err := b.install(ctx, t)
		for _, version := range []struct {
			to        **entrant
			revisions int
		}{{&l.before, fleetRevisions}, {&l.all, fleetRevisions + 1}} {
			if err != nil {
				break
			}
			if t.name == ambix && version.revisions == fleetRevisions {
				continue // it goes to the revision before the last
			}
			e := &entrant{tool: t, program: program, dir: filepath.Join(b.work, fmt.Sprintf("%s-%d", t.name, version.revisions))}
			if _, missing := os.Stat(e.dir); missing != nil {
				if err = os.Mkdir(e.dir, 0o755); err == nil {
					err = t.write(ctx, b, e.dir, chain(version.revisions))
				}
			}
			*version.to = e
		}
		switch {
		case err != nil && (ctx.Err() != nil || t.name == ambix):
			return nil, err
		case err != nil:
			b.drop(t.name, err)
			continue
		case t.name == ambix:
			before := *l.all
			before.tool.up = func(string, string) []string {
				return []string{"migrate", "up", chain(fleetRevisions)[fleetRevisions-1].id}
			}
			l.before = &before
		}
		if v := versionOf(ctx, t, program); v != "" {
			b.report.Versions[t.name] = v
		}
		list = append(list, l)
	}
	return list, nil
}

// inSchema returns the run of a tool that migrates a schema.
func (e *entrant) inSchema(u *url.URL, schema string) invocation {
	one := *u
	q := one.Query()
	q.Set("options", "-csearch_path="+schema)
	one.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	i := e.up(&one)
	switch e.name {
	case ambix:
		i.args = append(i.args, "--ledger="+schema+".ambix")
	case "tern":
		i.args = append(i.args, "--version-table="+schema+".schema_version")
	}
	return i
}

// loop returns how long a loop over all targets would take: it runs as many as -loop says.
func (b *bench) loop(ctx context.Context, targets int, run func(i int) invocation) (float64, error) {
	var spent time.Duration
	for i := range b.loopLength {
		one, err := run(i).time(ctx)
		if err != nil {
			return 0, err
		}
		spent += one
	}
	return spent.Seconds() / float64(b.loopLength) * float64(targets), nil
}

// schemaRows measures a fleet of schemas: with nothing to do, and with one revision more.
func (b *bench) schemaRows(ctx context.Context) error {
	list, err := b.loopers(ctx)
	if err != nil {
		return err
	}
	idle := b.row(seconds, "`up` of %s schemas with nothing to do, loops of %d extrapolated", thousands(b.schemas), b.loopLength)
	more := b.row(seconds, "one revision more in %s schemas, loops of %d extrapolated", thousands(b.schemas), b.loopLength)
	ours := list[0]
	u, err := b.createSchemas(ctx, "t", b.schemas)
	if err != nil {
		return err
	}
	each := func(e *entrant) invocation {
		i := e.up(u)
		i.args = append(i.args, "--each-schema=t*")
		return i
	}
	back := each(ours.all)
	back.args[1] = "down"
	if _, err := each(ours.before).time(ctx); err != nil {
		return err
	}
	for round := range b.repeat {
		b.server.checkpoint(ctx)
		if err := more.time(ctx, ambix, each(ours.all)); err != nil {
			return err
		}
		if err := idle.time(ctx, ambix, each(ours.all)); err != nil {
			return err
		}
		if _, err := back.time(ctx); err != nil {
			return err
		}
		if err := b.oneSession(ctx, more, u); err != nil {
			return err
		}
		for _, l := range list {
			if err := b.loopSchemas(ctx, l, round, idle, more); err != nil {
				return err
			}
		}
	}
	idle.compare(fastest, 0.05)
	more.compare(fastest, 0.1)
	more.compare("psql", 1)
	return nil
}

// createSchemas creates a database with schemas.
func (b *bench) createSchemas(ctx context.Context, prefix string, n int) (*url.URL, error) {
	u, err := b.server.create(ctx)
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	for i := range n {
		fmt.Fprintf(&sql, "CREATE SCHEMA %s%d;", prefix, i)
	}
	_, err = query(ctx, u.String(), sql.String())
	return u, err
}

// oneSession measures psql with the additional revision for all schemas, each in its own
// transaction, and undoes it.
func (b *bench) oneSession(ctx context.Context, more *row, u *url.URL) error {
	if !slices.Contains(b.tools, "psql") {
		return nil
	}
	c := chain(fleetRevisions + 1)[fleetRevisions]
	for _, run := range []struct {
		sql   string
		timed bool
	}{{c.up, true}, {c.down, false}} {
		var script strings.Builder
		for i := range b.schemas {
			fmt.Fprintf(&script, "BEGIN;\nSET LOCAL search_path = t%d;\n%s;\nCOMMIT;\n", i, run.sql)
		}
		file := filepath.Join(b.work, "each.sql")
		if err := os.WriteFile(file, []byte(script.String()), 0o644); err != nil {
			return err
		}
		i := invocation{dir: b.work, program: "psql", args: []string{"-XqAt", "-v", "ON_ERROR_STOP=1", "-d", u.String(), "-f", file}, url: u.String()}
		spent, err := i.time(ctx)
		if err != nil {
			return err
		}
		if run.timed {
			more.add("psql", spent.Seconds())
		}
	}
	return nil
}

// loopSchemas measures a loop of a tool over schemas of a new database.
func (b *bench) loopSchemas(ctx context.Context, l looper, round int, idle, more *row) error {
	if l.tool.stateless {
		return nil
	}
	name := l.name
	if name == ambix {
		name = ownLoop
	}
	u, err := b.createSchemas(ctx, fmt.Sprintf("s%d_", round), b.loopLength)
	if err != nil {
		return err
	}
	run := func(e *entrant) func(int) invocation {
		return func(i int) invocation { return e.inSchema(u, fmt.Sprintf("s%d_%d", round, i)) }
	}
	if _, err = b.loop(ctx, b.schemas, run(l.before)); err == nil {
		for _, r := range []*row{more, idle} {
			var spent float64
			if spent, err = b.loop(ctx, b.schemas, run(l.all)); err != nil {
				break
			}
			r.add(name, spent)
		}
	}
	if err != nil && l.name != ambix && ctx.Err() == nil {
		b.report.Absent[l.name] = err.Error()
		idle.remove(name)
		more.remove(name)
		return nil
	}
	return err
}

// databaseRows measures the processor time of a fleet of databases with nothing to do,
// without that of the server.
func (b *bench) databaseRows(ctx context.Context) error {
	list, err := b.loopers(ctx)
	if err != nil {
		return err
	}
	r := b.row(seconds, "processor time of `up` of %s databases with nothing to do, loops of %d extrapolated", thousands(b.databases), b.loopLength)
	ready := map[string]invocation{}
	for _, l := range list {
		if l.tool.stateless {
			continue
		}
		u, err := b.server.create(ctx)
		if err != nil {
			return err
		}
		if _, err := l.all.up(u).time(ctx); err != nil {
			if l.name == ambix || ctx.Err() != nil {
				return err
			}
			b.drop(l.name, err)
			continue
		}
		ready[l.name] = l.all.up(u)
	}
	all, err := b.copies(ctx, ready[ambix])
	if err != nil {
		return err
	}
	for range b.repeat {
		spent, err := all.processor(ctx)
		if err != nil {
			return err
		}
		r.add(ambix, spent.Seconds())
		for name, i := range ready {
			var sum time.Duration
			for range b.loopLength {
				spent, err := i.processor(ctx)
				if err != nil {
					return err
				}
				sum += spent
			}
			if name == ambix {
				name = ownLoop
			}
			r.add(name, sum.Seconds()/float64(b.loopLength)*float64(b.databases))
		}
	}
	r.compare(ownLoop, 0.4)
	r.compare(fastest, 0)
	return nil
}

// copies makes copies of the database of an invocation, and returns one for all of them.
func (b *bench) copies(ctx context.Context, of invocation) (invocation, error) {
	u, err := url.Parse(of.url)
	if err != nil {
		return of, err
	}
	template := strings.TrimPrefix(u.Path, "/")
	for i := range b.databases {
		name := fmt.Sprintf("%s_copy%d", template, i)
		if _, err := b.server.query(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
			return of, err
		}
		b.server.databases = append(b.server.databases, name)
	}
	of.args = []string{"migrate", "up", "--each-database=" + template + "_copy*"}
	return of, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc on all Linux systems (proc(5), USER_HZ).
const tick = 10 * time.Millisecond

// catalogRows measure the processor time of the server: what a fingerprint adds to a run, and what one reading of a large
// schema takes.
func (b *bench) catalogRows(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	r := b.row(seconds, "processor time of the server for `up` of %s small revisions with a fingerprint", thousands(b.revisions))
	ours := b.ours()
	for round := range b.repeat {
		for i := range 2 {
			name, setting := ambix, "on"
			if (round+i)%2 == 1 {
				name, setting = withoutFingerprint, "off"
			}
			spent, err := b.serverTime(ctx, ours, "--fingerprint="+setting)
			if err != nil {
				return err
			}
			r.add(name, spent.Seconds())
		}
	}
	r.compare(withoutFingerprint, 0)
	return b.largeSchemaRow(ctx)
}

// serverTime migrates a new database, and returns the processor time of the sessions of the server that have ended meanwhile.
func (b *bench) serverTime(ctx context.Context, e *entrant, args ...string) (time.Duration, error) {
	u, err := b.server.create(ctx)
	if err != nil {
		return 0, err
	}
	b.server.checkpoint(ctx)
	before, err := b.server.processor(ctx)
	if err != nil {
		return 0, err
	}
	call := e.up(u)
	call.args = slices.Concat(call.args, args)
	if _, err := call.time(ctx); err != nil {
		return 0, err
	}
	if err := b.server.waitForSessions(ctx, u); err != nil {
		return 0, err
	}
	after, err := b.server.processor(ctx)
	if err != nil {
		return 0, err
	}
	return after - before, b.checkTables(ctx, e, u)
}

// waitForSessions waits until the sessions of a database have ended.
func (s *server) waitForSessions(ctx context.Context, u *url.URL) error {
	for {
		n, err := s.query(ctx, "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = '"+strings.TrimPrefix(u.Path, "/")+"'")
		if err != nil || n == "0" {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// processor returns the processor time of all processes of the server that have ended. The server must run on this machine, and
// the role must be a superuser.
func (s *server) processor(ctx context.Context) (time.Duration, error) {
	file, err := s.query(ctx, "SELECT pg_catalog.pg_read_file('postmaster.pid')")
	if err != nil {
		return 0, err
	}
	pid, _, _ := strings.Cut(file, "\n")
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", strings.TrimSpace(pid)))
	if err != nil {
		return 0, errors.New("the processor time of the server can only be read on its own machine, if that is Linux")
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const ofChildren = 13 // cutime and cstime
	user, _ := strconv.Atoi(fields[ofChildren])
	system, _ := strconv.Atoi(fields[ofChildren+1])
	return time.Duration(user+system) * tick, nil
}

// largeSchemaRow measures reading a schema of 1,000 tables, with a benchmark of package catalog on the server of this one.
func (b *bench) largeSchemaRow(ctx context.Context) error {
	var r *row
	for range b.repeat {
		found, err := b.goMetrics(ctx, "./migrator/catalog", "^BenchmarkLargeSchema$/^(message|read)$")
		if err != nil {
			return err
		}
		objects, spent := found["BenchmarkLargeSchema/read"]["objects"], found["BenchmarkLargeSchema/message"]["server-ms/op"]
		if objects == 0 || spent == 0 {
			return errors.New("BenchmarkLargeSchema has no result")
		}
		if r == nil {
			r = b.row(seconds, "processor time of the server for reading 1,000 tables with %s objects", thousands(int(objects)))
		}
		r.add(ambix, spent/1000)
	}
	r.limit(0.25)
	return nil
}

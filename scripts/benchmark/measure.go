package main

import (
	"context"
	"fmt"
	"time"
)

// kind is a row, or several that belong together, by the name in -rows.
type kind struct {
	name string
	fill func(*bench, context.Context) error
}

// rows returns all kinds in the order of the table.
func rows() []kind {
	return []kind{
		{"up", (*bench).upRow},
		{"disk", (*bench).diskRow},
		{"latency", (*bench).latencyRows},
		{"idle", (*bench).idleRow},
		{"fingerprint", (*bench).fingerprintRow},
		{"catalog", (*bench).catalogRows},
		{"schemas", (*bench).schemaRows},
		{"databases", (*bench).databaseRows},
		{"memory", (*bench).memoryRows},
		{"many", (*bench).manyRow},
		{"copy", (*bench).copyRows},
		{"inserts", (*bench).insertRows},
		{"size", (*bench).sizeRows},
		{"plan", (*bench).planRows},
		{"growth", (*bench).growthTable},
	}
}

func rowNames() []string {
	var list []string
	for _, r := range rows() {
		list = append(list, r.name)
	}
	return list
}

// row adds a row to the table.
func (b *bench) row(unit, format string, args ...any) *row {
	r := &row{What: fmt.Sprintf(format, args...), Unit: unit}
	b.report.Rows = append(b.report.Rows, r)
	fmt.Fprintf(b.log, "%s\n", r.What)
	return r
}

// planRows measures how planning grows with the number of revisions, without a database.
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
				return fmt.Errorf("%s has no result", name)
			}
			lines[i].add(ambix, found[name]/float64(time.Second))
		}
	}
	lines[len(lines)-1].limit(1)
	return nil
}

// thousands formats a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

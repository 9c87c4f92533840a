package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// growth is what a command takes with different numbers of revisions, all of them applied.
type growth struct {
	Command string  `json:"command"`
	Points  []point `json:"points"`
}

// point is one measurement of a growth: the fastest of several runs, and the highest peak memory.
type point struct {
	Revisions int     `json:"revisions"`
	Seconds   float64 `json:"seconds"`
	Bytes     int64   `json:"bytes"`
}

// growthTable measures how the commands that read all revisions grow with their number. The revisions are in a folder, and
// recorded by stamp: what their SQL takes is the server's matter.
func (b *bench) growthTable(ctx context.Context) error {
	if err := b.prepareAll(ctx); err != nil {
		return err
	}
	fmt.Fprintln(b.log, "growth with the number of revisions")
	app := b.ours().program
	grown := map[string]*growth{}
	for _, command := range []string{"stamp head", "up", "heads", "status", "status --json", "check", "history", "log"} {
		grown[command] = &growth{Command: command}
		b.report.Growth = append(b.report.Growth, grown[command])
	}
	for _, n := range []int{1000, 10_000, 100_000} {
		dir := filepath.Join(b.work, fmt.Sprint("growth", n))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if _, err := writeRevisions(dir, chain(n)); err != nil {
			return err
		}
		u, err := b.server.create(ctx)
		if err != nil {
			return err
		}
		for _, g := range b.report.Growth {
			call := invocation{dir: dir, program: app, args: append(append([]string{"migrate"}, strings.Fields(g.Command)...), "--dir", dir), url: u.String()}
			p := point{Revisions: n}
			for range b.repeat {
				spent, err := call.time(ctx)
				if err != nil {
					return err
				}
				if p.Seconds == 0 || spent.Seconds() < p.Seconds {
					p.Seconds = spent.Seconds()
				}
				if g.Command == "stamp head" {
					break // the next one has nothing to do
				}
			}
			if g.Command != "stamp head" {
				if p.Bytes, err = call.peak(ctx); err != nil {
					return err
				}
			}
			g.Points = append(g.Points, p)
		}
	}
	return nil
}

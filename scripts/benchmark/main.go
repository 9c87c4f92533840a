// The program benchmark compares ambix with psql and with other migration tools: the same
// revisions in every format, run in turn on one server, and one table of what came out.
// scripts/bench runs it; docs/performance.md holds the last table and says what it means.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: scripts/bench [flags]

  -n N               small revisions in the chain (1000)
  -memory N          embedded revisions of the rows about memory (10000)
  -copy SIZE         rows of the large COPY (20MB)
  -repeat N          runs of everything, in turn (5)
  -latency D,...     round trips of the slow networks (1ms,5ms)
  -tools NAME,...    which tools; all: ambix, psql, goose, golang-migrate, tern, sql-migrate, alembic
  -rows NAME,...     which rows; all: up, latency, idle, memory, copy, size, plan
  -database-url URL  a server where databases may be created; without it a private one is started,
                     with the disk of the cache folder behind it
  -json              print one JSON document instead of the table
  -write             put the table into docs/performance.md too
  -document FILE     or into this one
`

// options are what the command line says.
type options struct {
	revisions, memory, repeat int
	copyBytes                 amount
	latencies                 durations
	tools, rows               names
	databaseURL               string
	json, write               bool
	document                  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 whatever the times are, 1 when something could not be
// measured, 2 for a command line that means nothing.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 && args[0] == peakCommand {
		return peak(ctx, args[1:], stdout, stderr)
	}
	o, err := commandLine(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "bench: %v\n\n%s", err, usage)
		return 2
	}
	r, err := measure(ctx, o, stderr)
	if err == nil {
		err = publish(r, o, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}

func commandLine(args []string) (options, error) {
	o := options{
		copyBytes: 20e6, latencies: durations{time.Millisecond, 5 * time.Millisecond},
		tools: toolNames(), rows: rowNames(), document: "docs/performance.md",
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.revisions, "n", 1000, "")
	f.IntVar(&o.memory, "memory", 10000, "")
	f.Var(&o.copyBytes, "copy", "")
	f.IntVar(&o.repeat, "repeat", 5, "")
	f.Var(&o.latencies, "latency", "")
	f.Var(&o.tools, "tools", "")
	f.Var(&o.rows, "rows", "")
	f.StringVar(&o.databaseURL, "database-url", "", "")
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.write, "write", false, "")
	f.StringVar(&o.document, "document", o.document, "")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q is no flag", f.Arg(0))
	case o.revisions < 1 || o.memory < 1 || o.repeat < 1:
		return o, errors.New("-n, -memory and -repeat are 1 or more")
	case !slices.Contains(o.tools, ambix):
		return o, errors.New("-tools without ambix compares nothing")
	}
	if err := o.tools.among(toolNames()); err != nil {
		return o, fmt.Errorf("-tools: %w", err)
	}
	if err := o.rows.among(rowNames()); err != nil {
		return o, fmt.Errorf("-rows: %w", err)
	}
	return o, nil
}

// publish prints what was measured, and writes it into the document when told to.
func publish(r *report, o options, stdout io.Writer) error {
	if o.write {
		if err := r.writeInto(o.document); err != nil {
			return err
		}
	}
	if !o.json {
		_, err := io.WriteString(stdout, r.text())
		return err
	}
	e := json.NewEncoder(stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// cacheFolder keeps programs and the server's data between runs. Root has a place of its
// own, because the server's user cannot look into root's home.
func cacheFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/ambix/bench", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "ambix", "bench"), err
}

// names is a list of words as a flag.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(text string) error {
	*n = strings.Split(text, ",")
	return nil
}

func (n names) among(known []string) error {
	for _, name := range n {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// durations is a list of them as a flag.
type durations []time.Duration

func (d *durations) String() string { return fmt.Sprint(*d) }

func (d *durations) Set(text string) error {
	*d = nil
	for word := range strings.SplitSeq(text, ",") {
		one, err := time.ParseDuration(word)
		if err != nil {
			return err
		}
		*d = append(*d, one)
	}
	return nil
}

// amount is a number of bytes as a flag: 20MB, 500kB, 1000.
type amount int

func (a *amount) String() string { return a.text() }

func (a *amount) Set(text string) error {
	factor := 1
	for unit, f := range map[string]int{"kB": 1e3, "MB": 1e6} {
		if rest, ok := strings.CutSuffix(text, unit); ok {
			text, factor = rest, f
		}
	}
	var n int
	if _, err := fmt.Sscanf(text+"\n", "%d\n", &n); err != nil || n < 1 {
		return errors.New("it is written 20MB, 500kB or 1000")
	}
	*a = amount(n * factor)
	return nil
}

// text is for people: 20 MB.
func (a amount) text() string {
	switch {
	case a%1e6 == 0:
		return fmt.Sprintf("%d MB", a/1e6)
	case a%1e3 == 0:
		return fmt.Sprintf("%d kB", a/1e3)
	}
	return fmt.Sprintf("%d bytes", int(a))
}

package main

import (
	"context"
	_ "embed"
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

//go:embed usage.txt
var usage string

// options are the values of the flags.
type options struct {
	revisions, repeat      int
	memory, many           int
	schemas, databases     int
	loopLength             int // of the loops that are extrapolated
	copyBytes, insertBytes amount
	latencies              durations
	tools, rows            names
	databaseURL            string
	json, write            bool
	document               string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 0 whatever the results are, 1 if something could not be
// measured, 2 for a wrong command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 && args[0] == peakCommand {
		return peak(ctx, args[1:], stdout, stderr)
	}
	o, err := parseFlags(args)
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

func parseFlags(args []string) (options, error) {
	o := options{
		copyBytes: 20e6, insertBytes: 200e6, latencies: durations{time.Millisecond, 5 * time.Millisecond},
		tools: toolNames(), rows: rowNames(), document: "docs/performance.md",
	}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.revisions, "n", 1000, "")
	f.IntVar(&o.memory, "memory", 10000, "")
	f.IntVar(&o.many, "many", 50000, "")
	f.IntVar(&o.schemas, "schemas", 1000, "")
	f.IntVar(&o.databases, "databases", 300, "")
	f.IntVar(&o.loopLength, "loop", 20, "")
	f.Var(&o.copyBytes, "copy", "")
	f.Var(&o.insertBytes, "inserts", "")
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
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.revisions < 1 || o.memory < 1 || o.many < 1 || o.repeat < 1:
		return o, errors.New("-n, -memory, -many and -repeat must be at least 1")
	case o.schemas < 1 || o.databases < 1 || o.loopLength < 1:
		return o, errors.New("-schemas, -databases and -loop must be at least 1")
	case !slices.Contains(o.tools, ambix):
		return o, errors.New("-tools must include ambix")
	}
	if err := o.tools.check(toolNames()); err != nil {
		return o, fmt.Errorf("-tools: %w", err)
	}
	if err := o.rows.check(rowNames()); err != nil {
		return o, fmt.Errorf("-rows: %w", err)
	}
	return o, nil
}

// publish prints the report and, with -write, updates the document.
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

// cacheFolder returns the folder that keeps programs and the server's data between runs.
// For root it is not in the home directory, which the server's user could not read.
func cacheFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/cache/ambix/bench", nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "ambix", "bench"), err
}

// names is a flag with a list of names.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(text string) error {
	*n = strings.Split(text, ",")
	return nil
}

// check returns an error for the first name that is not known.
func (n names) check(known []string) error {
	for _, name := range n {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown name %q; known are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// durations is a flag with a list of durations.
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

// amount is a flag with a number of bytes: 20MB, 500kB, 1000.
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
		return errors.New("want a size such as 20MB, 500kB or 1000")
	}
	*a = amount(n * factor)
	return nil
}

// text formats the amount as in "20 MB".
func (a amount) text() string {
	switch {
	case a%1e6 == 0:
		return fmt.Sprintf("%d MB", a/1e6)
	case a%1e3 == 0:
		return fmt.Sprintf("%d kB", a/1e3)
	}
	return fmt.Sprintf("%d bytes", int(a))
}

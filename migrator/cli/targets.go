package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
)

// openFleet reads the revisions and the list of targets, which is fixed from here on. The fleet is
// nil if all targets are done according to --failed-from.
func (r *run) openFleet(e *eachFlags, onEvent func(migrator.Event)) (*migrator.Migrator, *migrator.Fleet, error) {
	r.many = true
	matches, err := e.patterns()
	if err != nil {
		return nil, nil, err
	}
	if r.listed, err = r.readTargets(string(e.file)); err != nil {
		return nil, nil, err
	}
	set, targets, err := r.listTargets(e, matches.source, onEvent)
	if err != nil {
		return nil, nil, err
	}
	if targets, err = e.choose(r, targets, matches.skip); err != nil || len(targets) == 0 {
		return set, nil, err
	}
	if err := e.checkFirst(targets); err != nil {
		return nil, nil, err
	}
	cfg := migrator.FleetConfig{Workers: int(e.workers), Canary: int(e.canary), First: e.first, MaxFailed: e.maxFailed.Of(len(targets))}
	if int(e.canary) > len(targets) {
		return nil, nil, &settings.UsageError{Text: fmt.Sprintf("--canary %d: there %s only %s", e.canary, terminal.Plural(len(targets), "is", "are"), text.Count(len(targets), "target"))}
	}
	fleet, err := set.Fleet(targets, cfg)
	if err != nil {
		return nil, nil, err
	}
	r.info(eventTargets, text.Count(len(targets), "target"), "targets", len(targets))
	r.warnIfStale()
	return set, fleet, nil
}

// listTargets returns the targets that the flags select, in any order.
func (r *run) listTargets(e *eachFlags, match func(string) bool, onEvent func(migrator.Event)) (*migrator.Migrator, []migrator.Target, error) {
	list := r.listed
	if len(list) > 0 && !slices.ContainsFunc(list, func(t listedTarget) bool { return t.source == nil }) {
		config := r.settingsOfRun()
		config.OnEvent, config.BeforeConnect = both(onEvent, r.OnEvent), r.beforeConnectTo(nil)
		set, err := r.load(config)
		if err != nil {
			return nil, nil, err
		}
		r.opened = set
		return set, listed(list, nil), nil
	}
	set, cfg, err := r.open(onEvent)
	if err != nil {
		return nil, nil, err
	}
	r.configured = cfg
	var targets []migrator.Target
	switch {
	case e.schema != "":
		if targets, err = set.SchemaTargets(r.ctx, cfg, anyName); err == nil {
			targets, err = e.matching(targets, "schema", match)
		}
	case e.database != "":
		if targets, err = set.DatabaseTargets(r.ctx, cfg, anyName); err == nil {
			targets, err = e.matching(targets, "database", match)
		}
	case e.query != "":
		targets, err = set.QueryTargets(r.ctx, cfg, string(e.query))
	default:
		targets = listed(list, cfg)
	}
	return set, targets, err
}

// choose returns the targets without those that are skipped or done, sorted, and gives them
// the ledger of the settings.
func (e *eachFlags) choose(r *run, targets []migrator.Target, skip []func(string) bool) ([]migrator.Target, error) {
	found := len(targets)
	if found == 0 {
		return nil, e.noTargets()
	}
	targets, err := e.unskipped(targets, skip)
	if err != nil {
		return nil, err
	}
	if len(targets) == 0 {
		return nil, &settings.UsageError{Text: "no target is left of " + text.Count(found, "target") + " that " + terminal.Plural(found, "matches ", "match ") + e.source()}
	}
	if e.failedFrom != "" {
		done, err := readReport(string(e.failedFrom))
		if err != nil {
			return nil, err
		}
		targets = slices.DeleteFunc(targets, func(t migrator.Target) bool { return done[t.Name] })
	}
	sort.SliceStable(targets, func(i, j int) bool {
		return cmp.Or(targets[i].Wave-targets[j].Wave, strings.Compare(targets[i].Name, targets[j].Name)) < 0
	})
	if !r.settings.LedgerNamed {
		return targets, nil
	}
	shared := map[*pgconn.Config]bool{}
	for i := range targets {
		t := &targets[i]
		if t.Ledger != "" {
			continue
		}
		if t.Ledger = r.settings.Ledger; shared[t.Config] && !strings.Contains(t.Ledger, "{schema}") {
			return nil, &settings.UsageError{Text: "--ledger " + terminal.Quote(t.Ledger) + ": all targets of a database would share this ledger; it must contain {schema}, as in {schema}.ambix"}
		}
		shared[t.Config] = true
	}
	return targets, nil
}

// patterns are the patterns of the flags, ready to match names.
type patterns struct {
	source func(string) bool // of --each-schema or --each-database
	skip   []func(string) bool
}

func (e *eachFlags) patterns() (p patterns, err error) {
	switch {
	case e.schema != "":
		p.source, err = glob("each-schema", string(e.schema))
	case e.database != "":
		p.source, err = glob("each-database", string(e.database))
	}
	for _, pattern := range e.skip {
		if err != nil {
			break
		}
		var skipped func(string) bool
		skipped, err = glob("skip", pattern)
		p.skip = append(p.skip, skipped)
	}
	return p, err
}

// unskipped returns the targets without those that --skip leaves out.
func (e *eachFlags) unskipped(targets []migrator.Target, skip []func(string) bool) ([]migrator.Target, error) {
	left := slices.Clone(targets)
	for i, skipped := range skip {
		matches := func(t migrator.Target) bool { return skipped(t.Name) }
		if !slices.ContainsFunc(targets, matches) {
			return nil, &settings.UsageError{Text: "--skip " + terminal.Quote(e.skip[i]) + ": no target matches it" + insteadOf(e.skip[i], "target", targets)}
		}
		left = slices.DeleteFunc(left, matches)
	}
	return left, nil
}

// source returns the flag that selects the targets.
func (e *eachFlags) source() string {
	for _, s := range []struct{ name, value string }{
		{"schema", string(e.schema)}, {"database", string(e.database)}, {"query", string(e.query)}, {"file", string(e.file)},
	} {
		if s.value != "" {
			return "--each-" + s.name + " " + terminal.Quote(s.value)
		}
	}
	return ""
}

// beforeConnectTo calls beforeConnect with the source of the database: that of a line of
// --each-file, or the configured one.
func (r *run) beforeConnectTo(configured *dbenv.Source) func(context.Context, *pgconn.Config) error {
	sources := map[string]*dbenv.Source{}
	for _, t := range r.listed {
		if t.source != nil {
			sources[t.name] = t.source
		}
	}
	return func(ctx context.Context, cfg *pgconn.Config) error {
		return r.beforeConnect(cmp.Or(sources[address(cfg)], configured))(ctx, cfg)
	}
}

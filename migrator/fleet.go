package migrator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
)

// Target is a member of a fleet: a schema of a database, or a database, with its own ledger.
type Target struct {
	// Name is what outcomes, events and errors call it. It is unique in a fleet.
	Name string
	// Config is the database. Targets with the same Config (the same pointer) share
	// connections.
	Config *pgconn.Config
	// Schema is the schema that revisions start with as their search_path, before those of
	// Config.SearchPath. It must exist. "": the target is the whole database.
	Schema string
	// Ledger is SCHEMA.PREFIX, in which {schema} and {database} stand for those of the
	// target. "": {schema}.ambix for a target with a schema, and Config.Ledger for a database.
	Ledger string
	// Wave is the wave that the target belongs to. No target is begun before all targets of
	// lower waves have ended.
	Wave int
}

// FleetConfig says how the targets of a fleet are worked on.
type FleetConfig struct {
	// Workers is how many targets are worked on at a time, each over its own connection, as
	// long as the server accepts that many. Zero: 4.
	Workers int
	// Canary is how many targets at the beginning must all succeed before the others are
	// begun. First are the names of such targets instead. Zero and nil: none.
	Canary int
	First  []string
	// MaxFailed is how many targets may fail. After one more no new target is begun. Zero:
	// none; negative: any number.
	MaxFailed int
}

// Fleet is many targets that are migrated with the same files. It is immutable and safe for
// concurrent use.
type Fleet struct {
	migrator *Migrator
	config   FleetConfig
	members  []member // in order
	canaries int      // how many of them
}

// member is a target, with a migrator that has its settings.
type member struct {
	Target
	*Migrator
}

// ErrNotStarted is the error of a target that was not begun, because the run had ended: after
// too many failures, a failed canary, a lost server or the end of its context.
var ErrNotStarted = errors.New("not started")

// Outcome is what became of a target. Err is nil if it succeeded. Value may contain more next
// to an error: the report of an operation lists what was committed.
type Outcome[T any] struct {
	Target Target
	Value  T
	Err    error
}

// Fleet returns a fleet of targets. Their order is that of the slice, within a wave. It is
// refused if two targets have the same name, or would share a ledger, or if that of a schema is in
// another schema and its name has no placeholder. The error is a *ConfigError.
func (m *Migrator) Fleet(targets []Target, cfg FleetConfig) (*Fleet, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 4
	}
	f := &Fleet{migrator: m, config: cfg}
	if err := f.check(len(targets)); err != nil {
		return nil, err
	}
	names, ledgers := map[string]bool{}, map[string]string{}
	for _, t := range targets {
		one, err := m.member(t)
		if err != nil {
			return nil, err
		}
		if names[t.Name] {
			return nil, &ConfigError{Setting: "target", Value: t.Name, Reason: "it is listed twice"}
		}
		names[t.Name] = true
		place := fmt.Sprintf("%s\x00%d\x00%s\x00%s", t.Config.Host, t.Config.Port, t.Config.Database, one.settings.Ledger.Revisions())
		if other, used := ledgers[place]; used {
			return nil, &ConfigError{Setting: "target", Value: t.Name, Reason: "it would have the same ledger as " + text.Visible(other) + ", " + text.Visible(one.settings.Ledger.String()+" of database "+t.Config.Database)}
		}
		ledgers[place] = t.Name
		f.members = append(f.members, one)
	}
	sort.SliceStable(f.members, func(i, j int) bool { return f.members[i].Wave < f.members[j].Wave })
	return f, f.chooseCanaries()
}

func (f *Fleet) check(targets int) error {
	refuse := func(setting string, value any, reason string) error {
		return &ConfigError{Setting: setting, Value: fmt.Sprint(value), Reason: reason}
	}
	switch c := f.config; {
	case targets == 0:
		return refuse("targets", "", "there are none")
	case c.Workers < 0:
		return refuse("workers", c.Workers, "must be at least 1")
	case c.Canary < 0:
		return refuse("canary", c.Canary, "must be at least 1")
	case c.Canary > targets:
		return refuse("canary", c.Canary, fmt.Sprintf("the fleet has only %d targets", targets))
	case c.Canary > 0 && len(c.First) > 0:
		return refuse("canary", c.Canary, "it and a list of first targets are mutually exclusive")
	}
	return nil
}

// chooseCanaries puts the targets that have to succeed before the others to the front.
func (f *Fleet) chooseCanaries() error {
	f.canaries = f.config.Canary
	for _, name := range f.config.First {
		i := slices.IndexFunc(f.members, func(m member) bool { return m.Name == name })
		if i < 0 {
			return &ConfigError{Setting: "first", Value: name, Reason: "the fleet has no such target"}
		}
		if i < f.canaries {
			return &ConfigError{Setting: "first", Value: name, Reason: "it is listed twice"}
		}
		first := f.members[i]
		f.members = slices.Insert(slices.Delete(f.members, i, i+1), f.canaries, first)
		f.canaries++
	}
	return nil
}

// member returns a target with the migrator for it.
func (m *Migrator) member(t Target) (member, error) {
	if t.Name == "" || t.Config == nil {
		return member{}, &ConfigError{Setting: "target", Value: t.Name, Reason: "it has no name, or no database"}
	}
	own := &Migrator{files: m.files, cfg: m.cfg, settings: m.settings}
	own.cfg.Target, own.cfg.Database = t.Name, nil
	s := &own.settings
	s.TargetDatabase = cmp.Or(t.Config.Database, t.Config.User)
	if t.Schema != "" {
		s.TargetSchema, s.SearchPath = t.Schema, append([]string{t.Schema}, s.SearchPath...)
		s.Fingerprint = session.FingerprintOff // it is that of a database
	}
	name := t.Ledger
	switch {
	case name == "" && t.Schema != "":
		name = ledger.SchemaPlaceholder + ".ambix"
	case name == "":
		return member{t, own}, nil
	}
	refused := func(err error) (member, error) {
		reason := err.Error()
		if e, ok := errors.AsType[*ledger.NameError](err); ok {
			reason = "ledger " + e.Name + ": " + e.Problem
		}
		return member{}, &ConfigError{Setting: "target", Value: t.Name, Reason: text.Visible(reason)}
	}
	tables, err := ledger.ParseTables(name)
	if err != nil {
		return refused(err)
	}
	if t.Schema != "" && len(tables.Placeholders()) == 0 && tables.Schema() != t.Schema {
		return refused(errors.New("ledger " + name + ": it is not in the schema " + t.Schema + ", and its name does not contain {schema}"))
	}
	if t.Schema == "" && slices.Contains(tables.Placeholders(), ledger.SchemaPlaceholder) {
		return refused(errors.New("ledger " + name + ": the target is a database and not a schema"))
	}
	if s.Ledger, err = tables.Expand(t.Schema, t.Config.Database); err != nil {
		return refused(err)
	}
	s.LedgerNamed, t.Ledger = true, s.Ledger.String()
	return member{t, own}, nil
}

// Targets returns the targets in their order, with names in place of the placeholders of their ledgers.
func (f *Fleet) Targets() []Target {
	targets := make([]Target, len(f.members))
	for i, m := range f.members {
		targets[i] = m.Target
	}
	return targets
}

// Up is Move with the operation Up.
func (f *Fleet) Up(ctx context.Context, targets ...string) iter.Seq[Outcome[*Report]] {
	return f.Move(ctx, Up, targets...)
}

// Move runs an operation on every target, and yields the outcomes as the targets end; those
// that were not begun come last. One that does not get a lock in time, or meets another
// runner, is tried again after the others, and continues where it was: only then Config's
// RetryFor and WaitRunner apply. After a lost server, or
// one without a free connection, no target is begun on that server. Those of other servers go on,
// as far as the canaries or the wave. When ctx ends, the targets that are being worked on are rolled back. If the loop ends
// early, these targets finish, and no new one is begun. Reports are never nil; errors are
// those of Migrator.Move, or ErrNotStarted.
func (f *Fleet) Move(ctx context.Context, verb Verb, targets ...string) iter.Seq[Outcome[*Report]] {
	return rollOut(ctx, f, false, func(member) operation[*Report] {
		move := session.NewMover(plan.Verb(verb), targets)
		return operation[*Report]{reconnects: true, zero: &Report{}, run: func(ctx context.Context, s *session.Session) (*Report, error) {
			done, err := move.Run(ctx, s)
			return newReport(done), err
		}}
	})
}

// Plan plans an operation for every target, like Migrator.Plan. The outcomes are like those
// of Move; all targets are looked at, whatever fails.
func (f *Fleet) Plan(ctx context.Context, verb Verb, targets ...string) iter.Seq[Outcome[*Plan]] {
	return read(ctx, f, func(ctx context.Context, m *Migrator, s *session.Session) (*Plan, error) {
		return m.planIn(ctx, s, verb, targets)
	})
}

// Preflight is Plan, and checks on every target what Plan.Preflight checks.
func (f *Fleet) Preflight(ctx context.Context, verb Verb, targets ...string) iter.Seq[Outcome[*Plan]] {
	return read(ctx, f, func(ctx context.Context, m *Migrator, s *session.Session) (*Plan, error) {
		p, err := m.planIn(ctx, s, verb, targets)
		if err != nil {
			return p, err
		}
		return p, s.Preflight(ctx, p.plan)
	})
}

// PlanFrom plans an operation for every target, like Migrator.PlanFrom: the plans differ only in their scripts. They
// are in the order of Targets. It needs no database.
func (f *Fleet) PlanFrom(from []string, verb Verb, targets ...string) ([]*Plan, error) {
	plans := make([]*Plan, len(f.members))
	for i, m := range f.members {
		var err error
		if plans[i], err = m.PlanFrom(from, verb, targets...); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// Status looks where every target is, like Migrator.Status. The outcomes are like those of
// Plan.
func (f *Fleet) Status(ctx context.Context) iter.Seq[Outcome[*Status]] {
	return read(ctx, f, func(ctx context.Context, m *Migrator, s *session.Session) (*Status, error) {
		return m.status(ctx, s)
	})
}

// Check returns for every target how it differs from the files, like Migrator.Check. What is
// wrong with the files themselves is the same for all, and not part of it: see Files.Check.
// The outcomes are like those of Plan.
func (f *Fleet) Check(ctx context.Context) iter.Seq[Outcome[[]Finding]] {
	return read(ctx, f, func(ctx context.Context, m *Migrator, s *session.Session) ([]Finding, error) {
		return m.checkDatabase(ctx, s)
	})
}

// read rolls out an operation that writes nothing. Canaries and MaxFailed do not apply.
func read[T any](ctx context.Context, f *Fleet, do func(context.Context, *Migrator, *session.Session) (T, error)) iter.Seq[Outcome[T]] {
	return rollOut(ctx, f, true, func(m member) operation[T] {
		return operation[T]{run: func(ctx context.Context, s *session.Session) (T, error) { return do(ctx, m.Migrator, s) }}
	})
}

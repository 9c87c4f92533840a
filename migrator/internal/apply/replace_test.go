package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

const (
	squashUp   = "CREATE TABLE account (id int PRIMARY KEY, name text, email text);\nCREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;"
	squashDown = "DROP FUNCTION one(); DROP TABLE account;"
	rows       = "SELECT coalesce(string_agg(revision || ' ' || state, ', ' ORDER BY revision), 'none') FROM ambix_revision"
)

// squashed is Shop, and d4 above it, after a1, b2 and c3 were replaced by s1.
func squashed(t testing.TB) *projecttest.Project {
	return projecttest.New(t).
		Add("s1", "", squashUp, squashDown, "branch_labels: shop", "replaces: a1, b2, c3").
		Add("d4", "c3", "ALTER TABLE account ADD nickname text;", "ALTER TABLE account DROP nickname;")
}

func shopWithD4(t testing.TB) *projecttest.Project {
	return projecttest.Shop(t).Add("d4", "c3", "ALTER TABLE account ADD nickname text;", "ALTER TABLE account DROP nickname;")
}

// at returns a database where a project is at a target.
func at(t testing.TB, p *projecttest.Project, targets ...string) string {
	t.Helper()
	url := pgtest.Database(t)
	if len(targets) > 0 {
		if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url), targets...); err != nil {
			t.Fatal(err)
		}
	}
	return url
}

func TestRowsOfReplacedRevisionsAreExchanged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		start   []string
		verb    migrator.Verb
		targets []string
		steps   string
		rows    string
		events  string
	}{
		{"a new database applies it", nil, migrator.Up, nil, "up s1, up d4", "d4 applied, s1 applied", "up s1, up d4"},
		{"up", []string{"c3"}, migrator.Up, nil, "up d4", "d4 applied, s1 applied", "replace s1, up d4"},
		{"up with nothing else to do", []string{"d4"}, migrator.Up, nil, "", "d4 applied, s1 applied", "replace s1"},
		{"up to it", []string{"c3"}, migrator.Up, []string{"s1"}, "", "s1 applied", "replace s1"},
		{"down", []string{"d4"}, migrator.Down, nil, "down d4", "s1 applied", "replace s1, down d4"},
		{"down through it", []string{"d4"}, migrator.Down, []string{"base"}, "down d4, down s1", "none", "replace s1, down d4, down s1"},
		{"to", []string{"d4"}, migrator.To, []string{"s1"}, "down d4", "s1 applied", "replace s1, down d4"},
		{"redo", []string{"c3"}, migrator.Redo, []string{"1"}, "down s1, up s1", "s1 applied", "replace s1, down s1, up s1"},
		{"stamp", []string{"c3"}, migrator.Stamp, []string{"head"}, "up d4", "d4 applied, s1 applied", "replace s1, stamp d4"},
		{"stamp where it is", []string{"d4"}, migrator.Stamp, []string{"head"}, "", "d4 applied, s1 applied", "replace s1"},
		{"purge", []string{"d4"}, migrator.Purge, []string{"head"}, "down d4, down s1, up s1, up d4", "d4 applied, s1 applied", "replace s1, stamp d4, stamp s1, stamp s1, stamp d4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, url := context.Background(), at(t, shopWithD4(t), c.start...)
			cfg := projecttest.Config(t, url)
			before := ""
			if c.start != nil {
				before = pgtest.Value(t, url, eventsInOrder) + ", "
			}
			var replaced []string
			m := squashed(t).Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
				if r, ok := e.(migrator.RevisionsReplaced); ok {
					replaced = append(replaced, r.Replacement.Revision+" "+strings.Join(r.Replacement.Recorded, " "))
				}
			}})
			report, err := m.Move(ctx, cfg, c.verb, c.targets...)
			if err != nil {
				t.Fatal(err)
			}
			if got := projecttest.Steps(report); got != c.steps {
				t.Errorf("steps %q, want %q", got, c.steps)
			}
			if got := pgtest.Value(t, url, rows); got != c.rows {
				t.Errorf("rows %q, want %q", got, c.rows)
			}
			if got := pgtest.Value(t, url, eventsInOrder); got != before+c.events {
				t.Errorf("events %q, want %q", got, before+c.events)
			}
			if exchanged := c.start != nil; exchanged != (len(report.Replaced) == 1) || exchanged != (strings.Join(replaced, ", ") == "s1 a1 b2 c3") {
				t.Errorf("replaced: %+v, events %q", report.Replaced, replaced)
			}
			again, err := m.Up(ctx, cfg)
			if err != nil || len(again.Replaced) > 0 {
				t.Errorf("the next run: %+v, %v", again, err)
			}
			st, err := m.Status(ctx, cfg)
			if err != nil || st.Count(migrator.Applied) != 2 || len(st.Revisions) != 2 || len(st.Replacements) != 0 {
				t.Errorf("status: %+v, %v", st, err)
			}
			if found, err := m.Check(ctx, cfg); err != nil || len(found) != 0 {
				t.Errorf("check: %+v, %v", found, err)
			}
		})
	}
}

// Commands that only read show a revision as applied in whose place the database has all that it replaces, and write nothing.
func TestReadersCountReplacedRevisions(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "c3")
	cfg := projecttest.Config(t, url)
	m := squashed(t).Migrator(migrator.Config{})
	st, err := m.Status(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, r := range st.Revisions {
		states = append(states, r.Revision+" "+string(r.State))
	}
	if got := fmt.Sprint(states, st.Current); got != "[s1 applied d4 pending] [s1]" {
		t.Errorf("status: %s", got)
	}
	if r := st.Replacements; len(r) != 1 || r[0].State != migrator.ReplacementComplete || strings.Join(r[0].Recorded, " ") != "a1 b2 c3" {
		t.Errorf("replacements: %+v", r)
	}
	if at := st.Revisions[0].AppliedAt; at.IsZero() || st.Revisions[0].AppliedBy == "" {
		t.Errorf("applied %s by %q", at, st.Revisions[0].AppliedBy)
	}
	p, err := m.Plan(ctx, cfg, migrator.Up)
	if err != nil || len(p.Steps) != 1 || p.Steps[0].Revision != "d4" || len(p.Replacements) != 1 || fmt.Sprint(p.From) != "[s1]" {
		t.Errorf("plan: %+v, %v", p, err)
	}
	if err := projecttest.DryRun(ctx, m, cfg, migrator.Up); err != nil {
		t.Error(err)
	}
	found, err := m.Check(ctx, cfg)
	if err != nil || len(found) != 1 || found[0].Kind != migrator.FindingPending {
		t.Errorf("check: %+v, %v", found, err)
	}
	if got := pgtest.Value(t, url, rows); got != "a1 applied, b2 applied, c3 applied" {
		t.Errorf("rows %q", got)
	}
}

// Between the replaced revisions nothing can be applied; what the ledger has of them can be reverted.
func TestSomeReplacedRevisionsAreRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, verb := range []migrator.Verb{migrator.Up, migrator.To, migrator.Redo} {
		url := at(t, shopWithD4(t), "b2")
		cfg := projecttest.Config(t, url)
		m := squashed(t).Migrator(migrator.Config{Ahead: migrator.OK, OutOfOrder: migrator.OK})
		target := map[migrator.Verb][]string{migrator.To: {"head"}, migrator.Redo: {"1"}}[verb]
		_, err := m.Move(ctx, cfg, verb, target...)
		var e *migrator.ReplacedError
		if !errors.As(err, &e) || e.State != migrator.ReplacementPartial || fmt.Sprint(e.Recorded, e.Missing) != "[a1 b2] [c3]" {
			t.Errorf("%s: %v", verb, err)
		}
		if got := pgtest.Value(t, url, rows); got != "a1 applied, b2 applied" {
			t.Errorf("%s: rows %q", verb, got)
		}
		found, err := m.Check(ctx, cfg)
		if err != nil || len(found) == 0 || found[len(found)-1].Kind != migrator.FindingReplaced {
			t.Errorf("check: %+v, %v", found, err)
		}
		if _, err := m.Plan(ctx, cfg, migrator.Up); !errors.As(err, &e) {
			t.Errorf("plan: %v", err)
		}
	}
	url := at(t, shopWithD4(t), "b2")
	m := squashed(t).Migrator(migrator.Config{})
	report, err := m.Down(ctx, projecttest.Config(t, url), "base")
	if err != nil || projecttest.Steps(report) != "down b2, down a1" {
		t.Errorf("down: %+v, %v", report, err)
	}
	if report, err = m.Up(ctx, projecttest.Config(t, url)); err != nil || projecttest.Steps(report) != "up s1, up d4" {
		t.Errorf("up after down: %+v, %v", report, err)
	}
}

// A ledger with a revision and some that it replaces contradicts itself. Only a stamp changes it.
func TestRevisionNextToReplacedOnesIsRefused(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "d4")
	cfg := projecttest.Config(t, url)
	m := squashed(t).Migrator(migrator.Config{Ahead: migrator.OK})
	if _, err := m.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "INSERT INTO ambix_revision SELECT (jsonb_populate_record(r, '{\"revision\": \"b2\"}')).* FROM ambix_revision r WHERE revision = 's1'")
	for verb, target := range map[migrator.Verb]string{migrator.Up: "head", migrator.Down: "-1", migrator.To: "base", migrator.Redo: "1"} {
		_, err := m.Move(ctx, cfg, verb, target)
		var e *migrator.ReplacedError
		if !errors.As(err, &e) || e.State != migrator.ReplacementBoth || fmt.Sprint(e.Recorded) != "[b2]" {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if _, err := m.Stamp(ctx, cfg, "head"); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied" {
		t.Errorf("rows %q", got)
	}
}

// A stamp of the revision that replaces others is how a person says that the schema is the one that it makes.
func TestStampBetweenReplacedRevisions(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "b2")
	if _, err := squashed(t).Migrator(migrator.Config{}).Stamp(ctx, projecttest.Config(t, url), "s1"); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, rows); got != "s1 applied" {
		t.Errorf("rows %q", got)
	}
}

// A program that has the replaced revisions and not the one in their place applies nothing again, and does not revert what it
// does not know.
func TestOlderProgramLeavesExchangedLedgerAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	exchanged, fresh := at(t, shopWithD4(t), "d4"), pgtest.Database(t)
	older := shopWithD4(t).Migrator(migrator.Config{})
	for _, url := range []string{exchanged, fresh} { // with the event, and without one
		cfg := projecttest.Config(t, url)
		if _, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		_, err := older.Up(ctx, cfg)
		var policy *migrator.PolicyError
		if url == exchanged {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &policy) || policy.Policy != "ahead" || fmt.Sprint(policy.Revisions, policy.Pending) != "[s1] [a1 b2 c3]" {
			t.Errorf("up: %v", err)
		}
		var refused *migrator.RefusedError
		for _, target := range []string{"head", "base", "a1"} {
			if url == exchanged {
				continue // see TestOlderProgramKnowsWhatWasReplaced
			}
			if _, err := older.To(ctx, cfg, target); !errors.As(err, &refused) || refused.Reason != migrator.RefusedIrreversible || refused.Revision != "s1" {
				t.Errorf("to %s: %v", target, err)
			}
		}
		if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied" {
			t.Errorf("rows %q", got)
		}
		// Going back to the older program is a decision of a person.
		if _, err := older.Purge(ctx, cfg, "head"); err != nil {
			t.Fatal(err)
		}
		if report, err := older.Up(ctx, cfg); err != nil || len(report.Steps)+len(report.Ahead) > 0 {
			t.Errorf("up after stamp: %+v, %v", report, err)
		}
		if report, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, cfg); err != nil || len(report.Steps) > 0 || len(report.Replaced) != 1 {
			t.Errorf("up of the newer program: %+v, %v", report, err)
		}
	}
}

// A revision that replaces one which replaces others is recorded in the place of either.
func TestChainOfReplacements(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	again := projecttest.New(t).
		Add("s2", "", squashUp+"\nALTER TABLE account ADD nickname text;", squashDown, "replaces: s1 (a1, b2, c3), d4").
		Add("e5", "d4", "SELECT 1;", "")
	for name, prepare := range map[string]func(string){
		"neither was recorded": func(string) {},
		"the first is recorded": func(url string) {
			if _, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		url := at(t, shopWithD4(t), "d4")
		prepare(url)
		report, err := again.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
		if err != nil || projecttest.Steps(report) != "up e5" {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if got := pgtest.Value(t, url, rows); got != "e5 applied, s2 applied" {
			t.Errorf("%s: rows %q", name, got)
		}
	}
	for start, missing := range map[string]string{"c3": "[d4]", "a1": "[b2 c3 d4]"} {
		url := at(t, shopWithD4(t), start)
		_, err := again.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
		var e *migrator.ReplacedError
		if !errors.As(err, &e) || fmt.Sprint(e.Missing) != missing {
			t.Errorf("from %s: %v", start, err)
		}
	}
}

// A script exchanges the rows of a database that has the replaced revisions, and accepts one that has the other one.
func TestScriptExchangesReplacedRevisions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := squashed(t).Migrator(migrator.Config{})
	script, err := projecttest.Script(m, []string{"s1"}, migrator.Up)
	if err != nil {
		t.Fatal(err)
	}
	nothing, err := projecttest.Script(m, []string{"d4"}, migrator.Up)
	if err != nil {
		t.Fatal(err)
	}
	old, applied := at(t, shopWithD4(t), "c3"), at(t, squashed(t), "s1")
	for _, url := range []string{old, applied} {
		if out, err := projecttest.Psql(t, url, script); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied" {
			t.Errorf("rows %q", got)
		}
		st, err := m.Status(ctx, projecttest.Config(t, url))
		if err != nil || st.Count(migrator.Applied) != 2 {
			t.Errorf("%+v, %v", st, err)
		}
	}
	if got := pgtest.Value(t, old, eventsInOrder); got != "up a1, up b2, up c3, replace s1, up d4" {
		t.Errorf("events %q", got)
	}
	complete := at(t, shopWithD4(t), "d4")
	if out, err := projecttest.Psql(t, complete, nothing); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := pgtest.Value(t, complete, rows); got != "d4 applied, s1 applied" {
		t.Errorf("rows %q", got)
	}
	between := at(t, shopWithD4(t), "b2")
	if out, err := projecttest.Psql(t, between, script); err == nil || !strings.Contains(out, "the script starts at s1, and this database is not there") {
		t.Errorf("%v: %s", err, out)
	}
	if got := pgtest.Value(t, between, rows); got != "a1 applied, b2 applied" {
		t.Errorf("rows %q", got)
	}
}

// The schema stays as it is, and so does what is known about it.
func TestExchangeKeepsFingerprint(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	on := migrator.Config{Fingerprint: migrator.FingerprintOn}
	if _, err := shopWithD4(t).Migrator(on).Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	m := squashed(t).Migrator(migrator.Config{})
	if _, err := m.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	if st, err := m.Status(ctx, cfg); err != nil || st.Schema == nil || st.Schema.State != migrator.SchemaUnchanged {
		t.Errorf("%+v, %v", st.Schema, err)
	}
	pgtest.Exec(t, url, "CREATE TABLE stranger (id int)")
	if st, err := m.Status(ctx, cfg); err != nil || st.Schema == nil || st.Schema.State != migrator.SchemaChanged {
		t.Errorf("%+v, %v", st.Schema, err)
	}
}

// An interrupted revision is not one that is applied.
func TestUnfinishedReplacedRevisionIsRefused(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), at(t, shopWithD4(t), "d4")
	pgtest.Exec(t, url, "UPDATE ambix_revision SET state = 'reverting' WHERE revision = 'b2'")
	_, err := squashed(t).Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
	var e *migrator.ReplacedError
	if !errors.As(err, &e) || fmt.Sprint(e.Unfinished) != "[b2]" {
		t.Errorf("%v", err)
	}
}

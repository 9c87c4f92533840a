package apply_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// exchangedTo returns a database in which the rows of a1, b2 and c3 were exchanged for that of s1, and all of p is applied.
func exchangedTo(t testing.TB, start string, p *projecttest.Project) string {
	t.Helper()
	url := at(t, shopWithD4(t), start)
	if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url), "heads"); err != nil {
		t.Fatal(err)
	}
	return url
}

// The events say what a revision of a newer program has replaced: an older one neither applies that again nor stops.
func TestOlderProgramKnowsWhatWasReplaced(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), exchangedTo(t, "d4", squashed(t))
	cfg, older := projecttest.Config(t, url), shopWithD4(t).Migrator(migrator.Config{})
	st, err := older.Status(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(st.Current, st.Count(migrator.Applied), st.Count(migrator.Unknown), st.Count(migrator.Pending), st.Count(migrator.Modified)) != "[d4] 4 0 0 0" {
		t.Errorf("%+v", st)
	}
	if r := st.Replacements; len(r) != 1 || r[0].State != migrator.ReplacementNewer || r[0].Revision != "s1" || fmt.Sprint(r[0].Recorded, r[0].Missing) != "[a1 b2 c3] []" || r[0].Conflicts() {
		t.Errorf("%+v", r)
	}
	if found, err := older.Check(ctx, cfg); err != nil || len(found) > 0 {
		t.Errorf("check: %+v, %v", found, err)
	}
	before := pgtest.Value(t, url, eventsInOrder)
	for _, targets := range [][]string{nil, {"c3"}, {"heads"}} {
		if report, err := older.Up(ctx, cfg, targets...); err != nil || len(report.Steps)+len(report.Ahead) > 0 || fmt.Sprint(report.To) != "[d4]" {
			t.Errorf("up %v: %+v, %v", targets, report, err)
		}
	}
	if report, err := older.To(ctx, cfg, "head"); err != nil || len(report.Steps) > 0 {
		t.Errorf("to: %+v, %v", report, err)
	}
	// What is in the place of several cannot be reverted one by one.
	for name, move := range map[string]func() (*migrator.Report, error){
		"to base": func() (*migrator.Report, error) { return older.To(ctx, cfg, "base") },
		"down c3": func() (*migrator.Report, error) { return older.Down(ctx, cfg, "b2") },
		"redo":    func() (*migrator.Report, error) { return older.Move(ctx, cfg, migrator.Redo, "2") },
	} {
		_, err := move()
		if e, ok := errors.AsType[*migrator.RefusedError](err); !ok || e.Reason != migrator.RefusedIrreversible || e.Recorded != "s1" || !strings.Contains(e.Error(), "a newer program has recorded s1 in its place") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := pgtest.Value(t, url, eventsInOrder); got != before {
		t.Errorf("events %q, before %q", got, before)
	}
	if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied" {
		t.Errorf("rows %q", got)
	}
	// What is above can be reverted and applied.
	if _, err := older.Down(ctx, cfg, "c3"); err != nil {
		t.Fatal(err)
	}
	more := shopWithD4(t).Add("x5", "d4", "CREATE TABLE x5 ();", "DROP TABLE x5;").Migrator(migrator.Config{})
	p, err := more.Plan(ctx, cfg, migrator.Up)
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	if err := p.Script(&script); err != nil || !strings.Contains(script.String(), "ARRAY[$ambix1$s1$ambix1$]") || strings.Contains(script.String(), "p.revision OPERATOR(pg_catalog.=) $ambix1$c3$") {
		t.Errorf("the script expects other rows than s1: %v\n%s", err, script.String())
	}
	if report, err := more.Up(ctx, cfg); err != nil || projecttest.Steps(report) != "up d4, up x5" {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied, x5 applied" {
		t.Errorf("rows %q", got)
	}
	again := squashed(t).Add("x5", "d4", "CREATE TABLE x5 ();", "DROP TABLE x5;").Migrator(migrator.Config{})
	if report, err := again.Up(ctx, cfg); err != nil || len(report.Steps)+len(report.Replaced) > 0 {
		t.Errorf("newer: %+v, %v", report, err)
	}
}

// A rollback reverts what the newer program has applied after the squash, and nothing else.
func TestOlderProgramRevertsWhatCameAfterASquash(t *testing.T) {
	t.Parallel()
	for _, down := range []string{"d4", "s1"} {
		newer := squashed(t).Add("e5", down, "CREATE TABLE e5 ();", "DROP TABLE e5;")
		ctx, url := context.Background(), exchangedTo(t, "d4", newer)
		older := shopWithD4(t).Migrator(migrator.Config{})
		if report, err := older.Up(ctx, projecttest.Config(t, url)); err != nil || fmt.Sprint(report.Ahead) != "[e5]" || len(report.Steps) > 0 {
			t.Errorf("up: %+v, %v", report, err)
		}
		report, err := older.To(ctx, projecttest.Config(t, url), "head")
		if err != nil || projecttest.Steps(report) != "down e5" {
			t.Fatalf("after %s: %+v, %v", down, report, err)
		}
		if got := pgtest.Value(t, url, rows); got != "d4 applied, s1 applied" {
			t.Errorf("rows %q", got)
		}
	}
}

// A program that lacks some of what was replaced is behind.
func TestProgramWithoutSomeReplacedRevisionsIsBehind(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), exchangedTo(t, "c3", squashed(t))
	first := func() *projecttest.Project {
		p := projecttest.Shop(t)
		for name := range p.Files {
			if strings.HasPrefix(name, "c3.") {
				delete(p.Files, name)
			}
		}
		return p
	}
	older := first().Migrator(migrator.Config{})
	st, err := older.Status(ctx, projecttest.Config(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if r := st.Replacements; len(r) != 1 || fmt.Sprint(r[0].Recorded, r[0].Missing) != "[a1 b2] [c3]" || st.Count(migrator.Pending) != 0 {
		t.Errorf("%+v", st)
	}
	report, err := older.Up(ctx, projecttest.Config(t, url))
	if err != nil || len(report.Steps) > 0 || !slices.Contains(report.Ahead, "s1") {
		t.Errorf("%+v, %v", report, err)
	}
	other := first().Add("x5", "b2", "CREATE TABLE x5 ();", "").Migrator(migrator.Config{})
	_, err = other.Up(ctx, projecttest.Config(t, url))
	if e, ok := errors.AsType[*migrator.PolicyError](err); !ok || fmt.Sprint(e.Pending) != "[x5]" {
		t.Errorf("%v", err)
	}
	if _, err = older.To(ctx, projecttest.Config(t, url), "head"); !strings.Contains(fmt.Sprint(err), "irreversible") {
		t.Errorf("to head: %v", err)
	}
}

// A revision that replaced one which had replaced others stands for all of them.
func TestOlderProgramKnowsChainsOfReplacements(t *testing.T) {
	t.Parallel()
	ctx, url := context.Background(), exchangedTo(t, "d4", squashed(t))
	again := projecttest.New(t).Add("s2", "", squashUp+"\nALTER TABLE account ADD nickname text;", squashDown, "replaces: s1 (a1, b2, c3), d4")
	if _, err := again.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	for name, older := range map[string]*projecttest.Project{"before both": shopWithD4(t), "before the second": squashed(t)} {
		report, err := older.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
		if err != nil || len(report.Steps)+len(report.Ahead)+len(report.Replaced) > 0 || fmt.Sprint(report.To) != "[d4]" {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
	}
	if got := pgtest.Value(t, url, rows); got != "s2 applied" {
		t.Errorf("rows %q", got)
	}
	// A database that never had the first ones.
	url = at(t, squashed(t), "d4")
	if _, err := again.Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	report, err := shopWithD4(t).Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url))
	if err != nil || len(report.Steps) > 0 || fmt.Sprint(report.Ahead) != "[s2]" {
		t.Errorf("a new database: %+v, %v", report, err)
	}
}

// A stamp says what the schema is: the revisions that a newer program has replaced get their rows again, and the one in their
// place loses its own, so that the ledger has one of the two. What the older program does not know stays.
func TestStampOfOlderProgramExchangesBack(t *testing.T) {
	t.Parallel()
	newer := func() *projecttest.Project {
		return squashed(t).Add("y1", "", "CREATE TABLE y1 ();", "DROP TABLE y1;")
	}
	for _, c := range []struct {
		name, target string
		purge        bool
		older        *projecttest.Project
		rows         string
	}{
		{"to the head", "heads", false, shopWithD4(t), "a1 applied, b2 applied, c3 applied, d4 applied, y1 applied"},
		{"to one of them", "b2", false, shopWithD4(t), "a1 applied, b2 applied, y1 applied"},
		{"to base", "base", false, shopWithD4(t), "none"},
		{"purge forgets what is unknown", "heads", true, shopWithD4(t), "a1 applied, b2 applied, c3 applied, d4 applied"},
		{"of another branch", "z1", false, shopWithD4(t).Add("z1", "", "CREATE TABLE z1 ();", ""), "d4 applied, s1 applied, y1 applied, z1 applied"},
		{"of some that the program has", "b2", false, projecttest.New(t).Add("a1", "", "SELECT 1;", "").Add("b2", "a1", "SELECT 1;", ""), "a1 applied, b2 applied, y1 applied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, url := context.Background(), exchangedTo(t, "d4", newer())
			cfg, m := projecttest.Config(t, url), c.older.Migrator(migrator.Config{})
			stamp := m.Stamp
			if c.purge {
				stamp = m.Purge
			}
			for range 2 { // once more changes nothing
				if _, err := stamp(ctx, cfg, c.target); err != nil {
					t.Fatal(err)
				}
				if got := pgtest.Value(t, url, rows); got != c.rows {
					t.Errorf("rows %q", got)
				}
			}
		})
	}
	// The newer program goes on from there.
	ctx, url := context.Background(), exchangedTo(t, "d4", newer())
	if _, err := shopWithD4(t).Migrator(migrator.Config{}).Stamp(ctx, projecttest.Config(t, url), "heads"); err != nil {
		t.Fatal(err)
	}
	if report, err := newer().Migrator(migrator.Config{}).Up(ctx, projecttest.Config(t, url), "heads"); err != nil || len(report.Replaced) != 1 || len(report.Steps) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

package prove

import (
	"fmt"
	"strings"
	"testing"
)

func TestOrdersThatTheGraphAllowsGiveTheSameSchema(t *testing.T) {
	t.Parallel()
	branches := func(b2, c2 string) []pair {
		return []pair{
			{"a", "-- down_revision:\n", "CREATE TABLE a (a int PRIMARY KEY, x text); INSERT INTO a VALUES (1, 'x');", "DROP TABLE a;"},
			{"b1", "-- down_revision: a\n", "CREATE TABLE b1 (a int);", "DROP TABLE b1;"},
			{"b2", "-- down_revision: b1\n", b2, "SELECT 1;"},
			{"b3", "-- down_revision: b2\n", "CREATE TABLE b3 (a int);", "DROP TABLE b3;"},
			{"c1", "-- down_revision: a\n", "CREATE TABLE c1 (a int);", "DROP TABLE c1;"},
			{"c2", "-- down_revision: c1\n", c2, "SELECT 1;"},
			{"c3", "-- down_revision: c2\n", "CREATE TABLE c3 (a int);", "DROP TABLE c3;"},
			{"m", "-- down_revision: b3, c3\n", "", "none"},
		}
	}
	for _, test := range []struct{ name, b2, c2, pair, want, finding string }{
		{"independent", "ALTER TABLE a ADD b int;", "ALTER TABLE a ADD c int;", "", "", ""},
		{"a table that is missing", "ALTER TABLE b1 ADD b int;", "ALTER TABLE b1 ADD c int;", "b1 c2", `fails at sql/c2.up.sql:6:1: relation "b1" does not exist`, `danger sql/c2.up.sql:6:1 b1 (b1) and c2 (c2) can be applied in either order, but with c2 first c2 fails: relation "b1" does not exist (42P01)`},
		{"the last one counts", "COMMENT ON TABLE a IS 'b';", "COMMENT ON TABLE a IS 'c';", "b2 c2", "changed TABLE public.a comment", "warning sql/c2.up.sql:6:1 b2 (b2) and c2 (c2) can be applied in either order, but the schema depends on it: with c2 first it has a different table public.a (comment: c -> b)"},
		{"a guard", "CREATE TABLE IF NOT EXISTS d (a int);", "CREATE TABLE IF NOT EXISTS d (a int, b int);", "b2 c2", "added COLUMN public.d.b", "danger sql/c2.up.sql:6:1 b2 (b2) and c2 (c2) can be applied in either order, but the schema depends on it: with c2 first it also has column public.d.b"},
		{"numbered names", "CREATE INDEX ON a (x);", "CREATE INDEX ON a (x) WHERE a > 0;", "b2 c2", "changed INDEX public.a_x_idx definition expression; changed INDEX public.a_x_idx1 definition expression", "danger sql/c2.up.sql:6:1 b2 (b2) and c2 (c2) can be applied in either order, but the schema depends on it: with c2 first it has a different index public.a_x_idx (definition; expression) and index public.a_x_idx1 (definition; expression)"},
		{"rows", "INSERT INTO a VALUES (2, 'x');", "DELETE FROM a;", "b2 c2", "rows public.a 0->1", "warning sql/c2.up.sql:6:1 b2 (b2) and c2 (c2) can be applied in either order, but the rows depend on it: with c2 first public.a has 1 row instead of 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, branches(test.b2, test.c2))
			got, err := s.Orders(t.Context(), s.Files.Ordered(), 2, 1)
			if err != nil {
				t.Fatal(err)
			}
			var pair, result string
			if d := got.Differs; d != nil {
				pair = d.One + " " + d.Other
				result = summary(Reverted{Left: d.Differs, Rows: d.Rows})
				if d.Failed != nil {
					result = strings.TrimPrefix(summary(Reverted{Down: d.Failed}), "down ")
				}
			} else if got.Tried != 3 {
				t.Errorf("%d orders", got.Tried)
			}
			var finding string
			for _, f := range got.Findings(s.Files.Revision) {
				finding = fmt.Sprintf("%s %s %s", f.Severity, f.Pos, f.Text)
			}
			if finding != test.finding {
				t.Errorf("%q", finding)
			}
			if pair != test.pair || result != test.want {
				t.Errorf("%s: %q", pair, result)
			}
		})
	}
}

func TestOrdersAreAllowedDifferentAndRepeatable(t *testing.T) {
	t.Parallel()
	s := setup(t, []pair{
		{"a", "-- down_revision:\n", "SELECT 1;", "none"},
		{"b1", "-- down_revision: a\n", "SELECT 1;", "none"},
		{"b2", "-- down_revision: b1\n", "SELECT 1;", "none"},
		{"c1", "-- down_revision: a\n", "SELECT 1;", "none"},
		{"c2", "-- down_revision: c1\n-- depends_on: b1\n", "SELECT 1;", "none"},
		{"m", "-- down_revision: b2, c2\n", "", "none"},
	})
	trial := &orderTrial{Setup: s, first: strings.Fields("a b1 b2 c1 c2 m")}
	all := trial.others(100, 7)
	seen := map[string]bool{}
	for _, order := range all {
		at := map[string]int{}
		for i, id := range order {
			at[id] = i
		}
		for _, link := range []string{"a b1", "b1 b2", "a c1", "c1 c2", "b1 c2", "b2 m", "c2 m"} {
			if lower, upper, _ := strings.Cut(link, " "); at[lower] >= at[upper] {
				t.Errorf("%v: %s after %s", order, lower, upper)
			}
		}
		seen[strings.Join(order, " ")] = true
	}
	// b1 c1 in two orders, then b2 and c2: 5 in all, of which one is the graph's.
	if len(all) != 4 || len(seen) != 4 || strings.Join(all[0], " ") != "a c1 b1 c2 b2 m" {
		t.Errorf("%d orders: %v", len(all), all)
	}
	if again := trial.others(100, 7); strings.Join(again[3], " ") != strings.Join(all[3], " ") {
		t.Error("another order with the same seed")
	}
	if alone := (&orderTrial{Setup: s, first: strings.Fields("a b1 b2")}).others(100, 7); len(alone) != 0 {
		t.Error(alone)
	}
	order := strings.Fields("a b1 b2 c1 c2 m")
	if n := exchanges(order, all[0], 1, nil); n != 1 || strings.Join(order, " ") != "a b1 c1 b2 c2 m" {
		t.Error(n, order)
	}
}

package ddl

import (
	"maps"
	"slices"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/schematest"
	"example.com/ambix/migrator/internal/sqltext"
)

// Every cast that a type change relies on exists, and is one for assignments where no USING is written.
func TestCastsExist(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	s := schematest.ReadDatabase(t, url)
	c := &change{from: s, to: s}
	names := slices.Collect(maps.Keys(oneWay))
	for _, group := range append(slices.Collect(maps.Values(oneWay)), castGroups...) {
		names = append(names, group...)
	}
	slices.Sort(names)
	checked := 0
	for _, from := range slices.Compact(names) {
		for _, to := range slices.Compact(slices.Clone(names)) {
			if from == to || isString(from) || isString(to) {
				continue
			}
			condition := ""
			switch {
			case c.assignable(from, to):
				condition = "castcontext IN ('a', 'i')"
			case c.castable(from, to):
				condition = "true"
			default:
				continue
			}
			checked++
			query := "SELECT count(*) FROM pg_cast WHERE castsource = " + sqltext.QuoteLiteral(from) + "::regtype AND casttarget = " + sqltext.QuoteLiteral(to) + "::regtype AND " + condition
			if n := pgtest.Value(t, url, query); n != "1" {
				t.Errorf("%s to %s: %s casts with %s", from, to, n, condition)
			}
		}
	}
	if checked < 50 {
		t.Errorf("%d casts", checked)
	}
}

package schema

import (
	"testing"
	"time"
)

// What 'now'::timestamp became when an object was made is no difference, and every other time is one.
func TestMomentsAreNotCompared(t *testing.T) {
	t.Parallel()
	key := Key{View, "public.v"}
	now := time.Now().Truncate(time.Second).Add(123456 * time.Microsecond)
	text := func(at time.Time, layout string) string {
		return "SELECT ('" + at.Format(layout) + "'::timestamp without time zone - '1 mon'::interval) AS at"
	}
	const micro, zone, second = "2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999-07", "2006-01-02 15:04:05"
	old := time.Date(2020, 3, 6, 10, 0, 0, 123456000, time.UTC)
	for _, test := range []struct {
		name, from, to string
		read           time.Time
		equal          bool
	}{
		{"made now and long ago", text(old, micro), text(now, micro), now, true},
		{"made now and now", text(now.Add(-time.Minute), micro), text(now, micro), now, true},
		{"with a zone", text(old, zone), text(now, zone), now, true},
		{"in a zone", text(old, micro), text(now.In(time.FixedZone("", 14*3600)), micro), now, true},
		{"both long ago", text(old, micro), text(old.Add(time.Second), micro), now, false},
		{"no fraction", text(now.Add(-time.Hour), second), text(now, second), now, false},
		{"one without", text(old, second), text(now, micro), now, false},
		{"something else differs", text(old, micro), text(now, micro) + " FROM t", now, false},
		{"another string", "SELECT 'a', '1'::timestamp", "SELECT 'b', '1'::timestamp", now, false},
		{"not read", text(old, micro), text(now, micro), time.Time{}, false},
	} {
		from, to := build(t, 150000, map[Key][]string{key: {"query=" + test.from}}), build(t, 150000, map[Key][]string{key: {"query=" + test.to}})
		from.Read, to.Read = test.read, test.read
		for _, d := range [][]Difference{from.Compare(to), to.Compare(from)} {
			if (len(d) == 0) != test.equal {
				t.Errorf("%s: %v", test.name, d)
			}
		}
	}
}

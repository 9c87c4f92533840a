package schema

import (
	"strings"
	"time"
)

// The server evaluates 'now'::timestamp when it reads the statement, so that a view, a default or a constraint with it
// contains the moment in which it was made. Made again, by the same statement, it contains another one.

// sameButMoment reports whether two expressions differ only in the moments in which they were made. A moment has a fraction
// of a second, and is less than two days away from the time at which its schema was read: what it says in another time zone
// counts too. The moment of the other side may be of any age, because a database keeps it as long as the object.
func (c *comparison) sameButMoment(from, to string) bool {
	if c.from.Read.IsZero() && c.to.Read.IsZero() || !strings.Contains(from, "'::timestamp") {
		return false
	}
	a, b := tokenize(from), tokenize(to)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		one, ok := moment(a[i])
		other, also := moment(b[i])
		if !ok || !also || !recent(one, c.from.Read) && !recent(other, c.to.Read) {
			return false
		}
	}
	return true
}

// moment reads a literal such as '2026-02-14 08:30:00.123456+01', as the server prints it. The zone is not looked at.
func moment(token string) (time.Time, bool) {
	const layout = "'2006-01-02 15:04:05"
	if len(token) < len(layout)+3 || token[len(layout)] != '.' {
		return time.Time{}, false
	}
	t, err := time.Parse(layout, token[:len(layout)])
	return t, err == nil
}

func recent(t, read time.Time) bool {
	return !read.IsZero() && read.Sub(t).Abs() < 48*time.Hour
}

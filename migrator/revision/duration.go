package revision

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxDuration is the longest timeout that PostgreSQL takes.
const maxDuration = math.MaxInt32 * time.Millisecond

// unit is one of the units of a duration. Longer ones stand before shorter ones in a
// sum.
type unit struct {
	name string
	size time.Duration
}

var units = [...]unit{{"h", time.Hour}, {"min", time.Minute}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

// DurationError says why a text is no duration.
type DurationError struct {
	Value, Text string
}

func (e *DurationError) Error() string { return fmt.Sprintf("duration %q: %s", e.Value, e.Text) }

// ParseDuration reads a duration as headers, flags and environment variables have it:
// a number with a unit (ms, s, m or min, h), or a sum of them with the longer units
// first: 500ms, 5s, 1.5h, 10min, 1h30m. The unit is required, for zero too. There are
// no signs and no blanks; the result is a whole number of milliseconds and at most
// 2147483647 of them, PostgreSQL's own limit for a timeout. The error is a
// *DurationError.
func ParseDuration(s string) (time.Duration, error) {
	fail := func(format string, args ...any) (time.Duration, error) {
		return 0, &DurationError{s, fmt.Sprintf(format, args...)}
	}
	if strings.HasPrefix(s, "-") {
		return fail("it is negative: a duration begins at 0s")
	}
	var sum time.Duration
	shortest := 2 * time.Hour
	for rest := s; rest != "" || s == ""; {
		n := span(rest, func(c byte) bool { return '0' <= c && c <= '9' || c == '.' })
		number, after := rest[:n], rest[n:]
		if number == "" || number[0] == '.' || number[n-1] == '.' || strings.Count(number, ".") > 1 {
			return fail("it is no number with a unit, such as 500ms, 5s, 10min or 1h30m")
		}
		n = span(after, func(c byte) bool { return (c < '0' || c > '9') && c != '.' })
		u, ok := unitNamed(after[:n])
		switch {
		case n == 0:
			return fail("the unit is missing: write %sms, %[1]ss, %[1]smin or %[1]sh", number)
		case !ok:
			return fail("unknown unit %q: the units are ms, s, m (or min) and h", after[:n])
		case u.size >= shortest:
			return fail("each unit stands once, the longer ones first, as in 1h30m")
		}
		shortest, rest = u.size, after[n:]
		d, err := multiply(number, u.size)
		if err != nil {
			return fail("%s", err)
		}
		sum += d
	}
	if sum > maxDuration {
		return fail("it is longer than PostgreSQL allows, %s", FormatDuration(maxDuration))
	}
	return sum, nil
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func unitNamed(name string) (unit, bool) {
	for _, u := range units {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// multiply is exact: a header must not mean a little more or less than it says.
func multiply(number string, size time.Duration) (time.Duration, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	fraction = strings.TrimRight(fraction, "0")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(maxDuration/size) {
		return 0, fmt.Errorf("it is longer than PostgreSQL allows, %s", FormatDuration(maxDuration))
	}
	d := time.Duration(n) * size
	for _, digit := range []byte(fraction) {
		if size%10 != 0 {
			return 0, fmt.Errorf("it is no whole number of milliseconds")
		}
		size /= 10
		d += time.Duration(digit-'0') * size
	}
	if d%time.Millisecond != 0 {
		return 0, fmt.Errorf("it is no whole number of milliseconds")
	}
	return d, nil
}

// FormatDuration writes a duration so that ParseDuration reads the same one: 500ms,
// 5s, 1h30m, 0s. Parts of a millisecond are rounded up, because a timeout of 0 would
// mean none at all. A negative duration gets a minus sign, which is not read back.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + FormatDuration(-d)
	}
	left := d / time.Millisecond
	if d%time.Millisecond != 0 {
		left++
	}
	if left == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range units {
		size := u.size / time.Millisecond
		if n := left / size; n > 0 && u.name != "min" {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			left -= n * size
		}
	}
	return b.String()
}

package revision

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/text"
)

// maxDuration is PostgreSQL's limit for a timeout.
const maxDuration = math.MaxInt32 * time.Millisecond

// unit is a unit of durations.
type unit struct {
	name string
	size time.Duration
}

// units are the units, in the order in which they are written in a sum. FormatDuration writes "m".
var units = [...]unit{{"h", time.Hour}, {"min", time.Minute}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}}

// DurationError reports a text that is not a valid duration.
type DurationError struct {
	Value, Text string
}

func (e *DurationError) Error() string { return "duration " + text.Quote(e.Value) + ": " + e.Text }

// ParseDuration parses a duration as it is written in headers, flags and environment variables: a number with a unit (ms, s,
// m or min, h), or a sum of them with the longer units first, as 500ms, 5s, 1.5h, 10min, 1h30m. The unit is required, even
// for zero. Signs and spaces are not allowed. The result is a whole number of milliseconds, at most 2147483647, which is
// PostgreSQL's limit for a timeout. The error is a *DurationError.
func ParseDuration(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err != nil {
		return 0, &DurationError{s, err.Error()}
	}
	return d, nil
}

var (
	errTooLong   = fmt.Errorf("longer than PostgreSQL allows, %s", FormatDuration(maxDuration))
	errPrecision = errors.New("not a whole number of milliseconds")
)

func parseDuration(s string) (time.Duration, error) {
	if strings.HasPrefix(s, "-") {
		return 0, errors.New("must not be negative")
	}
	var sum time.Duration
	last := 2 * time.Hour // the size of the unit before
	for rest := s; rest != "" || s == ""; {
		number, after := span(rest, func(c byte) bool { return '0' <= c && c <= '9' || c == '.' })
		if number == "" || number[0] == '.' || strings.HasSuffix(number, ".") || strings.Count(number, ".") > 1 {
			return 0, errors.New("not a number with a unit, such as 500ms, 5s, 10min or 1h30m")
		}
		name, next := span(after, func(c byte) bool { return (c < '0' || c > '9') && c != '.' })
		u, ok := unitNamed(name)
		switch {
		case name == "" && len(number) > len("2147483647"):
			return 0, errors.New("missing unit: the units are ms, s, m (or min) and h")
		case name == "":
			return 0, fmt.Errorf("missing unit: write %sms, %[1]ss, %[1]smin or %[1]sh", number)
		case !ok:
			return 0, fmt.Errorf("unknown unit %s: the units are ms, s, m (or min) and h", text.Quote(name))
		case u.size >= last:
			return 0, errors.New("each unit can appear once, the longer ones first, as in 1h30m")
		}
		d, err := multiply(number, u.size)
		if err != nil {
			return 0, err
		}
		sum += d
		last, rest = u.size, next
	}
	if sum > maxDuration {
		return 0, errTooLong
	}
	return sum, nil
}

// span splits s after the leading bytes of which in is true.
func span(s string, in func(byte) bool) (string, string) {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

func unitNamed(name string) (unit, bool) {
	for _, u := range units {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// multiply is exact, unlike floating-point arithmetic.
func multiply(number string, size time.Duration) (time.Duration, error) {
	whole, fraction, _ := strings.Cut(number, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(maxDuration/size) {
		return 0, errTooLong
	}
	d := time.Duration(n) * size
	for _, digit := range []byte(strings.TrimRight(fraction, "0")) {
		if size%10 != 0 {
			return 0, errPrecision
		}
		size /= 10
		d += time.Duration(digit-'0') * size
	}
	if d%time.Millisecond != 0 {
		return 0, errPrecision
	}
	return d, nil
}

// FormatDuration formats a duration such that ParseDuration returns the same: 500ms, 5s, 1h30m, 0s. A fraction of a
// millisecond is rounded up, because a timeout of 0 means no limit. A negative duration has a minus sign, which
// ParseDuration does not accept.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		return "-" + FormatDuration(-max(d, -math.MaxInt64))
	}
	ms := d / time.Millisecond
	if d%time.Millisecond != 0 {
		ms++
	}
	if ms == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range units {
		size := u.size / time.Millisecond
		if n := ms / size; n > 0 && u.name != "min" {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			ms -= n * size
		}
	}
	return b.String()
}

package revision_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/revision"
)

func TestParseDurationRequiresUnit(t *testing.T) {
	t.Parallel()
	const shape = "not a number with a unit, such as 500ms, 5s, 10min or 1h30m"
	const whole = "not a whole number of milliseconds"
	const order = "each unit can appear once, the longer ones first, as in 1h30m"
	const longest = "longer than PostgreSQL allows, 596h31m23s647ms"
	tests := []struct {
		in      string
		want    time.Duration
		problem string
	}{
		{"500ms", 500 * time.Millisecond, ""},
		{"5s", 5 * time.Second, ""},
		{"2m", 2 * time.Minute, ""},
		{"10min", 10 * time.Minute, ""},
		{"1h", time.Hour, ""},
		{"0s", 0, ""},
		{"0ms", 0, ""},
		{"007s", 7 * time.Second, ""},
		{"1h30m", 90 * time.Minute, ""},
		{"1h30min5s500ms", 90*time.Minute + 5500*time.Millisecond, ""},
		{"90m90s", 91*time.Minute + 30*time.Second, ""},
		{"1.5s", 1500 * time.Millisecond, ""},
		{"0.25h", 15 * time.Minute, ""},
		{"0.1m", 6 * time.Second, ""},
		{"1.000s", time.Second, ""},
		{"2147483647ms", math.MaxInt32 * time.Millisecond, ""},

		{"", 0, shape},
		{"s", 0, shape},
		{"five", 0, shape},
		{" 5s", 0, shape},
		{"+5s", 0, shape},
		{".5s", 0, shape},
		{"5.s", 0, shape},
		{"1.2.3s", 0, shape},
		{"٥s", 0, shape},
		{"5", 0, "missing unit: write 5ms, 5s, 5min or 5h"},
		{"0", 0, "missing unit: write 0ms, 0s, 0min or 0h"},
		{"1h30", 0, "missing unit: write 30ms, 30s, 30min or 30h"},
		{"-5s", 0, "must not be negative"},
		{"5 s", 0, `unknown unit " s": the units are ms, s, m (or min) and h`},
		{"5S", 0, `unknown unit "S": the units are ms, s, m (or min) and h`},
		{"5sec", 0, `unknown unit "sec": the units are ms, s, m (or min) and h`},
		{"1d", 0, `unknown unit "d": the units are ms, s, m (or min) and h`},
		{"1µs", 0, `unknown unit "µs": the units are ms, s, m (or min) and h`},
		{"5s ", 0, `unknown unit "s ": the units are ms, s, m (or min) and h`},
		{"1e3s", 0, `unknown unit "e": the units are ms, s, m (or min) and h`},
		{"1m1h", 0, order},
		{"1s1s", 0, order},
		{"1m1min", 0, order},
		{"0.5ms", 0, whole},
		{"1.0005s", 0, whole},
		{"0.000001h", 0, whole},
		{"0.00000000000000000001h", 0, whole},
		{"2147483648ms", 0, longest},
		{"597h", 0, longest},
		{"596h32m", 0, longest},
		{"99999999999999999999s", 0, longest},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			t.Parallel()
			got, err := revision.ParseDuration(test.in)
			if test.problem == "" {
				if err != nil || got != test.want {
					t.Errorf("%v, %v, want %v", got, err, test.want)
				}
				return
			}
			var de *revision.DurationError
			if !errors.As(err, &de) || de.Value != test.in || de.Text != test.problem {
				t.Errorf("%v, %v\nwant %s", got, err, test.problem)
			}
		})
	}
}

func TestFormatDurationRoundsUp(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "500ms": 500 * time.Millisecond, "5s": 5 * time.Second, "10m": 10 * time.Minute, "1h": time.Hour,
		"1h30m": 90 * time.Minute, "1m30s": 90 * time.Second, "1s1ms": 1001 * time.Millisecond, "1ms": time.Nanosecond,
		"2ms": 1001 * time.Microsecond, "-5s": -5 * time.Second,
		"2562047h47m16s855ms": math.MaxInt64, "-2562047h47m16s855ms": math.MinInt64,
	} {
		if got := revision.FormatDuration(d); got != want {
			t.Errorf("%d is %s, want %s", d, got, want)
		}
	}
}

func TestFormattedDurationIsParsedBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, math.MaxInt32).Draw(t, "ms")) * time.Millisecond
		text := revision.FormatDuration(d)
		if got, err := revision.ParseDuration(text); got != d || err != nil {
			t.Fatalf("%v is written %s and read as %v, %v", d, text, got, err)
		}
	})
}

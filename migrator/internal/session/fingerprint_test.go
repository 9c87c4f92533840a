package session

import (
	"testing"
	"time"
)

func TestAutoReadsTheSchemaForATenthOfTheRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mode       FingerprintMode
		run, limit time.Duration
		read       bool
	}{
		{FingerprintAuto, 90 * time.Millisecond, 9 * time.Millisecond, false},
		{FingerprintAuto, 3 * time.Second, 300 * time.Millisecond, true},
		{FingerprintAuto, time.Hour, time.Second, true},
		{FingerprintOn, time.Millisecond, 0, true},
		{FingerprintOff, time.Hour, 0, false},
		{"", time.Hour, 0, false},
	} {
		if limit, read := test.mode.limit(test.run); limit != test.limit || read != test.read {
			t.Errorf("%q after %s: %s %v", test.mode, test.run, limit, read)
		}
	}
}

func TestFingerprintsAreDueAfterAThousandTimesTheirCost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		age, took time.Duration
		catalog   int64
		want      bool
	}{
		{time.Minute, 50 * time.Millisecond, 1 << 20, true},
		{49 * time.Second, 50 * time.Millisecond, 1 << 20, false},
		{10 * time.Minute, 0, 1 << 20, false}, // never read
		{17 * time.Minute, 0, 1 << 20, true},
		{24 * time.Hour, 0, 9 << 20, false}, // a large catalog
		{-time.Hour, 0, 1 << 20, false},     // a clock that was set back
	} {
		if got := isDue(test.age, test.took, test.catalog); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

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

package main

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	t.Setenv("DATABASE_URL", "::") // fails if it is read
	for _, test := range []struct {
		arg            string
		code           int
		stdout, stderr string
	}{
		{"-h", 0, usage, ""},
		{"--help", 0, usage, ""},
		{"more", 2, "", usage},
	} {
		var stdout, stderr strings.Builder
		if code := run([]string{test.arg}, &stdout, &stderr); code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%s: exit code %d\n%s%s", test.arg, code, &stdout, &stderr)
		}
	}
}

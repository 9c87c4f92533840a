package settings

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/dbenv"
)

// resolved returns the settings of a command line in an environment.
func resolved(t *testing.T, environ []string, args ...string) (*Settings, error) {
	t.Helper()
	flags := pflag.NewFlagSet("up", pflag.ContinueOnError)
	s := New(nil)
	s.AddFlags(flags, func(string) string { return "" })
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s, s.Resolve(flags, environ)
}

func TestFlagOverridesVariableOverridesDefault(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, environ, args string
		want                func(*Settings) any
		value               any
	}{
		{"default", "", "", func(s *Settings) any { return s.WaitRunner }, 10 * time.Minute},
		{"variable", "MIGRATE_WAIT_RUNNER=3s", "", func(s *Settings) any { return s.WaitRunner }, 3 * time.Second},
		{"flag", "", "--wait-runner=4s", func(s *Settings) any { return s.WaitRunner }, 4 * time.Second},
		{"flag overrides variable", "MIGRATE_WAIT_RUNNER=3s", "--wait-runner=4s", func(s *Settings) any { return s.WaitRunner }, 4 * time.Second},
		{"flag overrides a wrong variable", "MIGRATE_WAIT_RUNNER=3", "--wait-runner=4s", func(s *Settings) any { return s.WaitRunner }, 4 * time.Second},
		{"flag with the default overrides variable", "MIGRATE_CHANGED=fail", "--changed=warn", func(s *Settings) any { return s.Changed }, "warn"},
		{"empty variable", "MIGRATE_CHANGED=", "", func(s *Settings) any { return s.Changed }, "warn"},
		{"switch", "MIGRATE_QUIET=1", "", func(s *Settings) any { return s.Quiet }, true},
		{"switch off", "MIGRATE_QUIET=true", "--quiet=false", func(s *Settings) any { return s.Quiet }, false},
		{"flag quiet, variable verbose", "MIGRATE_VERBOSE=1", "--quiet", func(s *Settings) any { return []bool{s.Quiet, s.Verbose} }, []bool{true, false}},
		{"flag verbose, variable quiet", "MIGRATE_QUIET=1", "--verbose", func(s *Settings) any { return []bool{s.Quiet, s.Verbose} }, []bool{false, true}},
		{"one-shot flags have no variable", "MIGRATE_FROM=base MIGRATE_HEAD=base", "", func(s *Settings) any { return s.Dir }, ""},
		{"other programs' variables", "MIGRATE_SERVICE_HOST=10.0.0.1 MIGRATE_PORT=tcp://10.0.0.1:80", "", func(s *Settings) any { return s.Dir }, ""},
	}
	for _, test := range tests {
		s, err := resolved(t, strings.Fields(test.environ), strings.Fields(test.args)...)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.value, test.want(s)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestInvalidVariablesAreReportedTogether(t *testing.T) {
	t.Parallel()
	_, err := resolved(t, []string{"MIGRATE_WAIT=60", "MIGRATE_CHANGED=auto", "MIGRATE_AHEAD=maybe", "MIGRATE_JSON=yes", "MIGRATE_ROLE=a\nb", "MIGRATE_COLOR=never"})
	want := `MIGRATE_ROLE: must not contain line breaks or NUL bytes
MIGRATE_WAIT: duration "60": missing unit: write 60ms, 60s, 60min or 60h
MIGRATE_AHEAD: "maybe" must be one of auto, ok, fail
MIGRATE_CHANGED: "auto" must be one of warn, ok, fail
MIGRATE_JSON: "yes" must be true or false`
	if err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if _, ok := errors.AsType[*dbenv.Error](err); !ok {
		t.Errorf("%T", err)
	}
	_, err = resolved(t, []string{"MIGRATE_QUIET=1", "MIGRATE_VERBOSE=1"})
	if _, ok := errors.AsType[*UsageError](err); !ok {
		t.Errorf("quiet and verbose: %v", err)
	}
}

func TestUnknownVariables(t *testing.T) {
	t.Parallel()
	got := New(nil).UnknownVariables([]string{"MIGRATE_WAIT=1s", "MIGRATE_WAIT_RUNER=1s", "MIGRATE_COLOUR=never", "MIGRATE_SERVICE_HOST=10.0.0.1", "WAIT=5"})
	want := []string{
		"unknown variable MIGRATE_WAIT_RUNER; did you mean MIGRATE_WAIT_RUNNER?",
		"unknown variable MIGRATE_COLOUR; did you mean MIGRATE_COLOR?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestShareIsANumberOrAPercentage(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"0": 0, "7": 7, "5%": 12, "100%": 250, "0%": 0, "1%": 2} {
		var v Share
		if err := v.Set(text); err != nil || v.Of(250) != want || v.String() != text {
			t.Errorf("%s: %d, %s, %v", text, v.Of(250), v.String(), err)
		}
	}
	for _, text := range []string{"", "-1", "101%", "5 %", "%", "half"} {
		if err := new(Share).Set(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

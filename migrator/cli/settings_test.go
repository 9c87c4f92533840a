package cli

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
)

// resolved gives the settings of a command line in an environment.
func resolved(t *testing.T, environ []string, args ...string) (*program, error) {
	t.Helper()
	p := newProgram(Config{Environ: environ, Version: "v1"})
	cmd := &cobra.Command{Use: "up"}
	for _, o := range p.settings.options() {
		o.add(cmd.Flags(), "")
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return p, p.settings.resolve(cmd, environ)
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, environ, args string
		want                func(*settings) any
		value               any
	}{
		{"default", "", "", func(s *settings) any { return s.waitRunner }, 10 * time.Minute},
		{"variable", "MIGRATE_WAIT_RUNNER=3s", "", func(s *settings) any { return s.waitRunner }, 3 * time.Second},
		{"flag", "", "--wait-runner=4s", func(s *settings) any { return s.waitRunner }, 4 * time.Second},
		{"flag beats variable", "MIGRATE_WAIT_RUNNER=3s", "--wait-runner=4s", func(s *settings) any { return s.waitRunner }, 4 * time.Second},
		{"flag beats a wrong variable", "MIGRATE_WAIT_RUNNER=3", "--wait-runner=4s", func(s *settings) any { return s.waitRunner }, 4 * time.Second},
		{"flag with the default beats variable", "MIGRATE_CHANGED=fail", "--changed=warn", func(s *settings) any { return s.changed }, "warn"},
		{"empty variable", "MIGRATE_CHANGED=", "", func(s *settings) any { return s.changed }, "warn"},
		{"switch", "MIGRATE_QUIET=1", "", func(s *settings) any { return s.quiet }, true},
		{"switch off", "MIGRATE_QUIET=true", "--quiet=false", func(s *settings) any { return s.quiet }, false},
		{"flag quiet, variable verbose", "MIGRATE_VERBOSE=1", "--quiet", func(s *settings) any { return []bool{s.quiet, s.verbose} }, []bool{true, false}},
		{"flag verbose, variable quiet", "MIGRATE_QUIET=1", "--verbose", func(s *settings) any { return []bool{s.quiet, s.verbose} }, []bool{false, true}},
		{"one-shot flags have no variable", "MIGRATE_FROM=base MIGRATE_HEAD=base", "", func(s *settings) any { return s.dir }, ""},
		{"other programs' variables", "MIGRATE_SERVICE_HOST=10.0.0.1 MIGRATE_PORT=tcp://10.0.0.1:80", "", func(s *settings) any { return s.dir }, ""},
	}
	for _, test := range tests {
		p, err := resolved(t, strings.Fields(test.environ), strings.Fields(test.args)...)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.value, test.want(&p.settings)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestWrongVariablesComeTogether(t *testing.T) {
	t.Parallel()
	_, err := resolved(t, []string{"MIGRATE_WAIT=60", "MIGRATE_CHANGED=auto", "MIGRATE_AHEAD=maybe", "MIGRATE_JSON=yes", "MIGRATE_ROLE=a\nb", "MIGRATE_COLOR=never"})
	want := `MIGRATE_ROLE: a line end or a NUL byte is in it
MIGRATE_WAIT: duration "60": the unit is missing: write 60ms, 60s, 60min or 60h
MIGRATE_AHEAD: "maybe" is none of auto, ok, fail
MIGRATE_CHANGED: "auto" is none of warn, ok, fail
MIGRATE_JSON: "yes" is neither true nor false`
	if err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
	if ExitCode(err) != 2 {
		t.Errorf("exit code %d", ExitCode(err))
	}
	if _, err := resolved(t, []string{"MIGRATE_QUIET=1", "MIGRATE_VERBOSE=1"}); ExitCode(err) != 2 {
		t.Errorf("quiet and verbose: %v", err)
	}
}

func TestMisspeltVariables(t *testing.T) {
	t.Parallel()
	s := settings{}
	got := s.misspelt([]string{"MIGRATE_WAIT=1s", "MIGRATE_WAIT_RUNER=1s", "MIGRATE_COLOUR=never", "MIGRATE_SERVICE_HOST=10.0.0.1", "WAIT=5"})
	want := []string{
		"the variable MIGRATE_WAIT_RUNER means nothing here; did you mean MIGRATE_WAIT_RUNNER?",
		"the variable MIGRATE_COLOUR means nothing here; did you mean MIGRATE_COLOR?",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every setting reaches the library, and zero means none on the command line.
func TestSettingsReachTheLibrary(t *testing.T) {
	t.Parallel()
	p, err := resolved(t, nil, "--ledger=a.b", "--role=r", "--wait=1s", "--wait-runner=2s", "--lock-timeout=3s", "--retry-for=4s",
		"--statement-timeout=5s", "--ahead=ok", "--changed=fail", "--out-of-order=ok")
	if err != nil {
		t.Fatal(err)
	}
	want := migrator.Config{
		Ledger: "a.b", Role: "r", Version: "v1", Wait: time.Second, WaitRunner: 2 * time.Second, LockTimeout: 3 * time.Second, RetryFor: 4 * time.Second,
		StatementTimeout: 5 * time.Second, Ahead: migrator.OK, Changed: migrator.Fail, OutOfOrder: migrator.OK,
	}
	if got := p.config(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	p, err = resolved(t, nil, "--wait-runner=0s", "--lock-timeout=0s", "--retry-for=0s")
	if err != nil {
		t.Fatal(err)
	}
	if c := p.config(); c.WaitRunner >= 0 || c.LockTimeout >= 0 || c.RetryFor >= 0 {
		t.Errorf("%+v", c)
	}
	p, err = resolved(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.New(fstest.MapFS{}, p.config()); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

// Each setting has a variable of its own that the help shows.
func TestEverySettingHasAVariable(t *testing.T) {
	t.Parallel()
	p := newProgram(Config{})
	cmd := p.migrate()
	var help strings.Builder
	cmd.SetOut(&help)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, o := range p.settings.options() {
		want := "MIGRATE_" + strings.ToUpper(strings.ReplaceAll(o.flag, "-", "_"))
		if o.flag == "database-url" {
			want = "DATABASE_URL"
		} else if o.variable != want {
			t.Errorf("--%s has the variable %q", o.flag, o.variable)
		}
		if slices.Contains(seen, o.flag) || !strings.Contains(help.String(), " "+want) {
			t.Errorf("the help does not show %s", want)
		}
		seen = append(seen, o.flag)
	}
}

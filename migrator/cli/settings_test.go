package cli

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

// resolved returns a program with the settings of a command line.
func resolved(t *testing.T, args ...string) (*program, error) {
	t.Helper()
	p := newProgram(Config{Environ: []string{}, Version: "v1"})
	flags := pflag.NewFlagSet("up", pflag.ContinueOnError)
	p.settings.AddFlags(flags, p.shorthand)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return p, p.settings.Resolve(flags, nil)
}

// Zero means none on the command line.
func TestSettingsReachTheLibrary(t *testing.T) {
	t.Parallel()
	p, err := resolved(t, "--ledger=a.b", "--role=r", "--wait=1s", "--wait-runner=2s", "--lock-timeout=3s", "--retry-for=4s",
		"--statement-timeout=5s", "--send=statement", "--ahead=ok", "--changed=fail", "--out-of-order=ok")
	if err != nil {
		t.Fatal(err)
	}
	want := migrator.Config{
		Ledger: "a.b", Role: "r", Version: "v1", Wait: time.Second, WaitRunner: 2 * time.Second, LockTimeout: 3 * time.Second, RetryFor: 4 * time.Second,
		StatementTimeout: 5 * time.Second, Send: migrator.SendStatement, Fingerprint: migrator.FingerprintAuto, Ahead: migrator.OK, Modified: migrator.Fail, OutOfOrder: migrator.OK,
	}
	if got := p.config(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	p, err = resolved(t, "--wait-runner=0s", "--lock-timeout=0s", "--retry-for=0s")
	if err != nil {
		t.Fatal(err)
	}
	if c := p.config(); c.WaitRunner >= 0 || c.LockTimeout >= 0 || c.RetryFor >= 0 {
		t.Errorf("%+v", c)
	}
	p, err = resolved(t)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.New(fstest.MapFS{}, p.config()); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestEverySettingHasAVariableInTheHelp(t *testing.T) {
	t.Parallel()
	cmd := Command(Config{})
	var help strings.Builder
	cmd.SetOut(&help)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	n := 0
	cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if settings.Group(f) == "" {
			return
		}
		n++
		want := "MIGRATE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if f.Name == "database-url" {
			want = "DATABASE_URL"
		} else if settings.Variable(f) != want {
			t.Errorf("--%s has the variable %q", f.Name, settings.Variable(f))
		}
		if !strings.Contains(help.String(), " "+want) {
			t.Errorf("the help does not show %s", want)
		}
	})
	if n < 15 {
		t.Errorf("only %d settings", n)
	}
}

func TestConfigDefaultsReplaceDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{"ledger": "app.ambix", "lock-timeout": "10s", "changed": "fail", "quiet": "true"}
	run := func(environ []string, args ...string) *program {
		p := newProgram(Config{FS: fstest.MapFS{}, Environ: environ, Defaults: defaults})
		cmd := p.migrate()
		cmd.SetArgs(append([]string{"heads"}, args...))
		if err := cmd.Execute(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, test := range []struct {
		environ, args string
		want          time.Duration
	}{
		{"", "", 10 * time.Second},
		{"MIGRATE_LOCK_TIMEOUT=20s", "", 20 * time.Second},
		{"MIGRATE_LOCK_TIMEOUT=", "", 10 * time.Second},
		{"", "--lock-timeout=30s", 30 * time.Second},
		{"MIGRATE_LOCK_TIMEOUT=20s", "--lock-timeout=30s", 30 * time.Second},
	} {
		p := run(strings.Fields(test.environ), strings.Fields(test.args)...)
		if got := p.config().LockTimeout; got != test.want {
			t.Errorf("%s %s: lock timeout %s, want %s", test.environ, test.args, got, test.want)
		}
		if got := p.config(); got.Ledger != "app.ambix" || got.Modified != migrator.Fail || !p.settings.Quiet || got.RetryFor != 2*time.Minute {
			t.Errorf("%s %s: %+v", test.environ, test.args, got)
		}
	}

	cmd := Command(Config{Defaults: defaults})
	var help strings.Builder
	cmd.SetOut(&help)
	cmd.SetArgs([]string{"up", "--help"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[app.ambix]", "no limit [10s]", "modified [fail]", "lock timeouts [2m]"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("the help does not contain %s\n%s", want, help.String())
		}
	}
}

func TestInvalidConfigDefaultsAreErrors(t *testing.T) {
	t.Parallel()
	c := Config{FS: fstest.MapFS{}, Environ: []string{"DATABASE_URL=postgres://127.0.0.1:1/store"}, Defaults: map[string]string{
		"lokc-timeout": "10s", "wait": "60", "changed": "maybe", "role": "postgres://store:geheim@db/store", "database-url": "postgres://store:geheim@db/store",
	}}
	want := `default of --changed: "maybe" must be one of warn, ok, fail
default of --database-url: not supported; set DATABASE_URL instead
default of --lokc-timeout: unknown flag
default of --role: a URL is not allowed here; the database is configured by --database-url or DATABASE_URL
default of --wait: duration "60": missing unit: write 60ms, 60s, 60min or 60h`
	// A valid flag or variable does not hide the mistake.
	for _, args := range []string{"heads", "plan up --from base", "heads --wait=1s"} {
		cmd := Command(c)
		cmd.SilenceErrors = true
		cmd.SetArgs(strings.Fields(args))
		err := cmd.Execute()
		if ExitCode(err) != 2 {
			t.Errorf("%s: exit code %d", args, ExitCode(err))
		}
		if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
			t.Errorf("%s: %s", args, diff)
		}
	}
	cmd := Command(c)
	var help strings.Builder
	cmd.SetOut(&help)
	cmd.SetArgs([]string{"--help"})
	if err := cmd.Execute(); err != nil || strings.Contains(help.String(), "geheim") {
		t.Errorf("%v\n%s", err, help.String())
	}
}

package cli

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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

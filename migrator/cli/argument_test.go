package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli"
)

// offline is a configuration without a database.
func offline() cli.Config { return cli.Config{FS: line(), Environ: []string{}} }

// plan --from needs no database, so it shows how arguments are read.
func TestNegativeNumbersAreArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args string
		want string // the steps, or a part of the error
	}{
		{"plan down -1 --from head", "down c3"},
		{"plan down --from head -1", "down c3"},
		{"plan down --from=head -- -1", "down c3"},
		{"plan down -2 --from head", "down c3, down b2"},
		{"plan --from head down -3", "down c3, down b2, down a1"},
		{"plan downgrade --from head", "down c3"},
		{"plan down c3-1 --from head", "down c3"},
		{"plan up +2 --from base", "up a1, up b2"},
		{"plan up +2 --from a1", "up b2, up c3"},
		{"plan up", "no database is named"},
		{"plan to b2 --from head", "down c3"},
		{"plan down -10 --from head", "down -10: "},
		{"plan down -00 --from head", "down -00: "},
		{"plan down -1 -1 --from head", "down -11: "},
		{"plan down -1x --from head", "unknown flag -x"},
		{"plan down -x --from head", "unknown flag -x"},
		{"plan down -1=2 --from head", "only digits may follow the -"},
		{"plan down --1 --from head", "unknown flag --1"},
		{"plan down a1 b2 --from head", "one target"},
		{"plan -1 --from head", "unknown command -1: must be plan up, plan down, plan to or plan stamp"},
		{"plan sideways", "unknown command sideways"},
		{"plan", "missing command: plan up"},
		{"to", "missing target"},
		{"down -1 -- -1", "one target, not 2: -1 -1"},
		{"down a b c", "one target, not 3: a b c"},
		{"status x", "status takes no arguments"},
		{"status -1", "unknown flag -1"},
		{"-1", "unknown flag -1"},
		{"show", "missing revision"},
	}
	for name, tree := range trees {
		for _, test := range tests {
			t.Run(name+": "+test.args, func(t *testing.T) {
				t.Parallel()
				got := tree(offline(), append([]string{"--json"}, strings.Fields(test.args)...)...)
				text := steps(t, got)
				if got.err != nil {
					text = got.err.Error()
					if cli.ExitCode(got.err) != 2 {
						t.Errorf("exit code %d: %v", cli.ExitCode(got.err), got.err)
					}
				}
				if got.err == nil && text != test.want || !strings.Contains(text, test.want) {
					t.Errorf("%q, want %q", text, test.want)
				}
			})
		}
	}
}

// steps returns the steps of the document on standard output.
func steps(t *testing.T, r result) string {
	t.Helper()
	var document struct {
		Steps []struct{ Direction, Revision string }
	}
	if err := json.Unmarshal([]byte(r.stdout), &document); err != nil {
		t.Fatalf("standard output is not a document: %v\n%s", err, r.stdout)
	}
	var words []string
	for _, s := range document.Steps {
		words = append(words, s.Direction+" "+s.Revision)
	}
	return strings.Join(words, ", ")
}

// A command may be executed more than once.
func TestNegativeNumbersAreForgottenBetweenRuns(t *testing.T) {
	t.Parallel()
	c := cli.Command(offline())
	for range 2 {
		if got := execute(c, "plan", "down", "-1", "--from", "head"); got.err != nil {
			t.Fatal(got.err)
		}
	}
	for _, before := range [][]string{{"plan", "down", "-1", "--help"}, {"plan", "down", "-1", "--nonsense"}} {
		c := cli.Command(offline())
		execute(c, before...)
		got := execute(c, "down", "--help=false", "a", "b")
		if got.err == nil || !strings.Contains(got.err.Error(), "not 2: a b") {
			t.Errorf("after %q: %v", before, got.err)
		}
	}
}

func TestMistakesAreExplained(t *testing.T) {
	t.Parallel()
	tests := []struct{ args, want string }{
		{"upp", "unknown command upp; did you mean up?\nfor help, run: "},
		{"statsu", "unknown command statsu; did you mean status?"},
		{"create add_note", "unknown command create; did you mean revision?"},
		{"rollback", "unknown command rollback; did you mean down?"},
		{"wobble", "unknown command wobble\nfor help, run: "},
		{"", "missing command: up, down, to, "},
		{"--wait 1s", "missing command"},
		{"up --jsn", "unknown flag --jsn; did you mean --json?"},
		{"up --wobble", "unknown flag --wobble\nfor help, run: "},
		{"--wobble up", "unknown flag --wobble\nfor help, run: "},
		{"up --wait", "--wait requires a value"},
		{"up --wait 5", `--wait: duration "5": missing unit`},
		{"up --wait=-5s", `--wait: duration "-5s": must not be negative`},
		{"up --ahead maybe", `--ahead: "maybe" must be one of auto, ok, fail`},
		{"up --color=green", `--color: "green" must be one of auto, always, never`},
		{"up --json=perhaps", `--json: "perhaps" must be true or false`},
		{"up --ledger ambix", `"ambix": the schema is missing; write SCHEMA.PREFIX`},
		{"up --dir=", "--dir: must not be empty"},
		{"up --quiet --verbose", "--quiet and --verbose are mutually exclusive"},
		{"up ---", "invalid flag: the syntax is --name"},
		{"revision add email", "the message must follow -m, in quotes\nrun: "},
		{"revision", "missing message"},
		{"completion", "missing shell: bash, fish, powershell or zsh"},
		{"completion tcsh", "unknown shell tcsh: must be bash"},
		{"help wobble", "unknown command wobble"},
		{"help up wobble", "unknown command wobble"},
	}
	for name, tree := range trees {
		for _, test := range tests {
			t.Run(name+": "+test.args, func(t *testing.T) {
				t.Parallel()
				got := tree(offline(), strings.Fields(test.args)...)
				if got.err == nil || !strings.Contains(got.err.Error(), test.want) {
					t.Errorf("%v, want %q", got.err, test.want)
				}
				if code := cli.ExitCode(got.err); code != 2 {
					t.Errorf("exit code %d", code)
				}
				if got.stdout+got.stderr != "" {
					t.Errorf("the command itself printed %q and %q", got.stdout, got.stderr)
				}
			})
		}
	}
}

// A URL in the wrong position may contain a password.
func TestErrorsDoNotRepeatPasswords(t *testing.T) {
	t.Parallel()
	const url = "postgres://store:geheim@db/store"
	for _, args := range [][]string{
		{url},
		{"up", url},
		{"plan", url},
		{"plan", "up", url},
		{"show", url},
		{"history", "-r", url},
		{"up", "--databse-url=" + url},
		{"up", "--databse-url", url},
		{"up", "--" + url},
		{"up", "-" + url},
		{"up", "-1" + url},
		{"up", "--wait=" + url},
		{"up", "--ledger", url},
		{"up", "--dir", url},
		{"up", "--role", url},
		{"up", "--ahead", url},
		{"up", "--json=" + url},
		{"plan", "up", "--from", url},
		{"help", url},
		{"revision", url},
		{"revision", "-m", "x", "--head", url},
		{"merge", url},
		{"edit", url},
		{"rebase", "c3", "--onto", url},
		{"squash", url, "-m", "x"},
		{"init", url},
		{"init", "store", "--module", url},
		{"init", "store", "--replace", url},
		{"completion", url},
		{"up", "--database-url", "mysql://store:geheim@db/store"},
		{"up", "--database-url", "postgres://store:geheim@:::/x"},
		{"up", "--database-url", url + "?sslmode=wobble"},
	} {
		for name, tree := range trees {
			got := tree(offline(), args...)
			if cli.ExitCode(got.err) != 2 {
				t.Errorf("%s: %q: exit code %d: %v", name, args, cli.ExitCode(got.err), got.err)
			}
			if all := got.stdout + got.stderr + got.err.Error(); strings.Contains(all, "geheim") {
				t.Errorf("%s: %q repeats the password: %s", name, args, all)
			}
		}
	}
	for _, variable := range []string{"LEDGER", "ROLE", "WAIT", "DIR", "AHEAD", "JSON", "COLOR"} {
		c := offline()
		c.Environ = []string{"MIGRATE_" + variable + "=" + url}
		got := execute(cli.Command(c), "status")
		if cli.ExitCode(got.err) != 2 || strings.Contains(got.err.Error(), "geheim") || !strings.Contains(got.err.Error(), "MIGRATE_"+variable) {
			t.Errorf("MIGRATE_%s: %v", variable, got.err)
		}
	}
}

// Persistent flags of parent commands work, also those with the name of a setting.
func TestFlagsOfTheTreeKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"--region us --verbose --color never --config c.yaml -d migrate plan up --from base",
		"migrate --region us -v --color never --config c.yaml -d plan up --from base",
		"migrate plan up --from base --region=us --verbose --color=never --config=c.yaml -d",
	} {
		var region, color, config, seen string
		var verbosity int
		var debug bool
		root := &cobra.Command{Use: "shop", PersistentPreRun: func(*cobra.Command, []string) {
			seen = strings.Join([]string{region, color, config}, " ")
		}}
		flags := root.PersistentFlags()
		flags.StringVar(&region, "region", "eu", "")
		flags.StringVar(&color, "color", "auto", "")
		flags.StringVarP(&config, "config", "c", "", "")
		flags.CountVarP(&verbosity, "verbose", "v", "")
		flags.BoolVarP(&debug, "debug", "d", false, "")
		root.AddCommand(cli.Command(offline()))
		got := execute(root, strings.Fields(args)...)
		if got.err != nil {
			t.Fatalf("%s: %v", args, got.err)
		}
		if seen != "us never c.yaml" || verbosity != 1 || !debug {
			t.Errorf("%s: the hook saw %q, verbosity %d, debug %v", args, seen, verbosity, debug)
		}
	}
}

// A tree may use the letters for flags of its own.
func TestNoShorthandsLeavesLettersToTheTree(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "shop"}
	level := root.PersistentFlags().IntP("level", "v", 0, "")
	module := root.PersistentFlags().StringP("module", "m", "", "")
	c := offline()
	c.NoShorthands = true
	root.AddCommand(cli.Command(c))
	if got := execute(root, "migrate", "plan", "down", "-1", "--from", "head", "-v", "3", "-m", "x"); got.err != nil || *level != 3 || *module != "x" {
		t.Errorf("%v, level %d, module %q", got.err, *level, *module)
	}
	if got := execute(root, "migrate", "history", "--help"); got.err != nil || strings.Contains(got.stdout, "-r, ") {
		t.Errorf("%v\n%s", got.err, got.stdout)
	}
}

// A command in a message contains the commands above and their flags.
func TestSuggestionsRepeatTheTree(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"as a root":                        "migrate plan down -1 --from=head --wait=3s",
		"in a foreign tree":                "shop migrate plan down -1 --from=head --wait=3s",
		"in a foreign tree that traverses": "shop tools migrate plan down -1 --from=head --region=us --wait=3s",
	} {
		got := trees[name](offline(), "plan", "down", "1", "--wait=3s", "--from", "head")
		if got.err == nil || !strings.HasSuffix(got.err.Error(), "\nto revert 1 revision, run: "+want) {
			t.Errorf("%s: %v", name, got.err)
		}
	}
	// Flags that only the root accepts follow its name; secrets are named, but not repeated.
	root := &cobra.Command{Use: "shop", SilenceErrors: true, TraverseChildren: true}
	root.Flags().String("config", "", "")
	root.PersistentFlags().StringArray("label", nil, "")
	root.PersistentFlags().String("api-token", "", "")
	root.AddCommand(cli.Command(offline()))
	got := execute(root, "--config", "my file", "migrate", "plan", "down", "1", "--from", "head", "--label=a,b", "--label=c", "--api-token=geheim")
	want := "\nnot repeated below, because it may be secret: add --api-token\nto revert 1 revision, run: shop --config='my file' migrate plan down -1 --from=head --label=a,b --label=c"
	if got.err == nil || !strings.HasSuffix(got.err.Error(), want) {
		t.Errorf("%v", got.err)
	}
}

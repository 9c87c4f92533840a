package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// No flag that names a file or a folder answers in the words of a system call.
func TestErrorsOfFilesAreNotThoseOfTheSystem(t *testing.T) {
	t.Parallel()
	dir, _ := completionFolder(t)
	environ := []string{"MIGRATE_DIR=" + filepath.Join(dir, "revs"), "DATABASE_URL=" + pgtest.Database(t), fingerprintSetting + "=off"}
	placeholders := []string{"FILE", "FILE|-", "URL|FILE", "REPORT", "SCHEMA", "DIR"}
	needed := map[string][]string{
		"revision": {"-m", "m", "--autogenerate"}, "squash": {"-m", "m", "--without-data", "*"}, "check": {"--offline"}, "init": {filepath.Join(dir, "new")},
		"rebase": {"shopb1", "--onto", "base"}, "show": {"head"}, "edit": {"head"}, "repair": {"shopa1", "--accept"}, "plan": {"up"},
	}
	words := regexp.MustCompile(`no such file|is a directory|not a directory|\b(open|stat|lstat|mkdir|read) [^ ]*none`)
	checked := 0
	for _, cmd := range cli.Command(cli.Config{Environ: environ}).Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			placeholder := f.Annotations["ambix_placeholder"]
			if placeholder == nil || !slices.Contains(placeholders, placeholder[0]) {
				return
			}
			for _, value := range []string{"none/file.sql", "revs", "some_file.sql/file.sql"} {
				args := append([]string{cmd.Name()}, needed[cmd.Name()]...)
				if f.Name == "schema" {
					args = slices.DeleteFunc(args, func(s string) bool { return s == "--offline" })
				}
				res := execute(fresh(environ), append(args, "--"+f.Name+"="+filepath.Join(dir, value))...)
				said := res.stdout + res.stderr
				if res.err != nil {
					said += res.err.Error()
				}
				if words.MatchString(said) {
					t.Errorf("%s --%s=%s: %s", strings.Join(args, " "), f.Name, value, said)
				}
				checked++
			}
		})
	}
	if checked < 30 {
		t.Errorf("only %d", checked)
	}
	if _, err := os.Stat(filepath.Join(dir, "some_file.sql")); err != nil {
		t.Error(err)
	}
}

func fresh(environ []string) *cobra.Command { return cli.Command(cli.Config{Environ: environ}) }

package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/scaffold"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) initialize() *cobra.Command {
	var module, replace settings.Text
	return p.command(action{
		use: "init DIR", short: "make a new project around revisions of its own",
		long: `Writes a Go project that embeds its revisions and has this command line: it builds and
runs at once, with no revision yet. All files are written or none, and none that is
there is touched. Inside a checkout of this module, or with --replace, go.mod leads to
that checkout; otherwise to the version of this program.`,
		example: "init store\ninit . --module github.com/acme/store",
		groups:  []string{settings.GroupOutput},
		check: func(args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &migrator.UsageError{Text: "name one folder for the project: init DIR, or init . for this one"}
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &module, "module", "", "PATH", "default: example.com/ and the folder's name")
			settings.AddFlag(f, &replace, "replace", "", "DIR", "a checkout of "+scaffold.ModulePath+" to build with")
		},
		run: func(r *run) error { return r.initialize(string(module), string(replace)) },
	})
}

func (r *run) initialize(module, replace string) error {
	p, err := scaffold.New(filepath.Clean(r.args[0]), module, replace)
	if err != nil {
		return err
	}
	files, err := p.Write()
	if err != nil {
		return err
	}
	d := &initDocument{Dir: p.Dir, Module: p.Module, Replace: p.Replace, Files: files, Next: p.Next()}
	r.document = d
	r.say(strings.Join(files, "\n"))
	if p.Replace == "" && p.Version == "" {
		r.log.Warn("this program does not know its version, so go.mod does not require " + scaffold.ModulePath + "; `go mod tidy` takes the newest, --replace DIR a checkout")
	}
	r.log.Info("then: "+d.Next, "next", d.Next)
	return nil
}

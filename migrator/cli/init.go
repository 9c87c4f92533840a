package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/scaffold"
	"example.com/ambix/migrator/cli/internal/settings"
)

func (p *program) initialize() *cobra.Command {
	var module, replace settings.Text
	cmd := p.command(action{
		use: "init DIR", short: "create a new project",
		long: `Writes a Go project that embeds its revisions and has this command line. It builds and
runs as it is, without any revision, and has a test of its revisions, a Dockerfile, and
files for Docker Compose, GitHub Actions and Kubernetes. Existing files are never changed:
a README.md and the last three are kept, and any other is an error. Inside a checkout of
this module, or with --replace, go.mod refers to the checkout; otherwise it requires the
version of this program.`,
		example: "init store\ninit . --module github.com/acme/store",
		groups:  []string{settings.GroupOutput},
		check: func(args []string) error {
			const missing = "missing folder: init DIR, or init . for the current one"
			if slices.Equal(args, []string{""}) {
				return &settings.UsageError{Text: missing}
			}
			return exactlyOne("init", "folder", missing)(args)
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &module, "module", "", "PATH", "module path (default: example.com/ and the folder's name)")
			settings.AddFlag(f, &replace, "replace", "", "DIR", "build with this checkout of "+scaffold.ModulePath)
		},
		run: func(r *run) error { return r.initialize(string(module), string(replace)) },
	})
	cmd.ValidArgsFunction = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	return cmd
}

func (r *run) initialize(module, replace string) error {
	p, err := scaffold.New(filepath.Clean(r.args[0]), module, replace)
	if err != nil {
		return err
	}
	files, kept, err := p.Write()
	if err != nil {
		return err
	}
	d := &initDocument{Dir: p.Dir, Module: p.Module, Replace: p.Replace, Files: files, Kept: list(kept), Next: p.Next()}
	r.document = d
	r.say(strings.Join(files, "\n"))
	for _, name := range kept {
		r.info(eventFileKept, name+" already exists and was left as it is", "file", name)
	}
	if p.Replace == "" && p.Version == "" {
		r.warn(eventVersionUnknown, "the version of this program is unknown, so go.mod does not require "+scaffold.ModulePath+"; go mod tidy adds the newest version; to build with a checkout, use --replace DIR")
	}
	r.logNext("to create the first revision,", d.Next)
	return nil
}

package cli

import (
	"strings"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// commandLine returns the command with its arguments and flags, to be shown for running it
// again. It omits --database-url, which may contain a password.
func (r *run) commandLine() string { return r.commandLineFor(r.cmd.CommandPath(), r.args) }

// commandLineFor returns the command line of the command at path with args and the flags of
// this one, without those that only this command has.
func (r *run) commandLineFor(path string, args []string) string {
	words := []string{path}
	for _, a := range args {
		words = append(words, terminal.Quote(a))
	}
	r.cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case settings.Group(f) == "" && path != r.cmd.CommandPath() || f.Hidden || !settings.Known(f) || f.Name == "database-url":
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			words = append(words, "--"+f.Name)
		default:
			words = append(words, "--"+f.Name+"="+terminal.Quote(f.Value.String()))
		}
	})
	return strings.Join(words, " ")
}

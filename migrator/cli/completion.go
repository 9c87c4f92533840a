package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) completion() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	cmd := p.command(action{
		use: "completion bash|fish|powershell|zsh", short: "generate a shell completion script",
		long: `Writes a script to standard output that completes commands, flags, their values and targets
in a shell. The script for bash needs no other package.`,
		example:          "completion bash > /etc/bash_completion.d/NAME\ncompletion zsh > \"${fpath[1]}/_NAME\"\ncompletion fish > ~/.config/fish/completions/NAME.fish\ncompletion powershell | Out-String | Invoke-Expression",
		allowBadSettings: true,
		check: func(args []string) error {
			err := exactlyOne("completion", "shell", "missing shell: "+text.List(shells, "or"))(args)
			if err == nil && !slices.Contains(shells, args[0]) {
				err = &settings.UsageError{Text: "unknown shell " + terminal.Quote(args[0]) + ": must be " + text.List(shells, "or")}
			}
			return err
		},
		run: func(r *run) error {
			root := r.cmd.Root()
			if r.args[0] != "powershell" {
				r.out.Print(completionScript(r.args[0], root.Name()))
				return nil
			}
			var script strings.Builder
			err := root.GenPowerShellCompletionWithDesc(&script)
			r.out.Print(strings.Replace(script.String(), powershellStart, powershellGuard+powershellStart, 1))
			return err
		},
	})
	cmd.ValidArgs, cmd.ValidArgsFunction = shells, nil
	return cmd
}

// completionArgs returns the arguments of this process. Those of a request for completions
// are escaped, because cobra repeats them on standard error; no word with such characters is
// offered.
func completionArgs(args []string) []string {
	if len(args) == 0 || args[0] != cobra.ShellCompRequestCmd && args[0] != cobra.ShellCompNoDescRequestCmd {
		return args
	}
	escaped := make([]string, len(args))
	for i, a := range args {
		escaped[i] = terminal.Line(a)
	}
	return escaped
}

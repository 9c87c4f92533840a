package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) completion() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	cmd := p.command(action{
		use: "completion bash|fish|powershell|zsh", short: "generate a shell completion script",
		long:             "Writes a script to standard output that completes commands, flags and targets in a shell.",
		example:          "completion bash > /etc/bash_completion.d/NAME\ncompletion zsh > \"${fpath[1]}/_NAME\"",
		allowBadSettings: true,
		check: func(args []string) error {
			err := exactlyOne("completion", "shell", "missing shell: "+text.List(shells, "or"))(args)
			if err == nil && !slices.Contains(shells, args[0]) {
				err = &settings.UsageError{Text: "unknown shell " + terminal.Quote(args[0]) + ": must be " + text.List(shells, "or")}
			}
			return err
		},
		run: func(r *run) error {
			root, err := r.cmd.Root(), error(nil)
			var script strings.Builder
			switch r.args[0] {
			case "bash":
				err = root.GenBashCompletionV2(&script, true)
			case "fish":
				err = root.GenFishCompletion(&script, true)
			case "powershell":
				err = root.GenPowerShellCompletionWithDesc(&script)
			default:
				err = root.GenZshCompletion(&script)
			}
			r.out.Print(script.String())
			return err
		},
	})
	cmd.ValidArgs, cmd.ValidArgsFunction = shells, nil
	return cmd
}

// completeTarget offers ids, labels and the names of targets.
func (p *program) completeTarget(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if cmd.Name() == "plan" && len(args) == 0 {
		return planVerbs, cobra.ShellCompDirectiveNoFileComp
	}
	_ = p.settings.Resolve(cmd.Flags(), p.environ())
	if slices.Contains([]string{"merge", "edit", "rebase", "squash"}, cmd.Name()) {
		p.settings.Dir = p.dir() // these commands edit files on disk
	}
	set, err := p.load(migrator.Config{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := []string{"head", "heads", "base", "current"}
	for _, rev := range set.Files().Revisions() {
		words = append(words, cobra.CompletionWithDesc(rev.ID, terminal.Clip(rev.Subject())))
		for _, label := range rev.BranchLabels {
			words = append(words, cobra.CompletionWithDesc(label, "branch of "+rev.ID))
		}
	}
	var found []string
	for _, w := range words {
		if strings.HasPrefix(w, typed) {
			found = append(found, w)
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
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

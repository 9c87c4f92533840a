package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// annotationGroups is the annotation of a command with the groups of settings in its help.
const annotationGroups = "ambix_groups"

// action defines a command.
type action struct {
	use                  string
	aliases              []string
	short, long, example string
	// groups are the groups of settings that its help shows.
	groups []string
	// targets is true if the arguments are targets, which may be negative numbers.
	targets bool
	// allowBadSettings is true for commands that run although settings are invalid.
	allowBadSettings bool
	// check returns an error if the arguments are not acceptable. Nil accepts none.
	check func(args []string) error
	// flags adds the command's own flags; it may be nil.
	flags func(*pflag.FlagSet)
	run   func(*run) error
}

// run is one execution of a command.
type run struct {
	*program
	cmd  *cobra.Command
	ctx  context.Context
	args []string
	out  *terminal.Output
	log  *terminal.Logger
	// document is what --json prints. If it is nil after a failure, the document consists of
	// the error.
	document any
	// advice is added to the text of an error: what was committed, and what to do next.
	advice string
	// opened is the set to close at the end, or nil.
	opened *migrator.Set
}

// command returns the command that an action defines.
func (p *program) command(a action) *cobra.Command {
	cmd := &cobra.Command{
		Use: a.use, Aliases: a.aliases, Short: a.short, Long: a.long, Example: a.example,
		SilenceUsage: true, DisableFlagsInUseLine: true,
		Annotations: map[string]string{annotationGroups: strings.Join(a.groups, ",")},
	}
	if a.flags != nil {
		a.flags(cmd.Flags())
	}
	if a.targets {
		p.negative.AddTo(cmd.Flags())
		cmd.ValidArgsFunction = p.completeTarget
	} else {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	// Cobra checks the arguments before it runs the hooks of parent commands, and the
	// hooks need the values of the parents' flags.
	var args []string
	cmd.Args = func(cmd *cobra.Command, given []string) (err error) {
		propagateFlags(cmd)
		args, err = p.arguments(cmd, &a, given)
		return p.fail(cmd, err, nil, "")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return p.execute(cmd, &a, args) }
	return cmd
}

// arguments resolves the settings, and returns the arguments when they are acceptable.
func (p *program) arguments(cmd *cobra.Command, a *action, given []string) ([]string, error) {
	if err := p.settings.Resolve(cmd.Flags(), p.environ()); err != nil && !a.allowBadSettings {
		if slices.Contains(a.groups, settings.GroupDatabase) {
			err = p.withDatabase(err)
		}
		return nil, err
	}
	args, err := p.negative.Insert(cmd, given)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(args, func(s string) bool { return settings.RefuseURL(s) != nil }) {
		return nil, &migrator.UsageError{Text: "a URL is no argument; " + seeHelp(cmd)}
	}
	switch {
	case a.check != nil:
		err = a.check(args)
	case len(args) > 0:
		err = &migrator.UsageError{Text: cmd.Name() + " takes no arguments; " + seeHelp(cmd)}
	}
	return args, err
}

func (p *program) execute(cmd *cobra.Command, a *action, args []string) error {
	ctx, stop := p.withSignals(cmd.Context())
	defer stop()
	r := &run{
		program: p, cmd: cmd, ctx: ctx, args: args,
		out: p.newOutput(cmd.OutOrStdout()), log: p.newLogger(cmd.ErrOrStderr()),
	}
	defer context.AfterFunc(ctx, func() {
		if p.handlesSignals && ctx.Err() != nil {
			r.log.Warn(context.Cause(ctx).Error() + ": cancelling; a second one ends at once")
		}
	})()
	if !a.allowBadSettings {
		for _, text := range p.settings.UnknownVariables(p.environ()) {
			r.log.Warn(text)
		}
	}
	err := a.run(r)
	if r.opened != nil {
		r.opened.Close()
	}
	r.log.EndStep()
	if err == nil && r.document != nil && p.settings.JSON {
		r.out.JSON(r.document)
	}
	if err == nil && r.out.Err() != nil {
		err = &fileError{r.out.Err()}
	}
	return p.fail(cmd, err, r.document, r.advice)
}

// say prints a line of the result, unless the result is a JSON document.
func (r *run) say(text string) {
	if !r.settings.JSON {
		r.out.Print(text + "\n")
	}
}

func anyArgs([]string) error { return nil }

func atLeastOne(text string) func([]string) error {
	return func(args []string) error {
		if len(args) == 0 {
			return &migrator.UsageError{Text: text}
		}
		return nil
	}
}

// parent completes a command that only contains others. Without a subcommand it returns an
// error instead of showing its help, because a container that runs `migrate` alone must
// not succeed.
func (p *program) parent(cmd *cobra.Command) *cobra.Command {
	cmd.SilenceUsage, cmd.DisableFlagsInUseLine = true, true
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		_ = p.settings.Resolve(cmd.Flags(), p.environ()) // for the output format only
		return p.fail(cmd, unknownCommand(cmd, args[0]), nil, "")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		_ = p.settings.Resolve(cmd.Flags(), p.environ())
		return p.fail(cmd, &migrator.UsageError{Text: "say what to do: " + strings.Join(commandNames(cmd), ", ") + "; " + seeHelp(cmd)}, nil, "")
	}
	return cmd
}

func unknownCommand(cmd *cobra.Command, typed string) error {
	text := "there is no such command"
	if settings.RefuseURL(typed) == nil {
		text = "unknown command " + terminal.Quote(typed)
		if near := settings.Nearest(typed, commandNames(cmd)); near != "" {
			text += "; did you mean " + near + "?"
		}
	}
	return &migrator.UsageError{Text: text + "; " + seeHelp(cmd)}
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, p := range commandGroups(cmd) {
		for _, c := range p.commands {
			names = append(names, c.Name())
		}
	}
	return names
}

// seeHelp refers to the help of a command.
func seeHelp(cmd *cobra.Command) string { return "see " + cmd.CommandPath() + " --help" }

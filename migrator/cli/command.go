package cli

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// annotationGroups holds the groups of settings that the help of a command shows.
const annotationGroups = "ambix_groups"

// action is what a command is made of.
type action struct {
	use                  string
	aliases              []string
	short, long, example string
	// groups are the settings that its help shows.
	groups []string
	// targets says that its arguments are targets, -1 among them.
	targets bool
	// lenient commands run with settings that are wrong.
	lenient bool
	// check looks at the number of arguments. Nil: there are none.
	check func(args []string) error
	// flags adds the command's own flags. Nil: there are none.
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
	// document is what --json prints. After a failure without one, it is made of the
	// error alone.
	document any
	// kept says, after a failure, what stays and what to do next: lines of text.
	kept string
	// opened is the set of a command that connects.
	opened *migrator.Set
}

// command makes an action a command.
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
	// Cobra looks at the arguments before it runs the hooks of the tree above, and that
	// is when flags of the tree have to have their values.
	var args []string
	cmd.Args = func(cmd *cobra.Command, given []string) (err error) {
		share(cmd)
		args, err = p.arguments(cmd, &a, given)
		return p.failed(cmd, err, nil, "")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return p.execute(cmd, &a, args) }
	return cmd
}

// arguments resolves the settings and checks the arguments.
func (p *program) arguments(cmd *cobra.Command, a *action, given []string) ([]string, error) {
	if err := p.settings.Resolve(cmd.Flags(), p.environ()); err != nil && !a.lenient {
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
		return nil, &migrator.UsageError{Text: "a URL is no argument; " + see(cmd)}
	}
	switch {
	case a.check != nil:
		err = a.check(args)
	case len(args) > 0:
		err = &migrator.UsageError{Text: cmd.Name() + " takes no arguments; " + see(cmd)}
	}
	return args, err
}

func (p *program) execute(cmd *cobra.Command, a *action, args []string) error {
	ctx, stop := p.interruptible(cmd.Context())
	defer stop()
	r := &run{
		program: p, cmd: cmd, ctx: ctx, args: args,
		out: p.newOutput(cmd.OutOrStdout()), log: p.newLogger(cmd.ErrOrStderr()),
	}
	defer context.AfterFunc(ctx, func() {
		if p.watched && ctx.Err() != nil {
			r.log.Warn(context.Cause(ctx).Error() + ": cancelling; a second one ends at once")
		}
	})()
	if !a.lenient {
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
	return p.failed(cmd, err, r.document, r.kept)
}

// group completes a command that only holds others. Without one it is a mistake, not a
// page of help: a container that was told `migrate` alone must not end as if all were
// well.
func (p *program) group(cmd *cobra.Command) *cobra.Command {
	cmd.SilenceUsage, cmd.DisableFlagsInUseLine = true, true
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		_ = p.settings.Resolve(cmd.Flags(), p.environ()) // only how to print is of interest
		return p.failed(cmd, unknownCommand(cmd, args[0]), nil, "")
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		_ = p.settings.Resolve(cmd.Flags(), p.environ())
		return p.failed(cmd, &migrator.UsageError{Text: "say what to do: " + strings.Join(commandNames(cmd), ", ") + "; " + see(cmd)}, nil, "")
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
	return &migrator.UsageError{Text: text + "; " + see(cmd)}
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, p := range commandParts(cmd) {
		for _, c := range p.commands {
			names = append(names, c.Name())
		}
	}
	return names
}

// see points at the help.
func see(cmd *cobra.Command) string { return "see " + cmd.CommandPath() + " --help" }

// share hands a flag's value on to a persistent flag of the tree above that has the same
// name, because cobra sets only the nearest of two.
func share(cmd *cobra.Command) {
	for parent := cmd.Parent(); parent != nil; parent = parent.Parent() {
		flags := parent.PersistentFlags()
		flags.VisitAll(func(theirs *pflag.Flag) {
			ours := cmd.Flags().Lookup(theirs.Name)
			if ours == nil || ours == theirs || !ours.Changed {
				return
			}
			value := ours.Value.String()
			switch kind := theirs.Value.Type(); {
			case kind == "count" && value == "true":
				value = "+1"
			case kind != ours.Value.Type():
				return
			}
			_ = flags.Set(theirs.Name, value) // what theirs refuses stays unset
		})
	}
}

// flagError explains a flag that cobra could not read. It repeats no more of what was
// typed than a flag's name: a value may be a password.
func (p *program) flagError(cmd *cobra.Command, err error) error {
	p.negative.Reset()
	_ = p.settings.Resolve(cmd.Flags(), p.environ())
	// What stands behind the mistake was not read.
	if line := os.Args[1:]; slices.Contains(line, cmd.CalledAs()) && slices.Contains(line, "--json") {
		p.settings.JSON = true
	}
	return p.failed(cmd, &migrator.UsageError{Text: flagText(cmd, err) + "; " + see(cmd)}, nil, "")
}

func flagText(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return "unknown flag -" + terminal.Printable(unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if settings.RefuseURL(name) != nil {
			return "unknown flag"
		}
		text := "unknown flag --" + terminal.Printable(name)
		if near := settings.Nearest(name, flagNames(cmd)); near != "" {
			text += "; did you mean --" + near + "?"
		}
		return text
	case errors.As(err, &bare):
		return "--" + bare.GetFlag().Name + " needs a value"
	case errors.As(err, &invalid) && settings.RefuseURL(invalid.GetValue()) != nil:
		return "--" + invalid.GetFlag().Name + ": " + settings.RefuseURL(invalid.GetValue()).Error()
	case errors.As(err, &invalid):
		return "--" + invalid.GetFlag().Name + ": " + invalid.Unwrap().Error()
	}
	return "a flag is written --name, --name value or --name=value"
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// annotationGroups is the annotation of a command with the groups of settings in its help.
const annotationGroups = "ambix_groups"

// annotationHeading is the annotation of a command's own flag with the heading in its help
// below which it is listed, instead of "Flags".
const annotationHeading = "ambix_heading"

// action defines a command.
type action struct {
	use                  string
	aliases              []string
	elsewhere            []string // names that other tools have for it, which are only suggested
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

// command returns the command that an action defines.
func (p *program) command(a action) *cobra.Command {
	cmd := &cobra.Command{
		Use: a.use, Aliases: a.aliases, SuggestFor: a.elsewhere, Short: a.short, Long: a.long, Example: a.example,
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
	p.completeFlags(cmd, cmd.Flags())
	// Cobra checks the arguments before it runs the hooks of parent commands, and the
	// hooks need the values of the parents' flags.
	var args []string
	cmd.Args = func(cmd *cobra.Command, given []string) (err error) {
		p.running, p.args, p.again, p.focus, p.addressShown = cmd, nil, nil, nil, false
		p.source.Store(nil)
		propagateFlags(cmd)
		args, err = p.arguments(cmd, &a, given)
		return p.fail(cmd, err, nil, advice{})
	}
	cmd.RunE = p.execute(&a, &args)
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
	p.args = args
	if slices.ContainsFunc(args, func(s string) bool { return settings.RefuseURL(s) != nil }) {
		return nil, suggest(&settings.UsageError{Text: "a URL is not allowed as an argument"}, p.helpLine(cmd))
	}
	switch {
	case a.check != nil:
		err = a.check(args)
	case len(args) > 0:
		err = suggest(&settings.UsageError{Text: cmd.Name() + " takes no arguments"}, p.helpLine(cmd))
	}
	return args, err
}

// say prints a line of the result, unless the result is a JSON document.
func (r *run) say(text string) {
	if !r.settings.JSON {
		r.out.Print(text + "\n")
	}
}

func anyArgs([]string) error { return nil }

// atLeastOne returns a check for one or more arguments. missing is the error for none.
func atLeastOne(missing string) func([]string) error {
	return func(args []string) error {
		if len(args) == 0 {
			return &settings.UsageError{Text: missing}
		}
		return nil
	}
}

// atMostOne returns a check for no more than one argument, which is a noun.
func atMostOne(command, noun string) func([]string) error {
	return func(args []string) error {
		if len(args) > 1 {
			return &settings.UsageError{Text: command + " takes one " + noun + ", not " + strconv.Itoa(len(args)) + ": " + strings.Join(args, " ")}
		}
		return nil
	}
}

// exactlyOne combines atLeastOne and atMostOne.
func exactlyOne(command, noun, missing string) func([]string) error {
	return func(args []string) error {
		if err := atLeastOne(missing)(args); err != nil {
			return err
		}
		return atMostOne(command, noun)(args)
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
		p.running = cmd
		_ = p.settings.Resolve(cmd.Flags(), p.environ()) // for the output format only
		return p.fail(cmd, p.unknownCommand(cmd, args[0]), nil, advice{})
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p.running = cmd
		_ = p.settings.Resolve(cmd.Flags(), p.environ())
		missing := &settings.UsageError{Text: "missing command: " + strings.Join(commandNames(cmd), ", ")}
		return p.fail(cmd, suggest(missing, p.helpLine(cmd)), nil, advice{})
	}
	return cmd
}

// unknownCommand returns the error for a subcommand of cmd that does not exist.
func (p *program) unknownCommand(cmd *cobra.Command, name string) error {
	message := "unknown command"
	if settings.RefuseURL(name) == nil {
		message += " " + terminal.Quote(name)
		if near := nearestCommand(cmd, name); near != "" {
			message += "; did you mean " + near + "?"
		}
	}
	return suggest(&settings.UsageError{Text: message}, p.helpLine(cmd))
}

// nearestCommand returns the subcommand that was probably meant, or one of a subcommand:
// "migrate up" for up without migrate. It knows names of other tools.
func nearestCommand(cmd *cobra.Command, name string) string {
	for _, c := range cmd.Commands() {
		if slices.Contains(append(commandNames(c), commandAliases(c)...), name) {
			return c.Name() + " " + name
		}
	}
	for _, c := range cmd.Commands() {
		if slices.Contains(c.SuggestFor, name) {
			return c.Name()
		}
	}
	if near := text.Nearest(name, append(commandNames(cmd), commandAliases(cmd)...)); near != "" {
		return near
	}
	for _, c := range cmd.Commands() {
		if c.HasAvailableSubCommands() {
			if near := nearestCommand(c, name); near != "" {
				return c.Name() + " " + near
			}
		}
	}
	return ""
}

func commandAliases(cmd *cobra.Command) []string {
	var aliases []string
	for _, c := range cmd.Commands() {
		aliases = append(aliases, c.Aliases...)
	}
	return aliases
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

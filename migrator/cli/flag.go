package cli

import (
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// propagateFlags sets persistent flags of parent commands to the values of this command's
// flags with the same name, because cobra sets only the nearest one.
func propagateFlags(cmd *cobra.Command) {
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
			_ = flags.Set(theirs.Name, value) // a value that theirs rejects is not set
		})
	}
}

// flagError explains an error of cobra about a flag. It repeats names but not values, which
// may contain passwords.
func (p *program) flagError(cmd *cobra.Command, err error) error {
	p.negative.Reset()
	_ = p.settings.Resolve(cmd.Flags(), p.environ())
	// Flags after the invalid one were not parsed.
	if line := os.Args[1:]; slices.Contains(line, cmd.CalledAs()) && slices.Contains(line, "--json") {
		p.settings.JSON = true
	}
	p.running = cmd
	if first := cmd.Flags().Arg(0); first != "" && cmd.HasSubCommands() {
		return p.fail(cmd, p.unknownCommand(cmd, first), nil, advice{}) // dwon -1
	}
	return p.fail(cmd, suggest(&settings.UsageError{Text: flagText(cmd, err)}, p.helpLine(cmd)), nil, advice{})
}

func flagText(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return "unknown flag -" + terminal.Line(unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if settings.RefuseURL(name) != nil {
			return "unknown flag"
		}
		message := "unknown flag --" + terminal.Line(name)
		if near := text.Nearest(name, flagNames(cmd)); near != "" {
			message += "; did you mean --" + near + "?"
		}
		return message
	case errors.As(err, &bare):
		return "--" + bare.GetFlag().Name + " requires a value"
	case errors.As(err, &invalid) && settings.RefuseURL(invalid.GetValue()) != nil:
		return "--" + invalid.GetFlag().Name + ": " + settings.RefuseURL(invalid.GetValue()).Error()
	case errors.As(err, &invalid):
		return "--" + invalid.GetFlag().Name + ": " + invalid.Unwrap().Error()
	}
	return "invalid flag: the syntax is --name, --name value or --name=value"
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

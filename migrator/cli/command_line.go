package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
)

// suggestion is a command to type, and what it is for. It is shown on a line of its own,
// where nothing follows the command: the line can be copied to its end.
type suggestion struct {
	purpose string // what precedes "run:", or ""
	command string // "": the purpose is all there is to do
}

// to returns a suggestion with a purpose: "to apply all heads, run: app migrate up heads".
func to(purpose, command string) suggestion { return suggestion{"to " + purpose + ",", command} }

func (s suggestion) String() string {
	if s.command == "" {
		return s.purpose
	}
	return strings.TrimLeft(s.purpose+" run: "+s.command, " ")
}

// flagValue replaces the value of a flag on a command line; "" omits the flag.
type flagValue struct{ name, value string }

// sameLine returns the command line of the running command, with its arguments and flags.
func (p *program) sameLine(cmd *cobra.Command, changes ...flagValue) string {
	return p.sameLineWith(cmd, p.args, changes...)
}

// sameLineWith is sameLine with other arguments.
func (p *program) sameLineWith(cmd *cobra.Command, args []string, changes ...flagValue) string {
	words := append(p.pathBelow(cmd), args...)
	return p.line(cmd, words, func(*pflag.Flag) bool { return true }, changes)
}

// otherLine returns the command line of another command with the flags of the running one,
// except --json, those that only the running one has, and settings without effect on the
// other one. words follow "migrate".
func (p *program) otherLine(cmd *cobra.Command, words []string, changes ...flagValue) string {
	own := cmd.LocalNonPersistentFlags()
	var groups []string
	other, _, err := p.migrateCommand.Find(words[:1])
	if err == nil {
		changes = append(changes, p.forTargets(cmd, other)...)
		groups = strings.Split(other.Annotations[annotationGroups], ",")
	}
	return p.line(cmd, words, func(f *pflag.Flag) bool {
		return own.Lookup(f.Name) == nil && f.Name != "json" && (!settings.Known(f) || slices.Contains(groups, settings.Group(f)))
	}, changes)
}

// line returns a command line that can be pasted: it is for the same folder and for the
// same database as the running command.
func (p *program) line(cmd *cobra.Command, words []string, repeat func(*pflag.Flag) bool, changes []flagValue) string {
	parts := []string{p.path(p.migrateCommand)}
	for _, word := range words {
		parts = append(parts, shellWord(word))
	}
	changed := func(name string) bool {
		return slices.ContainsFunc(changes, func(c flagValue) bool { return c.name == name })
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !f.Hidden && repeat(f) && !changed(f.Name) {
			parts = append(parts, p.flagWords(f)...)
		}
	})
	for _, c := range changes {
		switch {
		case c.value == "" && p.settings.OnWithoutFlag(c.name, p.environ()):
			parts = append(parts, "--"+c.name+"=false")
		case c.value == "true":
			parts = append(parts, "--"+c.name)
		case c.value != "":
			parts = append(parts, "--"+c.name+"="+shellWord(c.value))
		}
	}
	return strings.Join(parts, " ")
}

// isURL reports whether a flag that names a file or a database names a database.
func isURL(f *pflag.Flag) bool {
	value, ok := f.Value.(*settings.FileOrURL)
	return ok && value.IsURL()
}

// flagWords returns a flag and its values as shell words; nothing if it is secret.
func (p *program) flagWords(f *pflag.Flag) []string {
	if (f.Name == "database-url" || f.Name == "scratch-url" || isURL(f)) && settings.Known(f) {
		shown, _, ok := dbenv.WithoutSecrets(f.Value.String())
		if !ok {
			return nil
		}
		return []string{"--" + f.Name + "=" + shellWord(shown)}
	}
	if isSecret(f) {
		return nil
	}
	if slice, ok := f.Value.(pflag.SliceValue); ok {
		var words []string
		for _, value := range slice.GetSlice() {
			words = append(words, "--"+f.Name+"="+shellWord(value))
		}
		return words
	}
	if f.Value.Type() == "bool" && f.Value.String() == "true" {
		return []string{"--" + f.Name}
	}
	return []string{"--" + f.Name + "=" + shellWord(f.Value.String())}
}

// isSecret reports whether a flag of another program's tree may contain a password.
func isSecret(f *pflag.Flag) bool {
	if settings.Known(f) {
		return false
	}
	name := strings.ToLower(f.Name)
	for _, word := range []string{"pass", "secret", "token", "key", "credential", "auth"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return strings.Contains(f.Value.String(), "://")
}

// withNote precedes commands with what they need and do not contain, one line each.
func (p *program) withNote(cmd *cobra.Command, suggestions ...suggestion) []string {
	var lines []string
	if note := p.omittedNote(cmd, suggestions); note != "" && len(suggestions) > 0 {
		lines = append(lines, note)
	}
	for _, s := range suggestions {
		lines = append(lines, s.String())
	}
	return lines
}

// omittedNote returns which secrets are missing in command lines that are shown, or "".
func (p *program) omittedNote(cmd *cobra.Command, suggestions []suggestion) string {
	var notes []string
	// Another command does not have all flags of this one.
	repeated := func(f *pflag.Flag) bool {
		return slices.ContainsFunc(suggestions, func(s suggestion) bool { return strings.Contains(s.command, " --"+f.Name+"=") })
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed:
		case f.Name == "database-url" && settings.Known(f):
			_, variables, ok := dbenv.WithoutSecrets(f.Value.String())
			if !ok {
				notes = append(notes, "add --database-url")
			} else if len(variables) > 0 {
				notes = append(notes, "set "+strings.Join(variables, " and ")+" to the password of --database-url")
			}
		case (f.Name == "scratch-url" || isURL(f)) && settings.Known(f):
			if _, variables, ok := dbenv.WithoutSecrets(f.Value.String()); !ok || len(variables) > 0 && repeated(f) {
				notes = append(notes, "add the password to --"+f.Name)
			}
		case isSecret(f):
			notes = append(notes, "add --"+f.Name)
		}
	})
	if len(notes) == 0 {
		return ""
	}
	return "not repeated below, because it may be secret: " + strings.Join(notes, "; ")
}

// path returns the shell words of a command: the program as it was started, and the names
// of the commands above. Flags that only a parent accepts follow its name.
func (p *program) path(cmd *cobra.Command) string {
	if parent := cmd.Parent(); parent != nil {
		return p.path(parent) + " " + cmd.Name() + p.parentFlags(cmd)
	}
	if p.startedFromLine() {
		return programWords(os.Args[0]) + p.parentFlags(cmd)
	}
	return cmd.Name() + p.parentFlags(cmd)
}

// startedFromLine reports whether the arguments of this process are the command line of the
// running command. A program may also execute the command with other arguments.
func (p *program) startedFromLine() bool {
	return p.handlesSignals || p.running != nil && slices.Contains(os.Args[1:], p.running.CalledAs())
}

// builtOnRun reports whether running the program again builds it from its sources.
func (p *program) builtOnRun() bool {
	return p.startedFromLine() && builtByGoRun().MatchString(os.Args[0])
}

// parentFlags returns the flags that were given before the name of a subcommand, in a tree
// with cobra's TraverseChildren.
func (p *program) parentFlags(cmd *cobra.Command) string {
	text := ""
	if cmd.HasSubCommands() {
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Changed && !f.Hidden {
				text += " " + strings.Join(p.flagWords(f), " ")
			}
		})
	}
	return strings.TrimRight(text, " ")
}

// pathBelow returns the names of the commands below migrate down to cmd.
func (p *program) pathBelow(cmd *cobra.Command) []string {
	if cmd == p.migrateCommand || !cmd.HasParent() {
		return nil
	}
	return append(p.pathBelow(cmd.Parent()), cmd.Name())
}

// helpLine returns a suggestion to read the help of a command.
func (p *program) helpLine(cmd *cobra.Command) suggestion {
	return suggestion{"for help,", p.path(cmd) + " --help"}
}

// shellWord returns s as one word of a POSIX shell, on one line and without characters that
// a terminal would interpret.
func shellWord(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) && utf8.ValidString(s) {
		return terminal.Quote(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch size := utf8.RuneLen(r); {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\'':
			b.WriteString(`\0047`)
		case r == utf8.RuneError || !unicode.IsPrint(r):
			if r == utf8.RuneError {
				_, size = utf8.DecodeRuneInString(s[i:])
			}
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, `\0%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return `"$(printf %b '` + b.String() + `')"`
}

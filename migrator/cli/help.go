package cli

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
)

// The widths of the columns of flags, the same in every section.
const (
	nameColumn   = 28
	settingUsage = 46
)

var migrateHelp = `Upgrades and downgrades a PostgreSQL database with the revisions embedded in this program.
A revision is a pair of SQL files. The ledger, a set of tables in the database, records
which revisions are applied.

The database is configured by --database-url or DATABASE_URL, or else by DB_HOST, DB_PORT,
DB_NAME, DB_USER and DB_PASS (or DB_PASS_FILE), DB_SSLMODE and DB_SSLROOTCERT, or else by
PGHOST and the other variables of libpq.

Targets:
  9f3c0d5e77ab, 9f3c   a revision: its id, or the beginning of it
  head, heads, base    the only head, all heads, the state before the first revision
  +1, -1, 9f3c+2       a number of steps from the current revision, or from 9f3c
  shop, shop@head      the revision with the label shop, the head of its branch

Exit codes:` + exitCodesHelp()

// help returns the command help: `migrate help up` is `migrate up --help`.
func (p *program) help(parent *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "show the help of a command", Hidden: true, SilenceUsage: true,
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			found, rest, err := parent.Find(args)
			if err != nil || len(rest) > 0 {
				return nil, noFiles
			}
			return withPrefix(commandNames(found), typed), noFiles
		},
		Args: func(cmd *cobra.Command, args []string) error {
			if found, rest, err := parent.Find(args); err != nil || len(rest) > 0 {
				p.running = cmd
				return p.fail(cmd, p.unknownCommand(found, strings.Join(rest, " ")), nil, advice{})
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, _, err := parent.Find(args)
			if err != nil {
				return p.fail(cmd, &settings.UsageError{Text: err.Error()}, nil, advice{})
			}
			found.InitDefaultHelpFlag()
			found.SetOut(cmd.OutOrStdout())
			_ = found.Help() // prints it with showHelp
			if p.helpError != nil {
				return p.fail(cmd, p.helpError, nil, advice{})
			}
			return nil
		},
	}
}

// showHelp prints the help of a command.
func (p *program) showHelp(cmd *cobra.Command, _ []string) {
	p.negative.Reset() // --help may follow a -1
	var b strings.Builder
	b.WriteString(usageLine(cmd) + "\n")
	if cmd.Long != "" {
		b.WriteString(cmd.Long + "\n")
	} else {
		b.WriteString(strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + ".\n")
	}
	writeCommands(&b, cmd)
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n")
		path := ""
		if cmd.HasParent() && cmd.Name() != "migrate" {
			path = cmd.Parent().CommandPath() + " "
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			b.WriteString("  " + path + line + "\n")
		}
	}
	writeFlags(&b, cmd)
	out := p.newOutput(cmd.OutOrStdout())
	out.Print(b.String())
	p.helpError = out.Err()
}

// showUsage prints what cobra adds to an error in a tree without SilenceUsage.
func (p *program) showUsage(cmd *cobra.Command) error {
	out := p.newOutput(cmd.OutOrStderr())
	out.Print(usageLine(cmd) + p.helpLine(cmd).String() + "\n")
	return out.Err()
}

func usageLine(cmd *cobra.Command) string {
	line := "Usage: " + cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line += " COMMAND"
	}
	if len(cmd.Aliases) > 0 {
		line += "   (or " + strings.Join(cmd.Aliases, ", ") + ")"
	}
	return line + "\n"
}

// commandGroup is a heading with its commands.
type commandGroup struct {
	title    string
	commands []*cobra.Command
}

// commandGroups returns the subcommands of a command in the order of the help.
func commandGroups(cmd *cobra.Command) []commandGroup {
	known := map[string]*cobra.Command{}
	rest := commandGroup{title: "Commands"}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			known[c.Name()] = c
		}
	}
	var parts []commandGroup
	for _, p := range []struct {
		title string
		names []string
	}{
		{"Migrate", []string{"up", "down", "to", "redo", "stamp", "plan"}},
		{"Inspect", []string{"status", "current", "heads", "branches", "bases", "history", "graph", "show", "log", "report", "check", "schema", "diff", "rehearse"}},
		{"Maintain", []string{"ensure-version", "repair", "adopt"}},
		{"Author", []string{"init", "revision", "merge", "edit", "rebase", "squash"}},
		{"Other", []string{"version", "completion"}},
	} {
		here := commandGroup{title: p.title}
		for _, name := range p.names {
			if c := known[name]; c != nil {
				here.commands = append(here.commands, c)
				delete(known, name)
			}
		}
		if len(here.commands) > 0 {
			parts = append(parts, here)
		}
	}
	for _, c := range cmd.Commands() {
		if known[c.Name()] != nil {
			rest.commands = append(rest.commands, c)
		}
	}
	if len(rest.commands) > 0 {
		parts = slices.Insert(parts, 0, rest)
	}
	return parts
}

func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	for _, p := range commandGroups(cmd) {
		b.WriteString("\n" + p.title + ":\n")
		var rows [][]string
		for _, c := range p.commands {
			rows = append(rows, []string{c.Name(), c.Short})
		}
		writeColumns(b, rows, 0)
	}
}

// writeFlags writes the command's own flags, the settings it uses with their variables,
// and the flags of parent commands.
func writeFlags(b *strings.Builder, cmd *cobra.Command) {
	wanted := settings.Groups()
	if groups, ok := cmd.Annotations[annotationGroups]; ok {
		wanted = strings.Split(groups, ",")
	}
	var ownFlags, foreign [][]string
	byGroup, byHeading := map[string][][]string{}, map[string][][]string{}
	cmd.Flags().SortFlags = false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		group := settings.Group(f)
		switch {
		case f.Hidden || f.Name == "help":
		case group != "":
			byGroup[group] = append(byGroup[group], flagRow(f))
		case f.Annotations[annotationHeading] != nil:
			heading := f.Annotations[annotationHeading][0]
			byHeading[heading] = append(byHeading[heading], flagRow(f))
		case cmd.LocalNonPersistentFlags().Lookup(f.Name) != nil:
			ownFlags = append(ownFlags, flagRow(f))
		default:
			foreign = append(foreign, flagRow(f))
		}
	})
	section := func(title string, rows [][]string) {
		if len(rows) > 0 {
			b.WriteString("\n" + title + ":\n")
			writeColumns(b, rows, settingUsage)
		}
	}
	section("Flags", ownFlags)
	for _, heading := range []string{headingTargets, headingAutogenerate} {
		section(heading, byHeading[heading])
	}
	for _, group := range settings.Groups() {
		if slices.Contains(wanted, group) {
			section(group, byGroup[group])
		}
	}
	section("Global flags", foreign)
}

// flagRow returns the flag, its usage, and its variable.
func flagRow(f *pflag.Flag) []string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	usage := f.Usage
	placeholder := settings.Placeholder(f)
	if !settings.Known(f) {
		placeholder, usage = pflag.UnquoteUsage(f)
	}
	if placeholder != "" {
		name += " " + placeholder
	}
	variable := settings.Variable(f)
	if settings.Group(f) != "" {
		if f.Name == "database-url" {
			variable = "DATABASE_URL, DB_*, PG*"
		}
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " [" + f.DefValue + "]"
		}
	}
	return []string{name, usage, variable}
}

// writeColumns writes rows of two or three cells. usage is the width of the second column;
// if it is zero, the first column is as wide as its cells.
func writeColumns(b *strings.Builder, rows [][]string, usage int) {
	name := 0
	for _, row := range rows {
		name = max(name, utf8.RuneCountInString(row[0]))
	}
	if usage > 0 {
		name = nameColumn
	}
	pad := func(s string, width int) string {
		return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
	}
	for _, row := range rows {
		line := "  " + pad(row[0], name) + "  " + pad(row[1], usage)
		if len(row) > 2 {
			line += "  " + row[2]
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

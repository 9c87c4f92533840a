package cli

import (
	"flag"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/internal/pgtest"
)

// reference is the commands as the help describes them.
type reference struct {
	groups   []commandGroup
	settings []settingGroup
}

// settingGroup is a heading with the settings below it.
type settingGroup struct {
	title string
	rows  []flagEntry
}

// flagEntry is a flag, what it does, and its variable.
type flagEntry struct{ name, usage, variable string }

func newReference(program string) reference {
	p := newProgram(Config{Program: program, Version: "v1.2.3", Environ: []string{}})
	migrate, _, err := p.root().Find([]string{"migrate"})
	if err != nil {
		panic(err)
	}
	r := reference{groups: commandGroups(migrate)}
	for _, title := range settings.Groups() {
		g := settingGroup{title: title}
		migrate.PersistentFlags().VisitAll(func(f *pflag.Flag) {
			if settings.Group(f) == title {
				g.rows = append(g.rows, newFlagText(f))
			}
		})
		r.settings = append(r.settings, g)
	}
	many := settingGroup{title: headingTargets}
	up, _, err := migrate.Find([]string{"up"})
	if err != nil {
		panic(err)
	}
	up.Flags().SortFlags = false
	up.Flags().VisitAll(func(f *pflag.Flag) {
		if forManyTargets(f) {
			many.rows = append(many.rows, newFlagText(f))
		}
	})
	r.settings = append(r.settings, many)
	return r
}

// forManyTargets reports whether a flag is one of those that several commands have for many targets.
func forManyTargets(f *pflag.Flag) bool {
	return slices.Contains(f.Annotations[annotationHeading], headingTargets)
}

func newFlagText(f *pflag.Flag) flagEntry {
	row := flagRow(f)
	return flagEntry{row[0], row[1], row[2]}
}

// ownFlags returns the flags that only a command has.
func ownFlags(cmd *cobra.Command) []flagEntry {
	var rows []flagEntry
	cmd.Flags().SortFlags = false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" && settings.Group(f) == "" && !forManyTargets(f) {
			rows = append(rows, newFlagText(f))
		}
	})
	return rows
}

// settingsOf returns the headings of the settings that a command uses.
func settingsOf(cmd *cobra.Command) []string {
	titles := slices.DeleteFunc(strings.Split(cmd.Annotations[annotationGroups], ","), func(s string) bool { return s == "" })
	if f := cmd.Flags().Lookup("each-schema"); f != nil {
		titles = append(titles, headingTargets)
	}
	return titles
}

func description(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
}

// examples returns the examples of a command as they are typed.
func examples(cmd *cobra.Command) []string {
	if cmd.Example == "" {
		return nil
	}
	lines := strings.Split(cmd.Example, "\n")
	for i := range lines {
		lines[i] = cmd.Parent().CommandPath() + " " + lines[i]
	}
	return lines
}

// markdown writes docs/cli.md.
func (r reference) markdown() string {
	var b strings.Builder
	b.WriteString("# Commands\n\n<!-- generated from the help: go test ./migrator/cli -run Reference -update -->\n\n" +
		"The help of all commands in one place: `./app migrate COMMAND --help` shows the same. [Targets](targets.md), [exit codes](errors.md#exit-codes) and\n[JSON](json.md) have pages of their own.\n")
	for _, g := range r.groups {
		b.WriteString("\n**" + g.title + "**\n\n| command | |\n| --- | --- |\n")
		for _, c := range g.commands {
			b.WriteString("| [`" + c.Name() + "`](#" + c.Name() + ") | " + markdownText(c.Short) + " |\n")
		}
	}
	for _, g := range r.groups {
		for _, c := range g.commands {
			writeMarkdown(&b, c)
		}
	}
	b.WriteString("\n## Settings\n\nA flag takes precedence over its variable, and the variable over the default, which is in brackets.\n")
	for _, g := range r.settings {
		b.WriteString("\n### " + g.title + "\n\n| flag | | variable |\n| --- | --- | --- |\n")
		for _, f := range g.rows {
			b.WriteString("| `" + markdownCell(f.name) + "` | " + markdownText(f.usage) + " | " + variableCell(f.variable) + " |\n")
		}
	}
	return b.String()
}

func variableCell(variable string) string {
	if variable == "" {
		return ""
	}
	return "`" + variable + "`"
}

func writeMarkdown(b *strings.Builder, c *cobra.Command) {
	b.WriteString("\n## " + c.Name() + "\n\n")
	b.WriteString("`" + c.UseLine() + "`")
	if len(c.Aliases) > 0 {
		b.WriteString(", also `" + strings.Join(c.Aliases, "`, `") + "`")
	}
	b.WriteString("\n\n")
	for _, paragraph := range paragraphs(description(c)) {
		if paragraph.fixed {
			b.WriteString("```text\n" + paragraph.text + "\n```\n\n")
		} else {
			b.WriteString(markdownText(paragraph.text) + "\n\n")
		}
	}
	if lines := examples(c); len(lines) > 0 {
		b.WriteString("```sh\n" + strings.Join(lines, "\n") + "\n```\n\n")
	}
	if flags := ownFlags(c); len(flags) > 0 {
		b.WriteString("| flag | |\n| --- | --- |\n")
		for _, f := range flags {
			b.WriteString("| `" + markdownCell(f.name) + "` | " + markdownText(f.usage) + " |\n")
		}
		b.WriteString("\n")
	}
	var links []string
	for _, title := range settingsOf(c) {
		links = append(links, "["+title+"](#"+strings.ReplaceAll(strings.ToLower(title), " ", "-")+")")
	}
	if len(links) > 0 {
		b.WriteString("Settings: " + strings.Join(links, ", ") + "\n")
	}
}

// paragraph is a part of a description. Lines that begin with a space are kept as they are.
type paragraph struct {
	text  string
	fixed bool
}

func paragraphs(text string) []paragraph {
	var all []paragraph
	for part := range strings.SplitSeq(text, "\n\n") {
		var lines []string
		flush := func() {
			if len(lines) > 0 {
				all = append(all, paragraph{strings.Join(lines, "\n"), strings.HasPrefix(lines[0], " ")})
			}
			lines = nil
		}
		for line := range strings.SplitSeq(strings.Trim(part, "\n"), "\n") {
			if len(lines) > 0 && strings.HasPrefix(line, " ") != strings.HasPrefix(lines[0], " ") {
				flush()
			}
			lines = append(lines, line)
		}
		flush()
	}
	return all
}

func markdownCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// markdownText escapes what Markdown would take for markup.
func markdownText(s string) string {
	return regexp.MustCompile(`[*<|\[\]]`).ReplaceAllStringFunc(s, func(c string) string { return `\` + c })
}

// man writes docs/man/ambix-migrate.1.
func (r reference) man() string {
	var b strings.Builder
	b.WriteString(`.\" generated from the help: go test ./migrator/cli -run Reference -update` + "\n" + `.TH AMBIX\-MIGRATE 1 "" "ambix" "ambix"` + "\n.nh\n.ad l\n")
	b.WriteString(".SH NAME\nambix\\-migrate \\- migrate a PostgreSQL database with SQL files\n")
	b.WriteString(".SH SYNOPSIS\n.B ambix migrate\n.I COMMAND\n.RI [ ARGUMENT \\[char46]\\|.\\|.]\n.RI [ FLAG \\[char46]\\|.\\|.]\n")
	b.WriteString(".SH DESCRIPTION\n")
	writeRoff(&b, migrateHelp)
	b.WriteString(".SH COMMANDS\n")
	for _, g := range r.groups {
		for _, c := range g.commands {
			b.WriteString(".SS " + roffArgument(strings.TrimPrefix(c.UseLine(), "ambix migrate ")) + "\n")
			if len(c.Aliases) > 0 {
				b.WriteString("Also \\fB" + roffText(strings.Join(c.Aliases, ", ")) + "\\fR.\n.PP\n")
			}
			writeRoff(&b, description(c))
			writeRoffFlags(&b, ownFlags(c))
			if used := settingsOf(c); len(used) > 0 {
				b.WriteString(".PP\nSettings: " + roffText(strings.Join(used, ", ")) + ".\n")
			}
			if lines := examples(c); len(lines) > 0 {
				b.WriteString(".PP\n.EX\n")
				for _, l := range lines {
					b.WriteString("\\&" + roffText(l) + "\n")
				}
				b.WriteString(".EE\n")
			}
		}
	}
	b.WriteString(".SH SETTINGS\nA flag takes precedence over its variable, and the variable over the default, which is in brackets.\n")
	for _, g := range r.settings {
		b.WriteString(".SS " + roffArgument(g.title) + "\n")
		writeRoffFlags(&b, g.rows)
	}
	b.WriteString(".SH SEE ALSO\n.BR ambix\\-import (1)\n")
	return b.String()
}

func writeRoffFlags(b *strings.Builder, flags []flagEntry) {
	for _, f := range flags {
		b.WriteString(".TP\n\\fB" + roffText(f.name) + "\\fR\n\\&" + roffText(f.usage) + "\n")
		if f.variable != "" {
			b.WriteString("(\\fB" + roffText(f.variable) + "\\fR)\n")
		}
	}
}

// writeRoff writes a description: paragraphs, and what is kept as it is.
func writeRoff(b *strings.Builder, text string) {
	for i, p := range paragraphs(text) {
		if i > 0 {
			b.WriteString(".PP\n")
		}
		if p.fixed {
			b.WriteString(".EX\n")
		}
		for line := range strings.SplitSeq(p.text, "\n") {
			b.WriteString("\\&" + roffText(line) + "\n")
		}
		if p.fixed {
			b.WriteString(".EE\n")
		}
	}
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "…", `\&...`)

// roffText escapes what roff would take for a request or another character. Points of a graph are written as
// their ASCII characters.
func roffText(s string) string {
	for _, p := range points {
		s = strings.ReplaceAll(s, p.box+" or ", "")
	}
	return roffEscapes.Replace(s)
}

func roffArgument(s string) string { return `"` + strings.ReplaceAll(roffText(s), `"`, `\(dq`) + `"` }

// The page of commands and the manual page are what the help says; -update writes them.
func TestReferenceIsWhatTheHelpSays(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"../../docs/cli.md":              newReference("./app").markdown(),
		"../../docs/man/ambix-migrate.1": newReference("ambix").man(),
	} {
		if got, err := os.ReadFile(file); err == nil && string(got) == want {
			continue
		}
		if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s is not what the help says; go test ./migrator/cli -run Reference -update writes it", file)
	}
}

// groff reads the manual pages without a warning. That of import is written by a test of cmd/ambix.
func TestManualPagesAreFormatted(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		pgtest.Missing(t, "groff is not installed: run scripts/install groff (scripts/test does)")
	}
	shown := map[string][]string{
		"ambix-migrate.1": {"--single-transaction", "history"},
		"ambix-import.1":  {"--data KEY=VALUE", "golang-migrate"},
	}
	pages, err := os.ReadDir("../../docs/man")
	if err != nil || len(pages) != len(shown) {
		t.Fatalf("%d manual pages: %v", len(pages), err)
	}
	for _, page := range pages {
		cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-K", "utf8", "../../docs/man/"+page.Name())
		var warnings strings.Builder
		cmd.Stderr = &warnings
		out, err := cmd.Output()
		plain := regexp.MustCompile(`\x1b\[[0-9;]*m|.\x08`).ReplaceAllString(string(out), "")
		if err != nil || warnings.Len() > 0 {
			t.Errorf("%s: %v %s\n%s", page.Name(), err, warnings.String(), plain)
		}
		for _, text := range shown[page.Name()] {
			if !strings.Contains(plain, text) {
				t.Errorf("%s does not show %s", page.Name(), text)
			}
		}
	}
}

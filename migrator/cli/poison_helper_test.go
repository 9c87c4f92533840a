package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/cli/internal/settings"
)

// hidden has characters of each kind that must not reach a terminal, valid in a database. Its
// color is not one of ours.
const hidden = "\x1b[35m\a\u009b35m\u202e\u200b\u2028\x7f\u0085"

// bad returns a text that is dangerous to print, from the source that mark names.
func bad(mark string) string { return mark + hidden }

// badBytes is bad for sources that need not be UTF-8.
func badBytes(mark string) string { return bad(mark) + "\xff" }

// poisonRun executes commands and checks everything that they print.
type poisonRun struct {
	*testing.T
	env    []string
	all    strings.Builder // what was printed
	runs   int
	folder string // of the revisions, with a bad name
}

// formats are the ways of printing.
var formats = [][]string{{}, {"--json"}, {"--log-format=json", "--verbose"}, {"--color=always", "--verbose"}}

func newPoisonRun(t *testing.T, env ...string) *poisonRun {
	folder := filepath.Join(t.TempDir(), bad("sourceFolder"))
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	return &poisonRun{T: t, folder: folder, env: append([]string{"MIGRATE_DIR=" + folder, "PATH=" + os.Getenv("PATH"), fingerprintSetting + "=off", "HOME=" + t.TempDir(), "EDITOR=false # " + bad("sourceEditor")}, env...)}
}

// do executes a command in every format.
func (p *poisonRun) do(args ...string) {
	p.Helper()
	for _, format := range formats {
		p.doIn(p.env, append(slices.Clone(args), format...))
	}
}

func (p *poisonRun) doIn(env, args []string) {
	p.Helper()
	p.runs++
	res := execute(cli.Command(cli.Config{Environ: env, Version: bad("sourceVersion")}), args...)
	shown := ""
	if res.err != nil {
		shown = res.err.Error()
	}
	p.check(args, res.stdout, res.stderr, shown)
}

// program is doIn for a process of its own, which prints its errors by itself.
func (p *poisonRun) program(args ...string) {
	p.Helper()
	p.runs++
	var stdout, stderr strings.Builder
	cmd := exec.Command("app", args...)
	cmd.Dir = p.TempDir() // init creates its project there
	cmd.Env, cmd.Stdout, cmd.Stderr = append(slices.Clone(p.env), "VERSION="+bad("sourceVersion")), &stdout, &stderr
	_ = cmd.Run()
	p.check(args, stdout.String(), stderr.String())
}

var (
	ourColors   = regexp.MustCompile("\x1b\\[(0|1|2|31|32|33)m")
	sqlComments = regexp.MustCompile(`(?m)^--.*$|/\*.*`)
)

func (p *poisonRun) check(args []string, outputs ...string) {
	p.Helper()
	for i, output := range outputs {
		p.all.WriteString(output)
		if slices.Contains(args, "--json") && i == 0 && output != "" && !json.Valid([]byte(output)) && args[0] != "help" && args[0] != "completion" && !slices.Contains(args, "--help") {
			p.Errorf("%+q: not JSON: %s", args, output)
		}
		if (slices.Contains(args, "--sql") || args[0] == "schema" && !slices.Contains(args, "--json")) && i == 0 {
			output = strings.Join(sqlComments.FindAllString(output, -1), "\n") // bodies and literals are byte for byte
		}
		if slices.Contains(args, "--color=always") {
			output = ourColors.ReplaceAllString(output, "")
		}
		for at := 0; at < len(output); {
			r, size := utf8.DecodeRuneInString(output[at:])
			if r == utf8.RuneError && size == 1 || r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
				p.Errorf("%+q prints %+q in stream %d: %+q", args, output[at:at+size], i, output[max(0, at-60):min(len(output), at+20)])
				break
			}
			at += size
		}
	}
}

// saw fails unless texts of these sources were printed: otherwise the test proves nothing.
func (p *poisonRun) saw(marks ...string) {
	p.Helper()
	for _, mark := range marks {
		if !strings.Contains(p.all.String(), mark) {
			p.Errorf("no output contains the text of %s", mark)
		}
	}
}

// write writes a revision file. name may be bad too.
func (p *poisonRun) write(name, text string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), []byte(text), 0o666); err != nil {
		p.Fatal(err)
	}
}

// revision writes a revision with a bad message.
func (p *poisonRun) revision(id, parent, up, down string, header ...string) {
	p.Helper()
	name := id + "_" + bad("sourceFile")
	p.write(name+".up.sql", "-- "+bad("sourceSubject")+"\n-- "+bad("sourceMessage")+"\n--\n-- revision: "+id+"\n-- down_revision: "+parent+"\n"+strings.Join(header, "\n")+"\n\n"+up+"\n")
	p.write(name+".down.sql", down+"\n")
}

// leaves are the commands of the tree that do something, as their paths below the root.
func leaves(root *cobra.Command) [][]string {
	var all [][]string
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		if !c.HasSubCommands() {
			all = append(all, path)
		}
		for _, child := range c.Commands() {
			walk(child, append(slices.Clone(path), child.Name()))
		}
	}
	walk(root, nil)
	return all
}

// arguments that make a command do more than it does without any, with a bad id and with a1.
func (p *poisonRun) arguments(command string) [][]string {
	switch command {
	case "init":
		return [][]string{{filepath.Join(p.TempDir(), bad("sourceInit"))}, {p.folder}}
	case "plan":
		return [][]string{{"up"}, {"down", "-1"}, {"up", "--from", "base"}, {"to", bad("sourceTarget")}}
	case "up", "down", "to", "redo":
		return [][]string{{"--dry-run"}, {"--sql", "--from=base"}, {"--sql", "--from=current"}}
	case "repair":
		return [][]string{{"a1", "--accept"}, {"b2", "--applied"}, {bad("sourceTarget"), "--applied"}}
	case "revision":
		return [][]string{{"-m", bad("sourceNewMessage"), "--version-path", p.folder}, {"-m", "x", "--version-path", bad("sourceOutside")}}
	case "completion":
		return [][]string{{"bash"}, {"zsh"}, {"fish"}, {"powershell"}}
	case "schema":
		return [][]string{{"--from", "database"}, {"--from", "database", "--json"}, {"--from", "applied"}}
	case "diff":
		return [][]string{{"a1", "--verbose"}, {"--json"}}
	case "adopt":
		return [][]string{{"--baseline", "a1", "--dry-run"}, {"--map", p.folder}}
	}
	return nil
}

// argument returns a value as an argument of a command. init creates a project where it says,
// and this test runs in the folder of the package.
func (p *poisonRun) argument(command, value string) string {
	if command == "init" {
		return filepath.Join(p.TempDir(), value)
	}
	return value
}

// everyCommand runs every command: without arguments, with its own, with bad ones, and with
// each of its flags set to a bad value. A new command is found in the tree.
func (p *poisonRun) everyCommand() {
	p.Helper()
	for _, path := range leaves(cli.Command(cli.Config{})) {
		for _, args := range append([][]string{{}, {p.argument(path[0], "a1")}}, p.arguments(path[0])...) {
			p.do(append(slices.Clone(path), args...)...)
		}
	}
}

func (p *poisonRun) everyBadArgument() {
	p.Helper()
	root := cli.Command(cli.Config{})
	badValue := func(command string, f *pflag.Flag, value string) []string {
		if f.Name == "out" || f.Name == "save-sizes" { // it names a file that is written, and this test runs in the folder of the package
			value = filepath.Join(p.TempDir(), value)
		}
		return []string{command, "--" + f.Name + "=" + value}
	}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		p.do(badValue("status", f, badBytes("sourceFlag"))...)
		if variable := settings.Variable(f); variable != "" {
			p.variable(variable, badBytes("sourceVariable"))
		}
	})
	for _, path := range leaves(root) {
		cmd, _, _ := root.Find(path)
		p.do(append(slices.Clone(path), p.argument(path[0], badBytes("sourceArgument")))...)
		p.do(append(slices.Clone(path), "--"+badBytes("sourceUnknownFlag"))...)
		p.do(append(slices.Clone(path), "--help")...)
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			p.do(append(slices.Clone(path), badValue("", f, badBytes("sourceFlag"))[1:]...)...)
		})
		p.program(append(append([]string{"migrate"}, path...), badBytes("sourceArgument"))...)
	}
	p.do(badBytes("sourceCommand"))
	p.do("help", badBytes("sourceCommand"))
	for _, args := range [][]string{
		{badBytes("sourceCommand")},
		{"--" + badBytes("sourceUnknownFlag")},
		{"--version"},
		{"version"},
		{"migrate", badBytes("sourceCommand")},
		{"__complete", "migrate", "show", ""},
		{"__complete", "migrate", "up", "--" + badBytes("sourceUnknownFlag"), ""},
		{"__complete", badBytes("sourceCommand"), ""},
	} {
		p.program(args...)
	}
}

// variable runs a command with an environment variable.
func (p *poisonRun) variable(name, value string) {
	p.Helper()
	env := slices.DeleteFunc(slices.Clone(p.env), func(entry string) bool {
		return strings.HasPrefix(entry, name+"=") || strings.HasPrefix(name, "DB_") && strings.HasPrefix(entry, "DATABASE_URL=")
	})
	for _, format := range formats {
		p.doIn(append(env, name+"="+value), append([]string{"status"}, format...))
	}
}

// quoted returns text as a literal or, with ", as a name of SQL.
func quoted(text, quote string) string {
	return quote + strings.ReplaceAll(text, quote, quote+quote) + quote
}

package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator/cli"
)

// The commands and flags in docs/alembic.md exist, and no command is missing there.
func TestAlembicDocumentNamesEveryCommand(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/alembic.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## Commands and options\n")
	section, _, ok := strings.Cut(rest, "\n## ")
	if !ok {
		t.Fatal("the section of commands is missing")
	}
	root := cli.Command(cli.Config{})
	named := map[*cobra.Command]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, words := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(cells[2], -1) {
			cmd, flags, err := root.Find(strings.Fields(words[1]))
			if err != nil || cmd == root {
				t.Errorf("unknown command %q", words[1])
				continue
			}
			named[cmd] = true
			for _, word := range flags {
				if name, ok := strings.CutPrefix(word, "--"); ok && cmd.Flag(name) == nil {
					t.Errorf("%s has no flag %s", cmd.Name(), word)
				}
			}
		}
	}
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && !named[cmd] {
			t.Errorf("docs/alembic.md does not name the command %s", cmd.Name())
		}
	}
}

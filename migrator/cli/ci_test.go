package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
)

// The commands in the workflows of documents, and of the project that init writes, exist and have these flags.
func TestWorkflowsCallCommandsThatExist(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	if got := execute(cli.Command(offline()), "init", dir, "--replace", checkout); got.err != nil {
		t.Fatal(got.err)
	}
	line := regexp.MustCompile(`(?:go run \.|\./app) migrate ([^#>|\n]*)`)
	for file, least := range map[string]int{checkout + "/docs/ci.md": 10, filepath.Join(dir, ".github/workflows/ci.yml"): 2} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := line.FindAllStringSubmatch(string(text), -1)
		if len(found) < least {
			t.Errorf("%s: only %d commands", file, len(found))
		}
		for _, m := range found {
			words := strings.Fields(m[1])
			cmd, args, err := cli.Command(offline()).Find(words)
			if err == nil {
				err = cmd.ParseFlags(args)
			}
			if err != nil || cmd.Name() != words[0] {
				t.Errorf("%s: %s: %v", file, m[0], err)
			}
		}
	}
}

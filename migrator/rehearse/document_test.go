package rehearse

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of rules into the document")

const document = "../../docs/rehearse.md"

func TestRulesAreDocumented(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| rule | finds | severity |\n| --- | --- | --- |\n")
	for _, info := range Rules() {
		severity := info.Least.String()
		if info.Worst != info.Least {
			severity += " to " + info.Worst.String()
		}
		fmt.Fprintf(&b, "| `%s` | **%s.** %s | %s |\n", info.Rule, info.Title, info.Help, severity)
	}
	const begin, end = "<!-- generated: rules -->\n", "<!-- end -->"
	before, rest, found := strings.Cut(string(content), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("the comments around the table of rules are missing")
	}
	want := before + begin + "\n" + b.String() + "\n" + end + after
	if *update {
		if err := os.WriteFile(document, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if want != string(content) {
		t.Errorf("the table of rules in %s is not up to date: go test ./migrator/rehearse -run RulesAreDocumented -update", document)
	}
	// The second column of the comparison names our rules.
	for _, row := range regexp.MustCompile("(?m)^\\| (?:`|E|W)[^|]*\\| ([^|]+) \\|[^|]*\\|$").FindAllStringSubmatch(after, -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			if Rule(name[1]).Info().Title == name[1] {
				t.Errorf("there is no rule %s", name[1])
			}
		}
	}
}

package cli_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/errors.md has each kind of error with its exit code, and each exit code.
func TestErrorsDocumentListsEveryKind(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("exit.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]string{"signalCode": "130, 143"}
	for _, m := range regexp.MustCompile(`(?m)^\t(exit\w+) += (\d+)`).FindAllStringSubmatch(string(source), -1) {
		codes[m[1]] = m[2]
	}
	var kinds []string
	for _, m := range regexp.MustCompile(`return "([a-z-]+)", (\w+)`).FindAllStringSubmatch(string(source), -1) {
		kinds = append(kinds, codes[m[2]]+" "+m[1])
	}
	slices.Sort(kinds)
	text, err := os.ReadFile(checkout + "/docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, m := range regexp.MustCompile("(?m)^\\| ([0-9, ]+) \\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		described = append(described, m[1]+" "+m[2])
	}
	slices.Sort(described)
	if diff := cmp.Diff(slices.Compact(kinds), described); diff != "" {
		t.Errorf("kinds in exit.go (-) and docs/errors.md (+):\n%s", diff)
	}
	_, list, _ := strings.Cut(string(source), "// ExitCode returns")
	list, _, _ = strings.Cut(list, "\nfunc ")
	want := regexp.MustCompile(`(?m)^//\t([0-9, ]+?)  `).FindAllStringSubmatch(list, -1)
	for _, m := range want {
		if !strings.Contains(string(text), "\n| "+m[1]+" | ") {
			t.Errorf("docs/errors.md has no exit code %s", m[1])
		}
	}
	if len(want) < 8 || len(kinds) < 20 {
		t.Errorf("%d exit codes and %d kinds were found in exit.go", len(want), len(kinds))
	}
}

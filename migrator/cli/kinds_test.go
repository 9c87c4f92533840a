package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every kind of finding that check can print is in its document, and has a text.
func TestFindingKindsAreDocumented(t *testing.T) {
	t.Parallel()
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	kinds := regexp.MustCompile(`(?m)^\t(Finding\w+)\s+FindingKind = "([^"]+)"`).FindAllStringSubmatch(read("../check.go"), -1)
	if len(kinds) < 16 {
		t.Fatalf("found only %d kinds", len(kinds))
	}
	document, texts := read("../../docs/json.md"), read("check.go")
	for _, kind := range kinds {
		if !regexp.MustCompile("(?m)^\\| `findings\\[\\]\\.kind` \\|.*`\"" + kind[2] + "\"`").MatchString(document) {
			t.Errorf("docs/json.md does not list the kind %q", kind[2])
		}
		if kind[1] != "FindingFiles" && !strings.Contains(texts, "case migrator."+kind[1]) {
			t.Errorf("findingText has no text for %s", kind[1])
		}
	}
}

package revision

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The table in docs/file-format.md lists every key, in the order in which they are written, and whether a down file may
// have it.
func TestDocumentListsAllKeys(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/file-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| key |")
	table, _, _ = strings.Cut(table, "\n\n")
	var found []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|.*\\| ([^|]*) \\|$").FindAllStringSubmatch(table, -1) {
		found = append(found, m[1])
		if key := keyNamed(m[1]); key >= 0 && allowedInDown(key) == (m[2] == "no") {
			t.Errorf("%s in a down file: the document has %q", m[1], m[2])
		}
	}
	if !slices.Equal(found, keys[:]) {
		t.Errorf("the document has the keys %v, the code %v", found, keys)
	}
}

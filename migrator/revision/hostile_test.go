package revision_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator/revision"
)

// numbered returns n numbered pieces of text.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostileFiles are files with n of everything that a header or a script can contain many of.
func hostileFiles(n int) map[string]string {
	return map[string]string{
		"labels":             "-- revision: a\n-- down_revision:\n-- branch_labels: x" + numbered(n, ", l%d") + "\n",
		"dependencies":       "-- revision: a\n-- down_revision:\n-- depends_on: x" + numbered(n, ", d%d") + "\n",
		"parents":            "-- revision: a\n-- down_revision: x" + numbered(n, ", p%d") + "\n",
		"a label again":      "-- revision: a\n-- down_revision:\n-- branch_labels: x" + strings.Repeat(", x", n) + "\n",
		"labels again":       "-- revision: a\n-- down_revision:\n-- branch_labels: x" + numbered(n, ", l%d") + numbered(n, ", l%d") + "\n",
		"invalid labels":     "-- revision: a\n-- down_revision:\n-- branch_labels: x" + numbered(n, ", l-%d") + "\n",
		"empty elements":     "-- revision: a\n-- down_revision:\n-- branch_labels: x" + strings.Repeat(",", n) + "\n",
		"accepted":           "-- revision: a\n-- down_revision:\n-- accept: irreversible" + numbered(n, ", destroys t%d") + "\n",
		"unknown words":      "-- revision: a\n-- down_revision:\n-- accept: irreversible" + numbered(n, ", irreversable%d") + "\n",
		"a message":          numbered(n, "-- line %d\n") + "--\n-- revision: a\n-- down_revision:\n",
		"keys in a message":  strings.Repeat("-- transaction: off\n", n) + "--\n-- revision: a\n-- down_revision:\n",
		"a key again":        numbered(n, "-- line %d\n") + "--\n-- revision: a\n-- down_revision:\n" + strings.Repeat("-- revision: a\n", n),
		"unknown keys":       "-- revision: a\n-- down_revision:\n" + numbered(n, "-- revison%d: x\n"),
		"lines without keys": "-- revision: a\n-- down_revision:\n" + numbered(n, "-- line %d\n"),
		"keys below":         "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("-- transaction: off\n", n),
		"almost keys below":  "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("-- transaction: maybe\n", n),
		"carriage returns":   strings.Repeat("-- a\rb\n", n) + "--\n-- revision: a\n-- down_revision:\n",
		"BEGIN":              "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("BEGIN;\n", n),
		"large objects":      "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("BEGIN;\nSELECT lo_close(0);\nCOMMIT;\n", n),
		"invisible":          "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("\u200b;", n),
		"commands":           "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("\\d\n", n),
	}
}

// The problems of a file are found in linear time, and only the first are listed. In quadratic time this test would take
// minutes.
func TestHostileFilesTakeLinearTime(t *testing.T) {
	t.Parallel()
	for name, text := range hostileFiles(50_000) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, problems := revision.Parse(revision.Source{File: "a.up.sql", Text: text}, &revision.Source{File: "a.down.sql", Text: text})
			if len(problems) > 2*51 {
				t.Errorf("%d problems are listed", len(problems))
			}
			r.Up.Statements()
			r.Up.Checksum()
			r.Pos("branch_labels", "l49999")
			if _, err := revision.StoredScript("a", text, text); err == nil {
				t.Error("a header is taken for options")
			}
		})
	}
}

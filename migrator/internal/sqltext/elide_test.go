package sqltext

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// copyPieces are parts of scripts with COPY, and what looks like it.
var copyPieces = []string{
	"COPY t FROM stdin;\n", "copy t (a, b)\n  FROM STDIN WITH (FORMAT csv);\r\n", "COPY t FROM stdin; -- rows follow\n", "COPY t FROM stdin;", "COPY t TO stdout;\n",
	"\\.\n", "\\.\r\n", "\\.", "\\.x\n", "\\\n", "\\", "\n", "\r\n", "\r", ";", "1\t2\n", "1\\t2\r\n", "a row of some length, longer than a window\tand more of it\n", "é", "€\t€\n", "\xe2", "\x82", "\xac", "\x00",
	"SELECT 1;\n", "INSERT INTO t VALUES ('COPY t FROM stdin;\n');\n", "$$ COPY t FROM stdin;\n", "$$;\n", "'", "/* ", " */", "-- COPY t FROM stdin;\n",
	"SET standard_conforming_strings = off;\n", "SELECT 'a\\';\n", "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END;\n", "\\restrict x\n", "(", ")",
}

// restore puts the rows back into an elided text.
func restore(e Elided, src string) string {
	var b strings.Builder
	at := 0
	for _, r := range e.Rows {
		b.WriteString(e.Text[at:r.Start])
		rows := src[r.Offset : r.Offset+r.Size]
		b.WriteString(rows)
		at = r.Start + max(LineEnds(rows), 1)
	}
	b.WriteString(e.Text[at:])
	return b.String()
}

// statementPositions lists statements with their positions.
func statementPositions(src string, statements []Statement) []string {
	var all []string
	for _, s := range statements {
		at := PositionAt(src, s.Start)
		all = append(all, fmt.Sprintf("%d:%d %d %s", at.Line, at.Column, s.Class, src[s.Start:s.End]))
	}
	return all
}

// An elided text has the same statements on the same lines, however it is read.
func TestElidedTextHasSameStatements(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		src := strings.ReplaceAll(strings.Join(rapid.SliceOf(rapid.SampledFrom(copyPieces)).Draw(t, "pieces"), ""), "\x00", "\xff")
		limits := ElideLimits{Window: rapid.IntRange(1, 40).Draw(t, "window"), Rows: rapid.IntRange(8, 40).Draw(t, "rows"), Text: 1 << 20}
		reader := io.Reader(strings.NewReader(src))
		if rapid.Bool().Draw(t, "one byte at a time") {
			reader = iotest.OneByteReader(reader)
		}
		e, err := ElideCopyData(reader, limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := restore(e, src); got != src {
			t.Fatalf("restored %q\nwant %q", got, src)
		}
		want, wantErrs := Split(src)
		got, gotErrs := Split(e.Text)
		if diff := cmp.Diff(statementPositions(src, want), statementPositions(e.Text, got)); diff != "" {
			t.Fatalf("statements: %s\nof %q\nand %q", diff, src, e.Text)
		}
		if len(wantErrs) > 0 != (len(gotErrs) > 0 || len(e.Errors) > 0) {
			t.Fatalf("errors %v and %v, want %v", gotErrs, e.Errors, wantErrs)
		}
	})
}

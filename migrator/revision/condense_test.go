package revision

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/ambix/migrator/internal/sqltext"
)

// pieces are what files with COPY are made of, and what may look like it.
var pieces = []string{
	"COPY t FROM stdin;\n", "copy t (a, b)\n  FROM STDIN WITH (FORMAT csv);\r\n", "COPY t FROM stdin; -- rows follow\n", "COPY t FROM stdin;", "COPY t TO stdout;\n",
	"\\.\n", "\\.\r\n", "\\.", "\\.x\n", "\\\n", "\\", "\n", "\r\n", "\r", ";", "1\t2\n", "1\\t2\r\n", "a row of some length, longer than a window\tand more of it\n", "é", "€\t€\n", "\xe2", "\x82", "\xac", "\x00",
	"SELECT 1;\n", "INSERT INTO t VALUES ('COPY t FROM stdin;\n');\n", "$$ COPY t FROM stdin;\n", "$$;\n", "'", "/* ", " */", "-- COPY t FROM stdin;\n",
	"SET standard_conforming_strings = off;\n", "SELECT 'a\\';\n", "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END;\n", "\\restrict x\n", "(", ")",
}

// reassembled puts the rows back into a condensed text.
func reassembled(c condensed, file string) string {
	var b strings.Builder
	at := 0
	for _, l := range c.left {
		b.WriteString(c.text[at:l.at])
		rows := file[l.offset : l.offset+l.size]
		b.WriteString(rows)
		at = l.at + max(lineEnds(rows), 1)
	}
	b.WriteString(c.text[at:])
	return b.String()
}

// A condensed text has the statements of the whole one, on the same lines, and the same
// checksum.
func TestCondense(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		file := "-- revision: a\n-- down_revision:\n" + strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "")
		limits := sizes{whole: 1, window: rapid.IntRange(1, 40).Draw(t, "window"), rows: rapid.IntRange(8, 40).Draw(t, "rows")}
		from := io.Reader(strings.NewReader(file))
		if rapid.Bool().Draw(t, "bytewise") {
			from = iotest.OneByteReader(from)
		}
		c, err := condense(from, limits)
		if err != nil {
			t.Fatal(err)
		}
		if got := reassembled(c, file); got != file {
			t.Fatalf("put together again %q\nwant %q", got, file)
		}
		want, wantErrs := sqltext.Split(file)
		got, gotErrs := sqltext.Split(c.text)
		if diff := cmp.Diff(places(file, want), places(c.text, got)); diff != "" {
			t.Fatalf("statements: %s\nof %q\nand %q", diff, file, c.text)
		}
		if len(wantErrs) > 0 != (len(gotErrs) > 0 || len(c.found) > 0) {
			t.Fatalf("problems %v, want %v", gotErrs, wantErrs)
		}
		if mentioned, err := mentionsStdio(iotest.HalfReader(strings.NewReader(file))); err != nil || len(c.left) > 0 && !mentioned {
			t.Fatalf("no COPY is seen in %q (%v)", file, err)
		}
		revisions, _, err := load(fstest.MapFS{"x.up.sql": {Data: []byte(file)}}, "", limits)
		if err != nil || len(revisions) != 1 {
			t.Fatal(err)
		}
		s := &Script{Text: file, BodyStart: revisions[0].Up.BodyStart}
		if got, want := revisions[0].Up.Checksum(), s.Checksum(); got != want {
			t.Fatalf("checksum %s, want %s: %q", got, want, file)
		}
		if got, want := revisions[0].Up.Digest(), s.Digest(); got != want {
			t.Fatalf("digest %s, want %s", got, want)
		}
		for i, st := range revisions[0].Up.Statements() {
			if st.Class != sqltext.CopyIn {
				continue
			}
			rows, err := revisions[0].Up.Rows(st)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(rows)
			if wanted := file[want[i].Data:want[i].DataEnd]; err != nil || string(all) != wanted {
				t.Fatalf("rows %q, want %q (%v)", all, wanted, err)
			}
		}
	})
}

// places are where statements stand, as people count.
func places(text string, statements []sqltext.Statement) []string {
	var all []string
	for _, st := range statements {
		at := sqltext.PositionAt(text, st.Start)
		all = append(all, fmt.Sprintf("%d:%d %d %s", at.Line, at.Column, st.Class, text[st.Start:st.End]))
	}
	return all
}

// large is a file whose rows are left out.
func large(rows string) string {
	return "-- revision: a\n-- down_revision:\n\nCREATE TABLE t (a int);\nCOPY t FROM stdin;\n" + rows + "\\.\nSELECT 1;\n"
}

// What no script can hold is found among the rows too, where it is.
func TestCondensedProblems(t *testing.T) {
	t.Parallel()
	for rows, want := range map[string]string{
		strings.Repeat("1\n", 30) + "12\x00\n" + strings.Repeat("1\n", 30):            "x.up.sql:36:3: NUL byte: a script is text",
		strings.Repeat("1\r\n", 30) + "1\xff\n":                                       "x.up.sql:36:2: invalid UTF-8: save the file as UTF-8",
		strings.Repeat("ééééé", 30) + "\xe2\x82\n\x00\n":                              "x.up.sql:6:151: invalid UTF-8: save the file as UTF-8\nx.up.sql:7:1: NUL byte: a script is text",
		strings.Repeat("ééééé", 30) + "\n\\.\nCOMMIT;\nCOPY t FROM stdin;\n1\n2\n3\n": "x.up.sql:8:1: COMMIT is not allowed: a revision runs in one transaction, which ends with it; remove the statement",
		strings.Repeat("ééééé\n", 30):                                                 "",
	} {
		for _, limits := range []sizes{{1, 32, 16}, {1, 1000, 16}, usual} {
			revisions, problems, err := load(fstest.MapFS{"x.up.sql": {Data: []byte(large(rows))}}, "", limits)
			if err != nil || len(revisions) != 1 || problems.Error() != want {
				t.Errorf("%v %q\nhave %v, %v\nwant %s", limits, rows, problems, err, want)
			}
		}
	}
}

// Rows are not read from a file that is no longer the one that was loaded, and a script
// that runs statement by statement has them at hand.
func TestLeftOutRows(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("some row\n", 100)
	limits := sizes{whole: 100, window: 100, rows: 50}
	files := fstest.MapFS{"x.up.sql": {Data: []byte(large(rows))}}
	revisions, problems, err := load(files, "sql", limits)
	if err != nil || problems.Err() != nil {
		t.Fatal(problems, err)
	}
	up := revisions[0].Up
	if strings.Contains(up.Text, "some row") || len(up.left) != 1 {
		t.Fatalf("%q", up.Text)
	}
	st := up.Statements()[1]
	if got := up.Row(st, 100); got != "some row" || up.Row(st, 101) != "" {
		t.Errorf("row 100: %q", got)
	}
	if up.Digest() == "" || up.Checksum() == "" {
		t.Error("no checksum")
	}
	if _, _, err := Write(t.TempDir(), revisions[0], revisions[0].Created); err == nil || !strings.Contains(err.Error(), "only in sql/x.up.sql") {
		t.Errorf("written without its rows: %v", err)
	}
	open, err := up.Rows(st)
	if err != nil {
		t.Fatal(err)
	}
	files["x.up.sql"] = &fstest.MapFile{Data: []byte(large("other rows\n"))}
	if all, err := io.ReadAll(open); err != nil || string(all) != rows {
		t.Errorf("an open file: %v", err) // a MapFS gives the old one
	}
	var changed *FileChangedError
	if _, err := up.Rows(st); !errors.As(err, &changed) || changed.File != "sql/x.up.sql" {
		t.Errorf("a changed file: %v", err)
	}

	linked, _, err := load(fstest.MapFS{"x.up.sql": {Mode: fs.ModeSymlink, Data: []byte("..data/x")}, "..data/x": {Data: []byte(large(rows))}}, "sql", limits)
	if err != nil || len(linked[0].Up.left) != 1 {
		t.Errorf("a link to a large file: %v", err)
	}

	files["x.up.sql"] = &fstest.MapFile{Data: []byte("-- transaction: off\n" + large(rows))}
	revisions, problems, err = load(files, "sql", limits)
	if err != nil || problems.Err() != nil || len(revisions[0].Up.left) != 0 || !strings.Contains(revisions[0].Up.Text, rows) {
		t.Errorf("transaction: off: %v, %v", problems, err)
	}
}

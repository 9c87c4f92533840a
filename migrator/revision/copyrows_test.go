package revision

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator/internal/sqltext"
)

// withCopy returns an up file with a COPY of these rows.
func withCopy(rows string) string {
	return "-- revision: a\n-- down_revision:\n\nCREATE TABLE t (a int);\nCOPY t FROM stdin;\n" + rows + "\\.\nSELECT 1;\n"
}

// Bytes that no script may contain are found in rows that are left in the file too.
func TestProblemsInRowsAreLocated(t *testing.T) {
	t.Parallel()
	for rows, want := range map[string]string{
		strings.Repeat("1\n", 30) + "12\x00\n" + strings.Repeat("1\n", 30):            "x.up.sql:36:3: NUL byte: SQL cannot contain one",
		strings.Repeat("1\r\n", 30) + "1\xff\n":                                       "x.up.sql:36:2: invalid UTF-8: save the file as UTF-8",
		strings.Repeat("ééééé", 30) + "\xe2\x82\n\x00\n":                              "x.up.sql:6:151: invalid UTF-8: save the file as UTF-8\nx.up.sql:7:1: NUL byte: SQL cannot contain one",
		strings.Repeat("ééééé", 30) + "\n\\.\nCOMMIT;\nCOPY t FROM stdin;\n1\n2\n3\n": "x.up.sql:8:1: COMMIT is not allowed: each revision runs in its own transaction; remove the statement",
		strings.Repeat("ééééé\n", 30):                                                 "",
	} {
		for _, limits := range []limits{{1, sqltext.ElideLimits{Window: 32, Rows: 16, Text: 1 << 20}}, {1, sqltext.ElideLimits{Window: 1000, Rows: 16, Text: 1 << 20}}, defaultLimits} {
			revisions, problems, err := load(fstest.MapFS{"x.up.sql": {Data: []byte(withCopy(rows))}}, "", limits)
			if err != nil || len(revisions) != 1 || problems.Error() != want {
				t.Errorf("%v %q\nhave %v, %v\nwant %s", limits, rows, problems, err, want)
			}
		}
	}
}

// Rows of a large COPY are read from the file when they are needed, unless it has changed. A non-transactional script
// keeps them in memory.
func TestRowsOfLargeCopyStayInFile(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("some row\n", 100)
	small := limits{file: 100, elide: sqltext.ElideLimits{Window: 100, Rows: 50, Text: 1 << 20}}
	files := fstest.MapFS{"x.up.sql": {Data: []byte(withCopy(rows))}}
	revisions, problems, err := load(files, "sql", small)
	if err != nil || problems.Err() != nil {
		t.Fatal(problems, err)
	}
	up, err := revisions[0].Up.Loaded()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(up.Text, "some row") || len(up.large.elided) != 1 {
		t.Fatalf("%q", up.Text)
	}
	st := up.Statements()[1]
	if got := up.Row(st, 100); got != "some row" || up.Row(st, 101) != "" {
		t.Errorf("row 100: %q", got)
	}
	if up.Digest() == "" || up.Checksum() == "" {
		t.Error("checksum or digest is empty")
	}
	if _, _, err := Write(t.TempDir(), revisions[0], revisions[0].Created); err == nil || !strings.Contains(err.Error(), "its script is only in sql/x.up.sql") {
		t.Errorf("Write of a revision without its rows: %v", err)
	}
	open, err := up.Rows(st)
	if err != nil {
		t.Fatal(err)
	}
	files["x.up.sql"] = &fstest.MapFile{Data: []byte(withCopy("other rows\n"))}
	if all, err := io.ReadAll(open); err != nil || string(all) != rows {
		t.Errorf("an open file: %v", err) // a MapFS keeps the old text
	}
	var changed *FileChangedError
	if _, err := up.Rows(st); !errors.As(err, &changed) || changed.File != "sql/x.up.sql" {
		t.Errorf("a changed file: %v", err)
	}

	loaded := func(files fstest.MapFS) *Script {
		t.Helper()
		revisions, problems, err := load(files, "sql", small)
		if err != nil || problems.Err() != nil {
			t.Fatal(problems, err)
		}
		s, err := revisions[0].Up.Loaded()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	linked := loaded(fstest.MapFS{"x.up.sql": {Mode: fs.ModeSymlink, Data: []byte("..data/x")}, "..data/x": {Data: []byte(withCopy(rows))}})
	if len(linked.large.elided) != 1 {
		t.Error("a link to a large file: its rows are in memory")
	}
	whole := loaded(fstest.MapFS{"x.up.sql": {Data: []byte("-- transaction: off\n" + withCopy(rows))}})
	if len(whole.large.elided) != 0 || !strings.Contains(whole.Text, rows) {
		t.Errorf("transaction: off: %q", whole.Text)
	}
}

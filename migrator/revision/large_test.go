package revision

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/ambix/migrator/internal/sqltext"
)

// scriptParts are parts of up files, with and without problems.
var scriptParts = []string{
	"-- m\n--\n-- revision: a1\n-- down_revision:\n", "-- m\n-- revision: a1\n-- down_revision:\n\n", "-- revision: a1\n-- down_revision: a1\n-- transaction: off\n\n",
	"-- lock_timeout: 5\n", "\n", "\r\n", "-- revision: a2\n", "\ufeff",
	"CREATE TABLE t (a int);\n", "INSERT INTO t VALUES ('a;b');\n", "SELECT 'ä';", "COMMIT;\n", "VACUUM;\n", "CREATE INDEX CONCURRENTLY i ON t (a);\n", "SAVEPOINT a;\n",
	"BEGIN;\n", "SELECT pg_catalog.lo_open('1', 131072);\n", "SELECT lo_close(0);\n", "COMMIT;\n", "BEGIN;\nSELECT lo_close(0);\nCOMMIT;\n",
	"COPY t FROM stdin;\n1\n2\n3\n\\.\n", "COPY t FROM stdin;\r\n1\r\nä\n\\.\r\n", "COPY t FROM stdin;\n\xff\n\\.\n", "COPY t FROM stdin;\n", "COPY t FROM stdin; SELECT 1\n\\.\n",
	"SET standard_conforming_strings = off;\n", "SELECT 'a\\';\n", "\\i x\n", "\\restrict x\n", "SELECT\u00a01;\n", "'", "$$ ; $$", "/* ; */", ";",
}

// A large file that is checked in pieces and left where it is has the problems, statements and checksums of a small one.
func TestLargeFilesAreCheckedLikeSmallOnes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(scriptParts)).Draw(t, "parts"), "")
		files := fstest.MapFS{"x.up.sql": {Data: []byte(text)}}
		window := rapid.IntRange(1, 100).Draw(t, "window")
		want, wantProblems, err := load(files, "", limits{file: 1 << 20, elide: sqltext.ElideLimits{Window: 1 << 20, Rows: 1 << 20, Text: 1 << 30}})
		if err != nil {
			t.Fatal(err)
		}
		got, problems, err := load(files, "", limits{file: 1, elide: sqltext.ElideLimits{Window: window, Rows: 4, Text: 1 << 30}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantProblems, problems); diff != "" {
			t.Fatalf("problems of %q (-small +large):\n%s", text, diff)
		}
		if len(want) != len(got) {
			t.Fatalf("%q: %d revisions, want %d", text, len(got), len(want))
		}
		if len(problems) > 0 || len(got) == 0 {
			return
		}
		w, g := want[0], got[0]
		if g.Up.InMemory() && len(text) > 1 {
			t.Fatalf("%q is in memory", text)
		}
		header := func(r *Revision) string {
			return fmt.Sprint(r.ID, r.Message, r.DownRevision, r.Up.Transactional, r.Up.SQLStart, r.Up.Empty(), r.Up.StatementCount(), r.Up.Digest(), r.Up.Checksum())
		}
		if diff := cmp.Diff(header(w), header(g)); diff != "" {
			t.Fatalf("%q (-small +large):\n%s", text, diff)
		}
		loaded, err := g.Up.Loaded()
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Up.CheckUnchanged(); err != nil {
			t.Fatal(err)
		}
		all := maps.Collect(loaded.All()) // before Statements keeps them
		if diff := cmp.Diff(maps.Collect(slices.All(loaded.Statements())), all); diff != "" {
			t.Fatalf("statements of %q (-kept +all):\n%s", text, diff)
		}
		if diff := cmp.Diff(sent(t, w.Up), sent(t, loaded)); diff != "" {
			t.Fatalf("statements of %q (-small +large):\n%s", text, diff)
		}
	})
}

// sent returns the statements of a script, with their rows.
func sent(t *rapid.T, s *Script) []string {
	var all []string
	for _, st := range s.Statements() {
		all = append(all, s.Text[st.Start:st.End])
		if st.Class != sqltext.CopyIn {
			continue
		}
		rows, err := s.Rows(st)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(rows)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(data))
	}
	return all
}

// The script that is run is the one that was checked, even if the file has the same size and time.
func TestChangedFileIsNotRun(t *testing.T) {
	t.Parallel()
	const text = "-- revision: a\n-- down_revision:\n\nSELECT 1;\n"
	at := time.Unix(1, 0)
	files := fstest.MapFS{"x.up.sql": {Data: []byte(text), ModTime: at}}
	small := limits{file: 10, elide: sqltext.ElideLimits{Window: 10, Rows: 10, Text: 1000}}
	revisions, problems, err := load(files, "sql", small)
	if err != nil || problems.Err() != nil {
		t.Fatal(problems, err)
	}
	up := revisions[0].Up
	loaded, err := up.Loaded()
	if err != nil || loaded.Text != text || len(loaded.Statements()) != 1 {
		t.Fatalf("%v, %v", loaded, err)
	}
	defer func() {
		if sum := loaded.Checksum(); sum != sqltext.Checksum(text) {
			t.Errorf("checksum %s of a file that was changed after it was loaded", sum)
		}
	}()
	for name, changed := range map[string]*fstest.MapFile{
		"content": {Data: []byte(strings.Replace(text, "1", "2", 1)), ModTime: at},
		"size":    {Data: []byte(text + "\n"), ModTime: at},
		"time":    {Data: []byte(text), ModTime: at.Add(time.Second)},
	} {
		files["x.up.sql"] = changed
		var e *FileChangedError
		if _, err := up.Loaded(); !errors.As(err, &e) || e.File != "sql/x.up.sql" {
			t.Errorf("%s: %v", name, err)
		}
		if err := up.CheckUnchanged(); !errors.As(err, &e) || e.File != "sql/x.up.sql" {
			t.Errorf("%s: %v", name, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a script that is in its file has statements")
		}
	}()
	up.Statements()
}

// What cannot be a script is refused as soon as that is clear, with a single problem.
func TestFilesThatAreNotScriptsAreRefused(t *testing.T) {
	t.Parallel()
	utf16 := func(s string, low, high int) string {
		b := make([]byte, 2*len(s))
		for i := range len(s) {
			b[2*i+low], b[2*i+high] = s[i], 0
		}
		return string(b)
	}
	script := "-- revision: a\n-- down_revision:\n\n" + strings.Repeat("INSERT INTO t VALUES (1);\n", 10)
	small := limits{file: 100, elide: sqltext.ElideLimits{Window: 10, Rows: 10, Text: 1000}}
	for name, test := range map[string]struct{ text, want string }{
		"UTF-16 with a mark":    {"\xff\xfe" + utf16(script, 0, 1), "the file is UTF-16; save it as UTF-8"},
		"UTF-16, high first":    {"\xfe\xff" + utf16(script, 1, 0), "the file is UTF-16; save it as UTF-8"},
		"UTF-16 without a mark": {utf16(script, 0, 1), "the file is UTF-16; save it as UTF-8"},
		"NUL bytes":             {strings.Repeat("\x00", 1000), "the file begins with a NUL byte: it is not a text file"},
		"too large":             {script + strings.Repeat("-- comment\nSELECT 1;\n", 100), tooLarge},
		"too large a statement": {script + strings.Repeat("SELECT ", 1000), tooLarge},
	} {
		for _, limits := range []limits{small, {1 << 20, small.elide}} {
			if strings.HasPrefix(name, "too") && limits.file > small.file {
				continue
			}
			for _, file := range []string{"x.up.sql", "x.down.sql"} {
				files := fstest.MapFS{"x.up.sql": {Data: []byte(script)}, "y.up.sql": {Data: []byte("-- revision: b\n-- down_revision: a\n")}}
				files[file] = &fstest.MapFile{Data: []byte(test.text)}
				revisions, problems, err := load(files, "", limits)
				if want := file + ":1:1: " + test.want; err != nil || problems.Error() != want {
					t.Errorf("%s, %d bytes at a time: %v, %v\nwant %s", name, limits.file, problems, err, want)
				}
				if len(revisions) != 2 && name != "NUL bytes" {
					t.Errorf("%s: %d revisions", name, len(revisions))
				}
			}
		}
	}
	// The rows of a COPY do not count.
	rows := script + "COPY t FROM stdin;\n" + strings.Repeat("1\n", 1000) + "\\.\n"
	if _, problems, err := load(fstest.MapFS{"x.up.sql": {Data: []byte(rows)}}, "", small); err != nil || problems.Err() != nil {
		t.Errorf("a large COPY: %v, %v", problems, err)
	}
}

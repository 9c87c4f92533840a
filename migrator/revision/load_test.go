package revision_test

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/ambix/migrator/revision"
)

//go:embed testdata/embedded
var embedded embed.FS

// sameRevision compares exported fields.
var sameRevision = cmp.Options{
	cmpopts.IgnoreUnexported(revision.Script{}),
	cmpopts.EquateEmpty(),
}

func TestLoadReadsEmbeddedFiles(t *testing.T) {
	t.Parallel()
	sub, err := fs.Sub(embedded, "testdata/embedded")
	if err != nil {
		t.Fatal(err)
	}
	revisions, problems, err := revision.Load(sub, "sql")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	read := func(name string) string {
		text, err := fs.ReadFile(sub, name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	script := func(name string, transaction bool) *revision.Script {
		text := read(name)
		return &revision.Script{File: "sql/" + name, Text: text, SQLStart: strings.Index(text, "\n\n") + 1, Transactional: transaction}
	}
	limit := 10 * time.Second
	second := script("orders/2021-11-22_9f3c0a1b2c3d_index_account_name.up.sql", false)
	second.LockTimeout = &limit
	want := []*revision.Revision{
		{
			ID: "433af9f41996", Message: "create account table", BranchLabels: []string{"store"},
			Created: time.Date(2021, 11, 20, 19, 17, 1, 0, time.UTC),
			Up:      script("2021-11-20_433af9f41996_create_account_table.up.sql", true),
			Down:    script("2021-11-20_433af9f41996_create_account_table.down.sql", true),
		},
		{
			ID: "9f3c0a1b2c3d", Message: "index account name\nso that people are found", DownRevision: []string{"433af9f41996"},
			Up: second,
		},
	}
	if diff := cmp.Diff(want, revisions, sameRevision); diff != "" {
		t.Errorf("revisions (-want +got):\n%s", diff)
	}
	if got := revisions[1].Subject(); got != "index account name" {
		t.Errorf("subject %q", got)
	}
	if revisions[1].Reversible() {
		t.Error("a revision without a down file is reversible")
	}
}

// pair returns a minimal up file.
func pair(id, down string, more ...string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(strings.TrimRight("-- revision: "+id+"\n-- down_revision: "+down, " ") + "\n" + strings.Join(more, "\n") + "\n")}
}

func TestLoadReportsProblemsOfFiles(t *testing.T) {
	t.Parallel()
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	tests := []struct {
		name  string
		files fstest.MapFS
		ids   string
		want  []string
	}{
		{"nothing", fstest.MapFS{}, "", nil},
		{"no revisions", fstest.MapFS{"README.md": text("x"), "a/b.txt": text("x"), "sql": text("x"), "x.sql.bak": text("x"), "x.sql~": text("x")}, "", nil},
		{"any depth, sorted by id", fstest.MapFS{"z.up.sql": pair("a1", ""), "b/c/d/y.up.sql": pair("a3", "a1"), "b/x.up.sql": pair("a2", "a1")}, "a1 a2 a3", nil},
		{"one stem in two folders", fstest.MapFS{"a/x.up.sql": pair("a1", ""), "a/x.down.sql": text(""), "b/x.up.sql": pair("a2", ""), "b/x.down.sql": text("-- revision: a2")}, "a1 a2", nil},
		{"hidden", fstest.MapFS{".git/x.sql": text("x"), "a/.svn/x.up.sql": text("x"), "._x.up.sql": text("\x00"), ".x.sql": text("x"), "a/..data/x.sql": text("x")}, "", nil},
		{"names are free", fstest.MapFS{
			"_1.up.sql": pair("a1", ""), "ä b.up.sql": pair("a2", ""), "x.y.up.sql": pair("a3", ""), "x.up.sql": pair("a4", ""),
			"x.down.sql": text("-- revision: a4"), "x.y.down.sql": text("-- revision: a3"), "down.up.sql": pair("a5", ""),
		}, "a1 a2 a3 a4 a5", nil},
		{"a folder that is called like a file", fstest.MapFS{"x.up.sql/y.up.sql": pair("a1", "")}, "a1", nil},

		{"neither up nor down", fstest.MapFS{"x.sql": text(""), "y.upp.sql": text(""), "z.UP.sql": text(""), "v.up.SQL": text(""), "w.donw.sql": text(""), "up.sql": text("")}, "", []string{
			"sql/up.sql:1:1: neither .up.sql nor .down.sql: rename it to up.up.sql or up.down.sql, or move it to another folder",
			"sql/v.up.SQL:1:1: neither .up.sql nor .down.sql: write the suffix in lower case",
			"sql/w.donw.sql:1:1: neither .up.sql nor .down.sql: did you mean w.down.sql?",
			"sql/x.sql:1:1: neither .up.sql nor .down.sql: rename it to x.up.sql or x.down.sql, or move it to another folder",
			"sql/y.upp.sql:1:1: neither .up.sql nor .down.sql: did you mean y.up.sql?",
			"sql/z.UP.sql:1:1: neither .up.sql nor .down.sql: write the suffix in lower case",
		}},
		{"an id and a label in two files are left to the graph", fstest.MapFS{"a.up.sql": pair("a1", "", "-- branch_labels: store"), "b.up.sql": pair("a1", "", "-- branch_labels: store")}, "a1 a1", nil},
		{"different ids in up and down file", fstest.MapFS{"a.up.sql": pair("a1", ""), "a.down.sql": text("-- undo\n--\n-- revision: a2\n")}, "a1", []string{
			`sql/a.down.sql:3:14: revision: id "a2" differs from the id "a1" in sql/a.up.sql`,
		}},
		{"down files without up files", fstest.MapFS{"a.up.sql": pair("a1", ""), "b.down.sql": text("-- revision: a1\n\nCOMMIT;"), "c.down.sql": text("SELECT 1;"), "d/a.down.sql": text("")}, "a1", []string{
			`sql/b.down.sql:1:1: down file without an up file: sql/b.up.sql does not exist; its revision is in sql/a.up.sql: rename it to sql/a.down.sql`,
			`sql/b.down.sql:3:1: COMMIT is not allowed: each revision runs in its own transaction; remove the statement`,
			`sql/c.down.sql:1:1: down file without an up file: sql/c.up.sql does not exist`,
			`sql/d/a.down.sql:1:1: down file without an up file: sql/d/a.up.sql does not exist`,
		}},
		{"a second down file of a revision", fstest.MapFS{"a.up.sql": pair("a1", ""), "a.down.sql": text(""), "b.down.sql": text("-- revision: a1")}, "a1", []string{
			`sql/b.down.sql:1:1: down file without an up file: sql/b.up.sql does not exist; its revision is in sql/a.up.sql`,
		}},
		{"all at once, sorted", fstest.MapFS{"c.up.sql": pair("head", "", "-- colour: red"), "b/x.up.sql": pair("a-1", "a2"), "b.sql": text(""), "a.up.sql": text("SELECT 1;")}, "a-1 head", []string{
			`sql/a.up.sql:1:1: missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base`,
			`sql/a.up.sql:1:1: missing key "revision": add "-- revision: ID" to the header, the comment lines at the top`,
			`sql/b.sql:1:1: neither .up.sql nor .down.sql: rename it to b.up.sql or b.down.sql, or move it to another folder`,
			`sql/b/x.up.sql:1:14: revision: id "a-1": forbidden character '-': only A-Z a-z 0-9 _ and . are allowed`,
			`sql/c.up.sql:1:14: revision: id "head": reserved word: head, heads, base and current have a special meaning`,
			`sql/c.up.sql:3:4: unknown key "colour": the keys are revision, down_revision, branch_labels, depends_on, replaces, created, accept, transaction, lock_timeout and statement_timeout`,
		}},
		{"a link to a folder", fstest.MapFS{"a": {Mode: fs.ModeSymlink, Data: []byte("b")}, "b/x.up.sql": pair("a1", "")}, "a1", []string{
			`sql/a:1:1: symbolic link to a folder: it is not followed; move the files here, or give the link a name that begins with a dot`,
		}},
		{"links to files", fstest.MapFS{"x.up.sql": {Mode: fs.ModeSymlink, Data: []byte("..data/x")}, "..data/x": pair("a1", ""), "nowhere": {Mode: fs.ModeSymlink, Data: []byte("gone")}}, "a1", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			revisions, problems, err := revision.Load(test.files, "sql")
			if err != nil {
				t.Fatal(err)
			}
			var ids, lines []string
			for _, r := range revisions {
				ids = append(ids, r.ID)
			}
			for _, p := range problems {
				lines = append(lines, p.Error())
			}
			if got := strings.Join(ids, " "); got != test.ids {
				t.Errorf("ids %s, want %s", got, test.ids)
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadShowsPrefix(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"d/x.up.sql": pair("a1", "")}
	for prefix, want := range map[string]string{"": "d/x.up.sql", ".": "d/x.up.sql", "sql": "sql/d/x.up.sql", "./sql/": "sql/d/x.up.sql", "../a": "../a/d/x.up.sql", "/": "/d/x.up.sql"} {
		revisions, _, err := revision.Load(files, prefix)
		if err != nil || revisions[0].Up.File != want {
			t.Errorf("prefix %q: file %s, want %s (%v)", prefix, revisions[0].Up.File, want, err)
		}
	}
}

func TestLoadFollowsLinksToFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	// A mounted volume contains links to links.
	write("..2024_01/x.up.sql", "-- revision: a1\n-- down_revision:\n")
	link("..2024_01", "..data")
	link("..data/x.up.sql", "x.up.sql")
	write("deep/er/y.up.sql", "-- revision: a2\n-- down_revision: a1\n")
	link("deep", "again")
	link("..", "deep/.up")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.up.sql"), 0o666); err != nil {
		t.Fatal(err)
	}

	revisions, problems, err := revision.Load(os.DirFS(dir), "sql")
	if err != nil {
		t.Fatal(err)
	}
	want := "sql/again:1:1: symbolic link to a folder: it is not followed; move the files here, or give the link a name that begins with a dot\n" +
		"sql/pipe.up.sql:1:1: not a regular file"
	if got := problems.Error(); got != want {
		t.Errorf("problems\n%s\nwant\n%s", got, want)
	}
	if len(revisions) != 2 || revisions[0].Up.File != "sql/x.up.sql" || revisions[1].Up.File != "sql/deep/er/y.up.sql" {
		t.Errorf("%d revisions", len(revisions))
	}

	link("gone", "z.up.sql")
	_, _, err = revision.Load(os.DirFS(dir), "sql")
	var pe *fs.PathError
	if !errors.As(err, &pe) || pe.Path != "sql/z.up.sql" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a dangling link: %v", err)
	}
	_, _, err = revision.Load(os.DirFS(filepath.Join(dir, "nosuch")), "sql/nosuch")
	if !errors.As(err, &pe) || pe.Path != "sql/nosuch" {
		t.Errorf("a missing folder: %v", err)
	}
}

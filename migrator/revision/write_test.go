package revision_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

var at = time.Date(2021, 11, 20, 19, 17, 1, 0, time.UTC)

func newRevision(id, message string) *revision.Revision {
	return &revision.Revision{
		ID: id, Message: message, Created: at,
		Up: revision.NewScript("SELECT 1;\n"), Down: revision.NewScript("SELECT 2;\n"),
	}
}

// names lists the files in a folder, including hidden ones.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestWriteCreatesBothFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up, down, err := revision.Write(dir, newRevision("a1", "create account"), at)
	if err != nil {
		t.Fatal(err)
	}
	stem := filepath.Join(dir, "2021-11-20_a1_create_account")
	if up != stem+".up.sql" || down != stem+".down.sql" {
		t.Errorf("paths %s, %s", up, down)
	}
	wantUp, wantDown := newRevision("a1", "create account").Format()
	if diff := cmp.Diff(wantUp, read(t, up)) + cmp.Diff(wantDown, read(t, down)); diff != "" {
		t.Error(diff)
	}
	irreversible := newRevision("a2", "")
	irreversible.Down = nil
	if up, down, err = revision.Write(dir, irreversible, at); err != nil || filepath.Base(up) != "2021-11-20_a2.up.sql" || down != "" {
		t.Errorf("without a down script: %s, %s, %v", up, down, err)
	}
	if got, want := names(t, dir), "2021-11-20_a1_create_account.down.sql 2021-11-20_a1_create_account.up.sql 2021-11-20_a2.up.sql"; got != want {
		t.Errorf("the folder contains %s, want %s", got, want)
	}
	revisions, problems, err := revision.Load(os.DirFS(dir), "sql")
	if len(revisions) != 2 || len(problems) > 0 || err != nil {
		t.Errorf("%d revisions, %v, %v", len(revisions), problems, err)
	}
	info, err := os.Stat(up)
	if err != nil || info.Mode().Perm()&0o444 == 0o400 {
		t.Errorf("only the owner can read the file: %v, %v", info.Mode(), err)
	}
}

func TestWriteRefusesWhatLoadWouldRefuse(t *testing.T) {
	t.Parallel()
	change := func(f func(*revision.Revision)) *revision.Revision {
		r := newRevision("b1", "m")
		f(r)
		return r
	}
	tests := []struct {
		name string
		r    *revision.Revision
		want string // a part of the error
	}{
		{"reserved id", change(func(r *revision.Revision) { r.ID = "head" }), `id "head": reserved`},
		{"no id", change(func(r *revision.Revision) { r.ID = "" }), `key "revision" has no value`},
		{"id that is a path", change(func(r *revision.Revision) { r.ID = "../x" }), `forbidden character '/'`},
		{"id with a second line", change(func(r *revision.Revision) { r.ID = "x\n-- transaction: off" }), "its id cannot be written"},
		{"parent with a comma", change(func(r *revision.Revision) { r.DownRevision = []string{"a,b"} }), "its down_revision cannot be written"},
		{"empty parent", change(func(r *revision.Revision) { r.DownRevision = []string{""} }), "its down_revision cannot be written"},
		{"repeated label", change(func(r *revision.Revision) { r.BranchLabels = []string{"l", "l"} }), `"l" is listed twice`},
		{"message that looks like a key", change(func(r *revision.Revision) { r.Message = "created: by hand" }), `"by hand" is not a time`},
		{"message with an empty line", change(func(r *revision.Revision) { r.Message = "a\n\nb" }), `not a "key: value" line`},
		{"message with a space at the end of a line", change(func(r *revision.Revision) { r.Message = "a \nb" }), "its message cannot be written"},
		{"message with a carriage return", change(func(r *revision.Revision) { r.Message = "a\rDROP TABLE b;" }), "carriage return"},
		{"message with a NUL", change(func(r *revision.Revision) { r.Message = "a\x00" }), "NUL byte"},
		{"year beyond 9999", change(func(r *revision.Revision) { r.Created = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }), "is not a time"},
		{"script that ends the transaction", change(func(r *revision.Revision) { r.Up = revision.NewScript("COMMIT;") }), "COMMIT is not allowed"},
		{"script that would become part of the header", change(func(r *revision.Revision) {
			r.Down = &revision.Script{Text: "-- transaction: off\n", Transactional: true}
		}), "its down script cannot be written"},
		{"timeout finer than a millisecond", change(func(r *revision.Revision) { d := time.Nanosecond; r.Up.LockTimeout = &d }), ""},
		{"negative timeout", change(func(r *revision.Revision) { d := -time.Second; r.Up.LockTimeout = &d }), "must not be negative"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "sql")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			up, down, err := revision.Write(dir, test.r, at)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || up != "" || down != "" {
				t.Errorf("%s, %s, %v\nwant %s", up, down, err, test.want)
			}
			if got := names(t, dir) + names(t, filepath.Dir(dir)); got != "sql" {
				t.Errorf("files were left behind: %s", got)
			}
		})
	}
}

func TestWriteNeverOverwrites(t *testing.T) {
	t.Parallel()
	stem := "2021-11-20_a1_m"
	for _, existing := range []string{stem + ".up.sql", stem + ".down.sql"} {
		t.Run(existing, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, existing)
			write(t, file, "mine")
			_, _, err := revision.Write(dir, newRevision("a1", "m"), at)
			var ee *revision.ExistsError
			if !errors.As(err, &ee) || ee.File != file || !errors.Is(err, fs.ErrExist) {
				t.Errorf("error %v", err)
			}
			if got := err.Error(); got != file+": the file already exists; nothing was written" {
				t.Errorf("error %s", got)
			}
			if got := names(t, dir); got != existing || read(t, file) != "mine" {
				t.Errorf("the folder contains %s: %q", got, read(t, file))
			}
		})
	}
}

func TestWriteRefusesToAdoptDownFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	down := filepath.Join(dir, "2021-11-20_a1_m.down.sql")
	write(t, down, "DROP TABLE account;")
	r := newRevision("a1", "m")
	r.Down = nil
	var ee *revision.ExistsError
	if _, _, err := revision.Write(dir, r, at); !errors.As(err, &ee) || ee.File != down || names(t, dir) != filepath.Base(down) {
		t.Errorf("error %v, the folder contains %s", err, names(t, dir))
	}
}

func TestWriteRefusesUsedID(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "2020-01-01_a_b.up.sql"), "-- revision: a_b\n-- down_revision:\n")
	if _, _, err := revision.Write(dir, newRevision("a", "b c"), at); err != nil {
		t.Errorf("id a although a_b exists: %v", err)
	}
	_, _, err := revision.Write(dir, newRevision("a_b", "other"), at)
	want := "revision a_b already exists in " + filepath.Join(dir, "2020-01-01_a_b.up.sql") + "; nothing was written, choose another id"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestWriteErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nosuch")
	_, _, err := revision.Write(file, newRevision("a1", "m"), at)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), file) {
		t.Errorf("a missing folder: %v", err)
	}
	err = revision.CreateFiles(revision.Source{File: filepath.Join(file, "main.go"), Text: "x"})
	if want := filepath.Join(file, "main.go") + " cannot be written: the folder " + file + " does not exist; nothing was written"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Writers with different ids all succeed; of writers with the same id exactly one does. A file is never seen incomplete.
func TestConcurrentWritersDoNotCollide(t *testing.T) {
	t.Parallel()
	const writers = 16
	for _, sameID := range []bool{false, true} {
		t.Run(fmt.Sprintf("same id %t", sameID), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			stop, watched := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(watched)
				watch(t, dir, stop, !sameID)
			}()
			var wg sync.WaitGroup
			errs := make([]error, writers)
			for i := range writers {
				wg.Go(func() {
					id := "abc"
					if !sameID {
						id = revision.NewID(nil)
					}
					_, _, errs[i] = revision.Write(dir, newRevision(id, fmt.Sprintf("writer %d", i)), at)
				})
			}
			wg.Wait()
			close(stop)
			<-watched
			written := 0
			for _, err := range errs {
				if err == nil {
					written++
				} else if !errors.Is(err, fs.ErrExist) {
					t.Error(err)
				}
			}
			want := writers
			if sameID {
				want = 1
			}
			if written != want || len(strings.Fields(names(t, dir))) != 2*want {
				t.Errorf("%d writers succeeded, the folder contains %s", written, names(t, dir))
			}
			if _, problems, err := revision.Load(os.DirFS(dir), "sql"); len(problems) > 0 || err != nil {
				t.Error(problems, err)
			}
		})
	}
}

// watch reads all up files until it is stopped. Each must be complete and, unless writers remove files again, have a down
// file.
func watch(t *testing.T, dir string, stop chan struct{}, pairs bool) {
	for {
		files, err := filepath.Glob(filepath.Join(dir, "*.up.sql"))
		if err != nil {
			t.Error(err)
		}
		for _, file := range files {
			up, err := os.ReadFile(file)
			if err == nil && !strings.HasSuffix(string(up), "\nSELECT 1;\n") {
				t.Errorf("%s is %q", file, up)
			}
			if down, err := os.ReadFile(strings.TrimSuffix(file, ".up.sql") + ".down.sql"); pairs && !strings.HasSuffix(string(down), "\nSELECT 2;\n") {
				t.Errorf("the down file of %s is %q, %v", file, down, err)
			}
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

package migratortest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The project in docs/testing.md runs, on the private server, and the command that a failed test logs works.
func TestProjectInTheDocument(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	files := regexp.MustCompile("(?ms)^```\\w+ file=(\\S+)\\n(.*?)^```$").FindAllStringSubmatch(read("docs/testing.md"), -1)
	if len(files) != 5 {
		t.Fatalf("%d files in the document", len(files))
	}
	for _, file := range files {
		write(file[1], file[2])
	}
	module := strings.Replace(read("go.mod"), "module example.com/ambix\n", "module example.com/shop\n", 1)
	write("go.mod", module+"\nrequire example.com/ambix v0.0.0\n\nreplace example.com/ambix => "+root+"\n")
	write("go.sum", read("go.sum"))
	write("fail/fail_test.go", `package fail

import (
	"testing"
	"testing/fstest"

	"example.com/ambix/migrator/migratortest"
)

func TestFails(t *testing.T) {
	migratortest.New(t, fstest.MapFS{})
	t.Fail()
}
`)
	goTest := func(pattern string) string {
		cmd := exec.Command("go", "test", "-mod=mod", "-count=1", "-v", pattern)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TEST_DATABASE_URL=")
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	out := goTest("./store")
	for _, test := range []string{"TestAccountsBeginWithoutPoints", "TestEmailIsUnique", "TestRevisions"} {
		if !strings.Contains(out, "--- PASS: "+test) {
			t.Errorf("no %s in:\n%s", test, out)
		}
	}
	command := regexp.MustCompile(`(?m)^ *(PGPASSFILE='(.*)/pgpass' psql '.*')$`).FindStringSubmatch(goTest("./fail"))
	if command == nil {
		t.Fatal("the failed test logs no command")
	}
	if err := os.Remove(filepath.Join(command[2], "kept")); err != nil { // the server stops soon
		t.Error(err)
	}
	psql := exec.Command("sh", "-c", command[1]+" -Atc 'SELECT current_database()'")
	if got, err := psql.CombinedOutput(); err != nil || !strings.HasPrefix(string(got), "t_testfails_") {
		t.Errorf("%s: %v\n%s", command[1], err, got)
	}
}

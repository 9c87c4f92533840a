package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// newcomer runs commands in a folder with nothing configured but a database.
type newcomer struct {
	*testing.T
	dir string
	env []string
}

func newNewcomer(t *testing.T) *newcomer {
	t.Helper()
	n := &newcomer{T: t, dir: t.TempDir()}
	for _, entry := range os.Environ() {
		switch name, _, _ := strings.Cut(entry, "="); {
		case strings.HasPrefix(name, "DB_"), strings.HasPrefix(name, "PG"), strings.HasPrefix(name, "MIGRATE_"), name == "GOFLAGS", name == "EMBEDDED":
		default:
			n.env = append(n.env, entry)
		}
	}
	n.env = append(n.env, "DATABASE_URL="+pgtest.Database(t))
	return n
}

// run returns what a command prints, on both streams.
func (n *newcomer) run(words ...string) string {
	n.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = n.dir, n.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		n.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

func (n *newcomer) want(output string, parts ...string) {
	n.Helper()
	for _, part := range parts {
		if !strings.Contains(output, part) {
			n.Errorf("%q is not in\n%s", part, output)
		}
	}
}

// The project also builds from vendor/, as its Dockerfile recommends.
func TestInitProjectBuildsAndRuns(t *testing.T) {
	t.Parallel()
	n := newNewcomer(t)
	root, err := filepath.Abs(checkout)
	if err != nil {
		t.Fatal(err)
	}
	n.want(n.run("app", "migrate", "init", "store", "--replace", root), "store/main.go\n", "to create the first revision, run: cd store && go run . migrate revision -m ")
	n.dir = filepath.Join(n.dir, "store")
	n.want(n.run("go", "run", ".", "migrate", "up"), "nothing to do, at base\n")
	n.env = append(n.env, "TEST_DATABASE_URL="+pgtest.Shared(n.T).URL("postgres"))
	n.run("go", "vet", "./...")
	n.run("go", "test", "./...")
	n.run("app", "migrate", "revision", "-m", "create account table", "--rev-id", "a1")
	files, err := filepath.Glob(n.dir + "/sql/*_a1_create_account_table.up.sql")
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	down := strings.Replace(files[0], ".up.sql", ".down.sql", 1)
	for file, text := range map[string]string{
		files[0]: readText(t, files[0]) + "CREATE TABLE account (id bigint PRIMARY KEY);\n",
		down:     "DROP TABLE account;\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	n.want(n.run("go", "test", "-v", "./..."), "--- PASS: TestRevisions/a1 ")
	n.run("go", "mod", "vendor")
	n.env = append(n.env, "CGO_ENABLED=0") // as the Dockerfile says
	n.run("go", "build", "-trimpath", "-mod=vendor", "-o", "app", ".")
	n.want(n.run("./app", "migrate", "up"), "1 applied, at a1 (head)\n")
}

// main.go and embed.go are those of this module.
func TestInitWritesThisProgram(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "store")
	if got := execute(cli.Command(offline()), "init", dir, "--replace", checkout); got.err != nil {
		t.Fatal(got.err)
	}
	for _, name := range []string{"main.go", "embed.go"} {
		if diff := cmp.Diff(readText(t, checkout+"/"+name), readText(t, filepath.Join(dir, name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// The last lines of the Dockerfile.
	_, want, _ := strings.Cut(readText(t, checkout+"/Dockerfile"), "\nFROM scratch\n")
	_, got, _ := strings.Cut(readText(t, filepath.Join(dir, "Dockerfile")), "\nFROM scratch\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Dockerfile: %s", diff)
	}
}

// go.mod requires the modules of the program on any system, and no others.
func TestInitRequiresEveryModule(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".")
		cmd.Dir, cmd.Env = checkout, append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if path, version, _ := strings.Cut(strings.TrimSpace(line), " "); version != "" {
				want[path+" "+version] = true
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "store")
	if got := execute(cli.Command(offline()), "init", dir, "--replace", checkout); got.err != nil {
		t.Fatal(got.err)
	}
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
		Replace []struct{ Old struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, r := range mod.Require {
		got[r.Path+" "+r.Version] = true
	}
	if len(mod.Replace) != 1 {
		t.Fatalf("replaced: %v", mod.Replace)
	}
	delete(got, mod.Replace[0].Old.Path+" v0.0.0")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One of several concurrent runs writes the project, and all files are its own.
func TestConcurrentInitsWriteOneProject(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "store")
	const n = 8
	codes := make(chan int, n)
	for i := range n {
		go func() {
			cmd := exec.Command("app", "migrate", "init", dir, "--replace", checkout, "--module", fmt.Sprintf("example.com/store%d", i))
			out, err := cmd.CombinedOutput()
			if err != nil && cmd.ProcessState.ExitCode() != 2 {
				t.Errorf("%v\n%s", err, out)
			}
			codes <- cmd.ProcessState.ExitCode()
		}()
	}
	var got []int
	for range n {
		got = append(got, <-codes)
	}
	slices.Sort(got)
	if want := []int{0, 2, 2, 2, 2, 2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("exit codes %v", got)
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		".dockerignore", ".github/workflows/ci.yml", ".gitignore", "Dockerfile", "README.md", "compose.yaml", "embed.go", "go.mod", "go.sum", "job.yaml", "main.go",
		"revisions_test.go", "sql/README.md",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	// All files are of one project.
	module, _, _ := strings.Cut(strings.TrimPrefix(readText(t, dir+"/go.mod"), "module example.com/"), "\n")
	if !strings.Contains(readText(t, dir+"/.gitignore"), "\n/"+module+"\n") {
		t.Errorf("the module is %s, and .gitignore contains %s", module, readText(t, dir+"/.gitignore"))
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Package importtest tries scripts/import with the other tools themselves: each of them
// makes a project and migrates a database with it, the imported revisions migrate a
// second one, and both have to hold the same. The tests are here, and not beside the
// program, because only packages below migrator may use the test bed.
package importtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// programFolder names the variable that holds the folder for what programs builds.
const programFolder = "IMPORTTEST_PROGRAMS"

// programs is the folder of the programs that the tests run. It is filled once.
var programs = sync.OnceValues(func() (string, error) {
	dir := os.Getenv(programFolder)
	for _, arguments := range [][]string{
		{"build", "-o", dir + "/", "../../../scripts/import"},
		// A module of its own keeps the other tools out of ours.
		{"build", "-C", "testdata/peers", "-o", dir + "/", ".", "tool"},
	} {
		cmd := exec.Command("go", arguments...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, errors.New(cmd.String() + "\n" + string(out) + err.Error())
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "importtest")
	if err != nil {
		panic(err)
	}
	if err := os.Setenv(programFolder, dir); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// run runs a program, one of ours or of the system's, in a folder, and returns what it
// printed.
func run(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := command(t, dir, program, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", cmd, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// refused is run for a program that has to fail.
func refused(t testing.TB, dir, program string, args ...string) string {
	t.Helper()
	cmd := command(t, dir, program, args...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%s did not fail:\n%s", cmd, out)
	}
	return string(out)
}

func command(t testing.TB, dir, program string, args ...string) *exec.Cmd {
	t.Helper()
	built, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	if path := filepath.Join(built, program); exists(path) {
		program = path
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	return cmd
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// taken is what an import made.
type taken struct {
	dir     string
	printed string
	set     *migrator.Set
	adopt   migrator.Adopt
}

// importFrom imports a project into its folder sql.
func importFrom(t testing.TB, tool, dir string, flags ...string) taken {
	t.Helper()
	made := taken{dir: filepath.Join(dir, "sql")}
	made.printed = run(t, dir, "import", append(slices.Clone(flags), tool, ".", "sql")...)
	made.load(t)
	return made
}

// again imports once more, which has to give the same files.
func (made *taken) again(t testing.TB) {
	t.Helper()
	dir := filepath.Dir(made.dir)
	run(t, dir, "import", made.adopt.Tool, ".", "again")
	if diff := cmp.Diff(texts(t, made.dir), texts(t, filepath.Join(dir, "again"))); diff != "" {
		t.Errorf("the second import gives other files:\n%s", diff)
	}
}

func texts(t testing.TB, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// load reads the revisions, and the map as docs/adopting.md describes it.
func (made *taken) load(t testing.TB) {
	t.Helper()
	set, err := migrator.New(os.DirFS(made.dir), migrator.Config{})
	if err != nil {
		t.Fatalf("%v\n%s", err, made.printed)
	}
	made.set = set
	text, err := os.ReadFile(filepath.Join(made.dir, "adopt.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Tool, Table, Rows string
		Versions          []struct{ Version, Revision, Name string }
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	made.adopt = migrator.Adopt{Tool: m.Tool, Table: m.Table, Versions: map[string]string{}}
	for _, v := range m.Versions {
		made.adopt.Versions[v.Version] = v.Revision
	}
}

// equal migrates a database with the imported revisions and compares it with the one
// that the tool made; adopts that one; and takes both down to nothing.
func (made *taken) equal(t testing.TB, theirs string) {
	t.Helper()
	ours := database(t)
	empty := dump(t, ours)
	ctx := context.Background()
	if _, err := made.set.Up(ctx, config(t, ours)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, theirs), dump(t, ours)); diff != "" {
		t.Errorf("what the tool made (-) and what the revisions made (+):\n%s", diff)
	}
	if _, err := made.set.Adopt(ctx, config(t, theirs), made.adopt); err != nil {
		t.Fatal(err)
	}
	status, err := made.set.Status(ctx, config(t, theirs))
	if err != nil {
		t.Fatal(err)
	}
	if n := status.Count(migrator.Applied); n != len(made.set.Revisions()) {
		t.Errorf("after adopt %d of %d revisions are applied", n, len(made.set.Revisions()))
	}
	for _, url := range []string{theirs, ours} {
		if _, err := made.set.Down(ctx, config(t, url), "base"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(empty, dump(t, url)); diff != "" {
			t.Errorf("not all was taken down:\n%s", diff)
		}
	}
}

func config(t testing.TB, url string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// database creates one on a server that the installed pg_dump can dump.
func database(t testing.TB) string {
	t.Helper()
	version := regexp.MustCompile(`\) (\d+)`).FindStringSubmatch(run(t, ".", pgtest.Program(t, "pg_dump"), "--version"))
	major, err := strconv.Atoi(version[1])
	if err != nil {
		t.Fatal(err)
	}
	if s := pgtest.Shared(t); s.Major <= major {
		return s.Database(t)
	}
	return pgtest.Start(t, pgtest.Options{Version: major}).Database(t)
}

// dump is a database's schema and data, without the version tables.
func dump(t testing.TB, url string) string {
	t.Helper()
	args := []string{"--dbname", url}
	for _, table := range []string{"ambix_*", "alembic_version*", "goose_db_version*", "schema_version*", "schema_migrations*"} {
		args = append(args, "--exclude-table", "public."+table)
	}
	text := run(t, ".", pgtest.Program(t, "pg_dump"), args...)
	// Newer ones write a random key.
	return regexp.MustCompile(`(?m)^\\(un)?restrict .*\n`).ReplaceAllString(text, "")
}

func contains(t testing.TB, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is missing in\n%s", word, text)
		}
	}
}

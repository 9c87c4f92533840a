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

// programFolder is the environment variable with the folder for the built programs.
const programFolder = "IMPORTTEST_PROGRAMS"

// programs builds the programs that the tests run, once, and returns their folder.
var programs = sync.OnceValues(func() (string, error) {
	dir := os.Getenv(programFolder)
	for _, arguments := range [][]string{
		{"build", "-o", dir + "/", "../../../cmd/ambix"},
		// A separate module keeps the other tools out of our go.mod.
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

// run runs a program, a built one or one of the system, and returns its standard output.
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

// runFails is run for a program that must fail. It returns all output.
func runFails(t testing.TB, dir, program string, args ...string) string {
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

// imported is the result of an import.
type imported struct {
	dir    string
	output string
	set    *migrator.Migrator
	adopt  migrator.Adopt
}

// importFrom imports a project into its folder sql.
func importFrom(t testing.TB, tool, dir string, flags ...string) imported {
	t.Helper()
	im := imported{dir: filepath.Join(dir, "sql")}
	im.output = run(t, dir, "ambix", slices.Concat([]string{"import"}, flags, []string{tool, ".", "sql"})...)
	im.load(t)
	return im
}

// checkRepeatable imports again and compares the files.
func (im *imported) checkRepeatable(t testing.TB) {
	t.Helper()
	dir := filepath.Dir(im.dir)
	run(t, dir, "ambix", "import", im.adopt.Tool, ".", "again")
	if diff := cmp.Diff(texts(t, im.dir), texts(t, filepath.Join(dir, "again"))); diff != "" {
		t.Errorf("the second import made other files:\n%s", diff)
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

// load reads the revisions and the map, whose format is in docs/adopting.md.
func (im *imported) load(t testing.TB) {
	t.Helper()
	set, err := migrator.New(os.DirFS(im.dir), migrator.Config{})
	if err != nil {
		t.Fatalf("%v\n%s", err, im.output)
	}
	im.set = set
	text, err := os.ReadFile(filepath.Join(im.dir, "adopt.json"))
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
	im.adopt = migrator.Adopt{Tool: m.Tool, Table: m.Table, Versions: map[string]string{}}
	for _, v := range m.Versions {
		im.adopt.Versions[v.Version] = v.Revision
	}
}

// checkEqual migrates a database with the imported revisions and compares it with theirs,
// the one that the tool migrated. It adopts theirs and downgrades both to base.
func (im *imported) checkEqual(t testing.TB, theirs string, wrongDownScripts ...string) {
	t.Helper()
	im.checkRehearsal(t, wrongDownScripts...)
	ours := database(t)
	empty := dump(t, ours)
	ctx := context.Background()
	if _, err := im.set.Up(ctx, config(t, ours)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, theirs), dump(t, ours)); diff != "" {
		t.Errorf("the tool (-) and the revisions (+) made different databases:\n%s", diff)
	}
	im.checkAdopted(t, theirs)
	for _, url := range []string{theirs, ours} {
		if _, err := im.set.Down(ctx, config(t, url), "base"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(empty, dump(t, url)); diff != "" {
			t.Errorf("objects are left after the downgrade:\n%s", diff)
		}
	}
}

// checkAdopted adopts theirs, after which nothing is pending.
func (im *imported) checkAdopted(t testing.TB, theirs string) {
	t.Helper()
	ctx := context.Background()
	if _, err := im.set.Adopt(ctx, config(t, theirs), im.adopt); err != nil {
		t.Fatal(err)
	}
	status, err := im.set.Status(ctx, config(t, theirs))
	if err != nil {
		t.Fatal(err)
	}
	if n := status.Count(migrator.Applied); n != len(im.set.Files().Revisions()) {
		t.Errorf("after adopt %d of %d revisions are applied", n, len(im.set.Files().Revisions()))
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

// database creates a database on a server that the installed pg_dump supports.
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

// dump returns a database's schema and data, without the version tables.
func dump(t testing.TB, url string) string {
	t.Helper()
	args := []string{"--dbname", url}
	for _, table := range []string{
		"ambix_*", "alembic_version*", "goose_db_version*", "schema_version*", "schema_migrations*", "ar_internal_metadata",
		"flyway_schema_history", "gorp_migrations", "_sqlx_migrations", "__diesel_schema_migrations", "_prisma_migrations",
	} {
		args = append(args, "--exclude-table", "public."+table)
	}
	args = append(args, "--exclude-schema", "atlas_schema_revisions", "--exclude-schema", "sqitch")
	text := run(t, ".", pgtest.Program(t, "pg_dump"), args...)
	// Newer versions write a random key.
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

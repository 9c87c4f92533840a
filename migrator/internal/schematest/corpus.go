package schematest

import (
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

// CorpusVariable names the folder with schemas of public projects: schemas/*.sql, and history/PROJECT/NN.sql.gz with the
// successive states of one. Without it, the folder shared/corpus next to the repository is used.
const CorpusVariable = "AMBIX_SCHEMA_CORPUS"

// AllVariable, if "all", asks for every state of every history instead of a sample, for each mutation alone, and for many
// random cases.
const AllVariable = "AMBIX_TEST_STATES"

// All reports whether the long form of the tests is asked for.
func All() bool { return os.Getenv(AllVariable) == "all" }

// testdata is the folder with our own schemas.
func testdata() string { return filepath.Join(root(), "migrator/catalog/testdata") }

func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "../../..")
}

// File is a schema to load.
type File struct {
	Path  string
	Since int // the oldest major version that can load it
}

// Name returns the name of the file without its folder.
func (f File) Name() string { return filepath.Base(f.Path) }

// Read returns the content of a file.
func (f File) Read(t testing.TB) string {
	t.Helper()
	src, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// NeedServer skips the test if the shared server is too old for the file.
func (f File) NeedServer(t testing.TB) {
	t.Helper()
	if pgtest.Shared(t).Major < f.Since {
		t.Skipf("for PostgreSQL %d and newer", f.Since)
	}
}

// Load loads the file into a new database.
func (f File) Load(t testing.TB) (databaseURL string) {
	t.Helper()
	f.NeedServer(t)
	CreateRoles(t)
	databaseURL = pgtest.Database(t)
	pgtest.Exec(t, databaseURL, f.Read(t))
	return databaseURL
}

// Own returns one of our own schemas, such as kinds.sql.
func Own(name string) File {
	return File{filepath.Join(testdata(), name), map[string]int{"cycles.sql": 14, "new18.sql": 18}[name]}
}

// Files returns our own schemas, and those of public projects. Without the latter, a subtest is skipped.
func Files(t *testing.T) []File {
	t.Helper()
	var files []File
	for _, name := range []string{"kinds.sql", "texts.sql", "names.sql", "cycles.sql", "new18.sql"} {
		files = append(files, Own(name))
	}
	for _, path := range glob(t, "schemas/*.sql") {
		// The first two are copies of ours, and the last is for MySQL.
		if !slices.Contains([]string{"cycles.sql", "new18.sql", "peatio.sql"}, filepath.Base(path)) {
			files = append(files, File{path, 13})
		}
	}
	return files
}

// glob returns the files of the corpus that match a pattern. If there are none, it says so in a skipped subtest.
func glob(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv(CorpusVariable)
	if dir == "" {
		dir = filepath.Join(root(), "../shared/corpus")
	}
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		if os.Getenv(CorpusVariable) != "" {
			t.Fatalf("%s: no files %s in %s", CorpusVariable, pattern, dir)
		}
		t.Run("public schemas", func(t *testing.T) {
			t.Skipf("no files %s in %s: set %s to the folder with schemas of public projects", pattern, dir, CorpusVariable)
		})
	}
	return paths
}

// History is the successive states of a schema, oldest first.
type History struct {
	Project string
	States  []string // paths
}

// Histories returns the histories of public projects. Without any, a subtest is skipped.
func Histories(t *testing.T) []History {
	t.Helper()
	var list []History
	for _, path := range glob(t, "history/*/*.sql.gz") {
		project := filepath.Base(filepath.Dir(path))
		if len(list) == 0 || list[len(list)-1].Project != project {
			list = append(list, History{Project: project})
		}
		h := &list[len(list)-1]
		h.States = append(h.States, path)
	}
	return list
}

// missingState are the errors that states of histories report: they name roles and extensions that a server may not have.
var missingState = []string{
	"does not exist", "is not available", "could not open extension control file", "must be owner of extension", "already exists", "could not access file",
	`syntax error at or near "'`, // the rows of a table of versions
}

// LoadState loads a state of a history with psql into a new database. Statements that name a role or an extension that the
// server does not have are left out; any other error fails the test.
func LoadState(t testing.TB, path string) (databaseURL string) {
	t.Helper()
	databaseURL = pgtest.Database(t)
	psql := exec.Command(pgtest.Program(t, "psql"), "-X", "-q", databaseURL)
	psql.Stdin = strings.NewReader(gunzip(t, path))
	out, err := psql.CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		_, message, isError := strings.Cut(line, "ERROR:")
		if isError && !slices.ContainsFunc(missingState, func(s string) bool { return strings.Contains(message, s) }) {
			t.Errorf("%s: %s", path, line)
		}
	}
	return databaseURL
}

func gunzip(t testing.TB, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !strings.HasSuffix(path, ".gz") {
		src, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	src, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

var rolesCreated sync.Once

// CreateRoles creates the roles that files of the corpus name. Loading two of them at the same time would do so twice.
func CreateRoles(t testing.TB) {
	t.Helper()
	rolesCreated.Do(func() {
		for _, role := range []string{`corpus_role`, `"corpus odd=role"`, `"corpus ON role ""x"" SELECT"`} {
			pgtest.Exec(t, pgtest.Shared(t).URL("postgres"), "DO $$BEGIN CREATE ROLE "+role+"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$")
		}
	})
}

// Mutations returns the statements of some sections of mutations.txt that a server of a major version can run. Each
// changes the database of kinds.sql.
func Mutations(t testing.TB, major int, sections ...string) []string {
	t.Helper()
	src := File{Path: filepath.Join(testdata(), "mutations.txt")}.Read(t)
	var list []string
	section := ""
	for line := range strings.Lines(src) {
		sql := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(sql, "["):
			section = strings.Trim(sql, "[]")
			continue
		case sql == "" || sql[0] == '#' || !slices.Contains(sections, section):
			continue
		}
		if rest, found := strings.CutPrefix(sql, "since "); found {
			since, statement, _ := strings.Cut(rest, ": ")
			if n, err := strconv.Atoi(since); err != nil || n > major {
				continue
			}
			sql = statement
		}
		list = append(list, sql)
	}
	if len(list) == 0 {
		t.Fatalf("no mutations in sections %v", sections)
	}
	return list
}

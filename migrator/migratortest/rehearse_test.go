package migratortest_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/migratortest"
	"example.com/ambix/migrator/rehearse"
)

// rehearsals are sets of files for TestRehearsed, each with the results of its subtests.
var rehearsals = map[string]struct {
	files  func() fstest.MapFS
	change func(c *migratortest.Config)
	want   []string // the subtests
	text   []string // in the output
}{
	"good": {
		func() fstest.MapFS {
			return withDown(revisions(account, "ALTER TABLE account ADD age int;"), "DROP TABLE account;", "ALTER TABLE account DROP age;")
		},
		nil,
		[]string{"--- PASS: TestRehearsed", "--- PASS: TestRehearsed/r1", "--- PASS: TestRehearsed/r2"},
		nil,
	},
	"not inverse": {
		func() fstest.MapFS {
			return withDown(revisions(account, "ALTER TABLE account ADD age int;"), "DROP TABLE account;", "SELECT 1;")
		},
		nil,
		[]string{"--- FAIL: TestRehearsed", "--- FAIL: TestRehearsed/r2", "--- PASS: TestRehearsed/r1"},
		[]string{"danger (not-inverse)", "-- accept: not-inverse"},
	},
	"a revision that fails": {
		func() fstest.MapFS {
			return withDown(revisions(account, "SELECT nix;", "SELECT 1;"), "DROP TABLE account;", "SELECT 1;", "SELECT 1;")
		},
		nil,
		[]string{"--- FAIL: TestRehearsed", "--- FAIL: TestRehearsed/r2", "--- PASS: TestRehearsed/r1", "--- SKIP: TestRehearsed/r3"},
		[]string{"r2.up.sql:4:8", `column "nix" does not exist`},
	},
	"warnings": {
		func() fstest.MapFS {
			return withDown(revisions(account, "CREATE INDEX account_name ON account (name);"), "DROP TABLE account;", "DROP INDEX account_name;")
		},
		func(c *migratortest.Config) { c.FailOn = rehearse.Warning },
		[]string{"--- FAIL: TestRehearsed", "--- FAIL: TestRehearsed/r2", "--- PASS: TestRehearsed/r1"},
		[]string{"warning (scans)", "instead: ", "-- accept: scans public.account"},
	},
	"target": {
		func() fstest.MapFS {
			return withDown(revisions(account, "SELECT nix;"), "DROP TABLE account;", "SELECT 1;")
		},
		func(c *migratortest.Config) { c.Targets = []string{"r1"} },
		[]string{"--- PASS: TestRehearsed", "--- PASS: TestRehearsed/r1"},
		nil,
	},
	"prepared": {
		func() fstest.MapFS {
			return withDown(revisions("CREATE TABLE prepared.thing ();"), "DROP TABLE prepared.thing;")
		},
		func(c *migratortest.Config) {
			c.Prepare = func(ctx context.Context, cfg *pgconn.Config) error {
				conn, err := pgconn.ConnectConfig(ctx, cfg)
				if err != nil {
					return err
				}
				defer func() { _ = conn.Close(ctx) }()
				return conn.Exec(ctx, "CREATE SCHEMA prepared").Close()
			}
		},
		[]string{"--- PASS: TestRehearsed", "--- PASS: TestRehearsed/r1"},
		nil,
	},
}

// withDown returns files with these down scripts.
func withDown(files fstest.MapFS, scripts ...string) fstest.MapFS {
	for i, script := range scripts {
		files["r"+string(rune('1'+i))+".down.sql"] = &fstest.MapFile{Data: []byte(script + "\n")}
	}
	return files
}

// TestRehearsed is a test of a user, in another process. Otherwise it does nothing.
func TestRehearsed(t *testing.T) {
	r, ok := rehearsals[os.Getenv("MIGRATORTEST_REHEARSE")]
	if !ok {
		return
	}
	c := migratortest.Config{URL: os.Getenv("MIGRATORTEST_URL")}
	if r.change != nil {
		r.change(&c)
	}
	c.Rehearse(t, r.files())
}

func TestRehearseFailsForFindings(t *testing.T) {
	t.Parallel()
	result := regexp.MustCompile(`--- \w+: TestRehearsed\S*`)
	for name, test := range rehearsals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestRehearsed$", "-test.v")
			cmd.Env = append(os.Environ(), "MIGRATORTEST_REHEARSE="+name, "MIGRATORTEST_URL="+pgtest.Shared(t).URL("postgres"))
			out, _ := cmd.CombinedOutput()
			got := result.FindAllString(string(out), -1)
			slices.Sort(got)
			slices.Sort(test.want)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q:\n%s", got, test.want, out)
			}
			for _, want := range test.text {
				if !strings.Contains(string(out), want) {
					t.Errorf("want %q in:\n%s", want, out)
				}
			}
		})
	}
}

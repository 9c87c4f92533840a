package benchtest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/pgtest"
)

const checkout = "../../.."

// program builds the benchmark and returns its path.
func program(t testing.TB) string {
	t.Helper()
	sources, err := filepath.Glob(checkout + "/scripts/benchmark/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatal(err, sources)
	}
	for _, source := range sources { // go test caches the result as long as the files it has looked at stay the same
		if _, err := os.Stat(source); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "benchmark")
	cmd := exec.Command("go", "build", "-o", file, "./scripts/benchmark")
	cmd.Dir = checkout
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v", out, err)
	}
	return file
}

// bench runs it and returns its standard output.
func bench(t testing.TB, program string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = checkout
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	t.Log(stderr.String())
	return string(out), err
}

func TestBenchmarkProgram(t *testing.T) {
	t.Parallel()
	file := program(t)
	t.Run("table", func(t *testing.T) {
		t.Parallel()
		testTable(t, file)
	})
	t.Run("command line", func(t *testing.T) {
		t.Parallel()
		testCommandLine(t, file)
	})
}

func testTable(t *testing.T, file string) {
	document := filepath.Join(t.TempDir(), "performance.md")
	const before, after = "# Before\n\n<!-- generated: scripts/bench --write -->\n", "<!-- end of what is generated -->\n\nAfter.\n"
	if err := os.WriteFile(document, []byte(before+"old\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
	bed := pgtest.Shared(t)
	out, err := bench(t, file, "-n", "3", "-memory", "3", "-many", "4", "-inserts", "2kB", "-repeat", "1", "-copy", "10kB", "-latency", "2ms",
		"-tools", "ambix,psql", "-schemas", "3", "-databases", "2", "-loop", "1", "-rows", "up,latency,idle,fingerprint,schemas,databases,memory,many,copy,inserts", "-database-url", bed.URL("postgres"), "-json", "-write", "-document", document)
	if err != nil {
		t.Fatal(err, out)
	}
	var report struct {
		Rows []struct {
			What, Unit string
			Results    []struct {
				Tool        string
				Median, Min float64
				Values      []float64
			}
			Comparisons []struct {
				With         string
				Ratio, Limit float64
			}
		}
		PostgreSQL string
		Flush      struct{ Median, Min float64 }
		RoundTrips map[string]float64 `json:"round_trips"`
		Versions   map[string]string
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err, out)
	}
	have := map[string][]string{}
	for _, row := range report.Rows {
		for _, one := range row.Results {
			have[row.What] = append(have[row.What], one.Tool)
			if one.Min <= 0 || one.Median < one.Min || one.Min != slices.Min(one.Values) {
				t.Errorf("%s of %s: %+v", row.What, one.Tool, one)
			}
		}
		slices.Sort(have[row.What])
		if len(row.Comparisons) == 0 && !strings.Contains(row.What, "schemas with nothing") { // that needs another tool
			t.Errorf("%s is compared with nothing", row.What)
		}
	}
	want := map[string][]string{
		"`up` of 3 small revisions":                                                         {"ambix", "psql"},
		"the same with 2ms of latency":                                                      {"ambix", "psql"},
		"`up` with nothing to do, 3 revisions":                                              {"ambix", "bare client"},
		"`up` with nothing to do, 11 revisions":                                             {"ambix", "bare client"},
		"`up` of 3 small revisions with a fingerprint":                                      {"ambix", "without fingerprint"},
		"`up` of 3 schemas with nothing to do, loops of 1 extrapolated":                     {"ambix", "ambix in a loop"},
		"one revision more in 3 schemas, loops of 1 extrapolated":                           {"ambix", "ambix in a loop", "psql"},
		"processor time of `up` of 2 databases with nothing to do, loops of 1 extrapolated": {"ambix", "ambix in a loop"},
		"memory of `heads`, 3 revisions":                                                    {"ambix"},
		"memory of `up` with nothing to do, 3 revisions":                                    {"ambix"},
		"memory of `status`, 3 revisions":                                                   {"ambix"},
		"memory of `status --json`, 3 revisions":                                            {"ambix"},
		"memory of `check`, 3 revisions":                                                    {"ambix"},
		"memory of `history`, 3 revisions":                                                  {"ambix"},
		"memory of `log`, 3 revisions":                                                      {"ambix"},
		"memory of `up`, 4 revisions":                                                       {"ambix"},
		"memory of `up`, a revision with 2 kB of INSERTs":                                   {"ambix"},
		"memory of `check`, a revision with 2 kB of INSERTs":                                {"ambix"},
		"memory of `up`, 3 revisions":                                                       {"ambix"},
		"a revision with 10 kB of COPY":                                                     {"ambix", "psql"},
		"memory of that revision":                                                           {"ambix", "psql"},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("wanted (-) and have (+):\n%s", diff)
	}
	if trip := report.RoundTrips["2ms"]; trip < 0.002 {
		t.Errorf("a round trip of 2 ms took %v s", trip)
	}
	if report.PostgreSQL == "" || report.Flush.Min <= 0 || report.Versions["psql"] == "" {
		t.Errorf("the conditions are missing: %s", out)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(text); !strings.HasPrefix(s, before+"\n| what ") || !strings.HasSuffix(s, after) || strings.Contains(s, "old") {
		t.Errorf("the document is now\n%s", s)
	}
	if left := pgtest.Query(t, bed.URL("postgres"), "SELECT datname FROM pg_database WHERE datname ~ '^bench_'"); len(left) > 0 {
		t.Errorf("databases were left behind: %v", left)
	}
}

func testCommandLine(t *testing.T, file string) {
	for _, args := range [][]string{
		{"-n", "0"},
		{"-tools", "ambix,flyway"},
		{"-tools", "psql"},
		{"-rows", "down"},
		{"-copy", "large"},
		{"-copy", "1GB"},
		{"-latency", "5"},
		{"-repeat", "-1"},
		{"-schemas", "0"},
		{"more"},
		{"--unknown"},
	} {
		out, err := bench(t, file, args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	for _, flag := range []string{"-h", "--help"} {
		if out, err := bench(t, file, flag); err != nil || !strings.HasPrefix(out, "usage: scripts/bench [FLAG...]\n") {
			t.Errorf("%s: %v\n%s", flag, err, out)
		}
	}
}

package sqltext

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const regressVariable = "AMBIX_REGRESS_SQL"

// The files of PostgreSQL's regression suite, which is not part of this repository, are split with LF and with CRLF.
//
// Both sides refuse the meta-commands in them and continue after their line, so the statements around them are compared
// too; one that \g would have sent extends to the next semicolon. Before the comparison, \; is replaced by a semicolon,
// and variables that psql substitutes even if they are not set by text that it does not. One file has a COPY (query) FROM stdin,
// which the server refuses; psql since August 2026 skips the lines after it, so that it gets its \. here.
func TestSplitAgreesWithPsqlOnRegressionSuite(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(regressVariable)
	if dir == "" {
		t.Skipf("%s is not set: only the small corpus of TestSplitAgreesWithPsql is compared. scripts/test fetches the suite, as does scripts/regress-corpus DIR.", regressVariable)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s=%s contains no .sql files (%v): scripts/regress-corpus DIR fetches them", regressVariable, dir, err)
	}
	const refused = "copy (select * from test1) from stdin;\n"
	rewritten := strings.NewReplacer(refused, refused+"\\.\n", `\;`, "\n;\n", ":{?", ":{", ":'LAST_ERROR_MESSAGE'", ":'last_error_message'")
	var sources []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source := rewritten.Replace(string(text))
		sources = append(sources, source, strings.ReplaceAll(source, "\n", "\r\n"))
	}
	count := 0
	for i, messages := range psqlCuts(t, sources) {
		want, got := psqlStatements(messages), splitStatements(sources[i])
		count += len(want)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sent{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: psql (-) and Split (+) disagree:\n%s", filepath.Base(files[i/2]), firstLines(diff, 40))
		}
	}
	t.Logf("%d files, with LF and with CRLF, %d statements", len(files), count)
}

func firstLines(s string, n int) string {
	lines := strings.SplitAfterN(s, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "")
}

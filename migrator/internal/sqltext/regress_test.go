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

// TestSplitAgreesWithPsqlOnRegressionSuite cuts PostgreSQL's own regression suite, which is not kept here, as it is and
// with the line ends of Windows.
//
// The psql commands in those files are refused by both sides, and both read on behind their line, so the statements
// around them are compared too: one that a \g would have sent goes on up to the next semicolon. For both sides \;
// (several statements in one message) is rewritten to a semicolon, and what psql replaces though nothing was set
// (:{?name}, and a variable of its own) to something it leaves alone.
func TestSplitAgreesWithPsqlOnRegressionSuite(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(regressVariable)
	if dir == "" {
		t.Skipf("%s is not set: only the small corpus of TestSplitAgreesWithPsql is compared. scripts/test fetches the suite, as does scripts/regress-corpus DIR.", regressVariable)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s=%s holds no .sql files (%v): scripts/regress-corpus DIR fetches them", regressVariable, dir, err)
	}
	rewritten := strings.NewReplacer(`\;`, "\n;\n", ":{?", ":{", ":'LAST_ERROR_MESSAGE'", ":'last_error_message'")
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

package cli_test

import (
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// The files that a default up goes through are those that docs/architecture.md lists: the
// call stack while a step is sent.
func TestReadingPathOfUp(t *testing.T) {
	t.Parallel()
	var through []string
	cmd := cli.Command(cli.Config{
		FS: fstest.MapFS{
			"a.up.sql":   {Data: []byte("-- a\n--\n-- revision: a\n-- down_revision:\n\nSELECT 1;\n")},
			"a.down.sql": {Data: []byte("SELECT 1;\n")},
		},
		Environ: []string{"DATABASE_URL=" + pgtest.Database(t)},
		OnEvent: func(e migrator.Event) {
			if _, ok := e.(migrator.StepStarted); ok {
				through = callingFiles()
			}
		},
	})
	cmd.SetArgs([]string{"up"})
	cmd.SetOut(io.Discard)
	cmd.SetErr(io.Discard)
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(checkout + "/docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^[0-9]+\\. `([a-z_/]+\\.go)`").FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(checkout + "/" + m[1]); err != nil {
			t.Error(err)
		}
		listed = append(listed, m[1])
	}
	if len(listed) != 8 || listed[0] != "main.go" || !strings.HasSuffix(listed[7], "pg/message.go") {
		t.Fatalf("listed: %q", listed)
	}
	if diff := cmp.Diff(listed[1:7], through); diff != "" {
		t.Errorf("docs/architecture.md (-) and the calls (+):\n%s", diff)
	}
}

// callingFiles returns the files of this module on the stack, the outermost first, down to
// the runner: what is above it delivers the event.
func callingFiles() []string {
	callers := make([]uintptr, 100)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	var files []string
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		_, file, ours := strings.Cut(f.File, "/migrator/")
		switch file = "migrator/" + file; {
		case !ours || strings.HasSuffix(file, "_test.go"):
		case strings.HasSuffix(file, "/apply/run.go"):
			files = []string{file} // its callers follow
		case len(files) > 0 && !slices.Contains(files, file):
			files = append(files, file)
		}
	}
	slices.Reverse(files)
	return files
}

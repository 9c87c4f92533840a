package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// longLog returns the configuration of a program whose database has so many events, and a proxy
// to that.
func longLog(t *testing.T, events int) (cli.Config, *pgtest.Proxy) {
	t.Helper()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	c := cli.Config{FS: projecttest.Shop(t).Files, Environ: []string{"DATABASE_URL=" + proxy.URL(url)}}
	if res := execute(cli.Command(c), "ensure-version"); res.err != nil {
		t.Fatal(res.err)
	}
	pgtest.Exec(t, url, fmt.Sprintf(`INSERT INTO ambix_event (at, action, revision, message, direction, applied_by, applied_from, binary_version, run)
SELECT now(), CASE g %% 2 WHEN 0 THEN 'up' ELSE 'failed' END, 'r' || g, 'add a table', 'up', 'me', 'here', 'v1', 'f00' FROM generate_series(1, %d) g`, events))
	return c, proxy
}

// firstWrite calls happened before the first bytes are written.
type firstWrite struct {
	strings.Builder
	happened func()
}

func (w *firstWrite) Write(b []byte) (int, error) {
	if w.Len() == 0 {
		w.happened()
	}
	return w.Builder.Write(b)
}

// A log of any length is printed as it is read, and read only as far as it is printed.
func TestLongLogIsNotKeptInMemory(t *testing.T) {
	t.Parallel()
	const events = 6000
	c, proxy := longLog(t, events)
	for _, test := range []struct {
		args  string
		lines string // what each event has
		shown int
		whole bool // everything is read
	}{
		{"log --limit 0", "add a table", events, true},
		{"log --limit 0 --json", `"event":`, events, true},
		{"log --limit 0 --action failed", "add a table", events / 2, true},
		{"log", "add a table", 20, false},
		{"log --json --action up --limit 30", `"event":`, 30, false},
	} {
		cmd := cli.Command(c)
		begin := proxy.Stats().ToClient
		var early int64
		out := &firstWrite{happened: func() { early = proxy.Stats().ToClient - begin }}
		cmd.SetOut(out)
		cmd.SetErr(&strings.Builder{})
		cmd.SetArgs(strings.Fields(test.args))
		if err := cmd.ExecuteContext(context.Background()); err != nil {
			t.Fatalf("%s: %v", test.args, err)
		}
		all := proxy.Stats().ToClient - begin
		if got := strings.Count(out.String(), test.lines); got != test.shown {
			t.Errorf("%s: %d events, want %d", test.args, got, test.shown)
		}
		const least = events * 50 // bytes of all events
		if test.whole && (all < least || early > all/2) || !test.whole && all > least {
			t.Errorf("%s: the first output came after %d of %d bytes", test.args, early, all)
		}
		if strings.Contains(test.args, "json") {
			var d struct{ Events []struct{ Event int } }
			if err := json.Unmarshal([]byte(out.String()), &d); err != nil || len(d.Events) != test.shown {
				t.Errorf("%s: %v", test.args, err)
			}
			for i, e := range d.Events {
				if i > 0 && e.Event >= d.Events[i-1].Event {
					t.Fatalf("%s: event %d follows %d", test.args, e.Event, d.Events[i-1].Event)
				}
			}
		}
	}
}

// If the connection is lost in the middle, the document ends with the error, and the table
// with what was read.
func TestLogThatFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	c, proxy := longLog(t, 3000)
	for _, args := range []string{"log --limit 0 --json", "log --limit 0"} {
		proxy.Inject(pgtest.Fault{Match: "ORDER BY event DESC", Skip: 3, Before: true})
		res := execute(cli.Command(c), strings.Fields(args)...)
		if cli.ExitCode(res.err) != 6 {
			t.Errorf("%s: %v", args, res.err)
		}
		if !strings.HasSuffix(args, "json") {
			if got := strings.Count(res.stdout, "add a table"); got != 1500 {
				t.Errorf("%s: %d events", args, got)
			}
			continue
		}
		var d struct {
			Events []any
			Error  struct{ Kind string }
		}
		if err := json.Unmarshal([]byte(res.stdout), &d); err != nil || len(d.Events) != 1500 || d.Error.Kind != "database" {
			t.Errorf("%s: %v, %d events, %+v", args, err, len(d.Events), d.Error)
		}
	}
}

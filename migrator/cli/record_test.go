package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
)

// RecordProblems returns what is wrong with records of --log-format json, for the scripts.
var RecordProblems = recordProblems

// recordProblems returns what is wrong with lines that should be JSON records.
func recordProblems(text string) []string {
	var wrong []string
	for line := range strings.Lines(text) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			wrong = append(wrong, fmt.Sprintf("not a record: %s", line))
			continue
		}
		event, _ := r["event"].(string)
		row := slices.IndexFunc(eventRows, func(row eventRow) bool { return string(row.name) == event })
		if row < 0 {
			wrong = append(wrong, fmt.Sprintf("unknown event %q: %s", event, line))
			continue
		}
		if msg, _ := r["msg"].(string); msg == "" || strings.Contains(msg, "  ") || strings.Contains(msg, "\n") || strings.TrimSpace(msg) != msg || strings.Contains(msg, "run: ") {
			wrong = append(wrong, fmt.Sprintf("msg is not plain words: %s", line))
		}
		for key, value := range r {
			if _, number := value.(float64); strings.HasSuffix(key, "_ms") && !number || key == "seconds" {
				wrong = append(wrong, fmt.Sprintf("%s is not a number of milliseconds: %s", key, line))
			}
			common := []string{"time", "level", "msg", "event", "database", "target"}
			if !slices.Contains(common, key) && !strings.Contains(eventRows[row].fields, "`"+key+"`") {
				wrong = append(wrong, fmt.Sprintf("%s of %s is not documented: %s", key, event, line))
			}
		}
	}
	return wrong
}

// The table of records in docs/json.md is made of eventRows; "go test -update" writes it.
func TestJSONDocumentHasTheTableOfRecords(t *testing.T) {
	t.Parallel()
	const file = "../../docs/json.md"
	var want strings.Builder
	want.WriteString("| event | when | fields |\n| --- | --- | --- |\n")
	for _, row := range eventRows {
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", row.name, row.means, row.fields)
	}
	text := read(t, file)
	table := regexp.MustCompile(`(?m)^\| event \| when \|.*\n(\|.*\n)+`)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(file, []byte(table.ReplaceAllLiteralString(text, want.String())), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), table.FindString(text)); diff != "" {
		t.Errorf("eventRows (-) and docs/json.md (+):\n%s", diff)
	}
}

func TestEveryEventNameHasARow(t *testing.T) {
	t.Parallel()
	found := regexp.MustCompile(`(?m)^\tevent\w+ +eventName = "([a-z-]+)"`).FindAllStringSubmatch(read(t, "record.go"), -1)
	var names, rows []string
	for _, m := range found {
		names = append(names, m[1])
	}
	for _, row := range eventRows {
		rows = append(rows, string(row.name))
	}
	slices.Sort(names)
	slices.Sort(rows)
	if diff := cmp.Diff(names, rows); diff != "" || len(names) < 20 {
		t.Error(diff)
	}
}

// events has an event of every type of package migrator.
func events() []migrator.Event {
	o := migrator.Origin{Database: "store", Target: "eu-1"}
	step := migrator.Step{Direction: migrator.Upgrade, Revision: "a1", Message: "add a", File: "sql/a1.up.sql", Transactional: true, Duration: time.Second}
	session := migrator.Session{PID: "42", Application: "psql", Running: 3 * time.Second}
	return []migrator.Event{
		migrator.Planned{Origin: o, To: []string{"a1"}, Steps: []migrator.Step{step, step}},
		migrator.StepStarted{Origin: o, Step: step},
		migrator.StepFinished{Origin: o, Step: step},
		migrator.StepUndone{Origin: o, Step: step},
		migrator.StepProgress{Origin: o, Step: step, Done: 1, Of: 2, Running: time.Second, Index: 1, Len: 1},
		migrator.Connecting{Origin: o, Err: &migrator.ConnectError{Problem: migrator.ConnectRefused}},
		migrator.ConnectionLost{Origin: o, Err: errors.New("the connection was lost")},
		migrator.StepRetrying{Origin: o, Step: step, Err: &migrator.RevisionError{SQLState: "55P03", Reason: "canceling statement due to lock timeout"}, Try: 1, Pause: time.Second},
		migrator.StepBlocked{Origin: o, Step: step, Blockers: []migrator.Session{session}, Waited: time.Second},
		migrator.IndexProgress{Origin: o, Step: step, Index: "i", Table: "t", Phase: "building index", Done: 1, Total: 2, Running: time.Second},
		migrator.Repaired{Origin: o, Step: step, Object: "public.i", Problem: "invalid index", Statement: "DROP INDEX i"},
		migrator.Notice{Origin: o, Step: step, Severity: "WARNING", Text: "look out", SQLState: "01000"},
		migrator.Waiting{Origin: o, Holder: session, Waited: time.Second},
		migrator.FileModified{Origin: o, Revision: "a1", File: "sql/a1.up.sql", Changes: []string{"up script"}},
		migrator.RevisionsReplaced{Origin: o, Replacement: migrator.Replacement{Revision: "s1", Message: "initial schema", State: migrator.ReplacementComplete, Recorded: []string{"a1", "b2"}}},
		migrator.SchemaDrifted{Origin: o, State: migrator.SchemaChanged},
		migrator.SchemaUncompared{Origin: o, Schema: &migrator.SchemaStatus{State: migrator.SchemaNotCompared}},
		migrator.Deferred{Origin: o, Err: errors.New("canceling statement due to lock timeout")},
		migrator.WorkerStopped{Origin: o, Workers: 3, Err: &migrator.ConnectError{Problem: migrator.ConnectLimit}},
		migrator.RevisionUnfinished{Origin: o, Revision: "a1", Finish: []string{"up", "a1"}},
	}
}

// logged returns the output of a reporter for all events.
func logged(t *testing.T, format string, list []migrator.Event, args ...string) (stdout, stderr string) {
	t.Helper()
	p := newProgram(Config{Environ: []string{}})
	cmd, _, err := p.migrate().Find([]string{"up"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.ParseFlags(append(args, "--log-format="+format)); err != nil {
		t.Fatal(err)
	}
	if err := p.settings.Resolve(cmd.Flags(), nil); err != nil {
		t.Fatal(err)
	}
	rep := newTestReporter(p, cmd)
	for _, e := range list {
		rep.event(e)
	}
	rep.log.EndStep()
	return rep.stdout.String(), rep.stderr.String()
}

type testReporter struct {
	*reporter
	stdout, stderr *bytes.Buffer
}

func newTestReporter(p *program, cmd *cobra.Command) testReporter {
	var stdout, stderr bytes.Buffer
	r := &run{program: p, cmd: cmd, out: p.newOutput(&stdout), log: p.newLogger(&stderr)}
	return testReporter{&reporter{run: r}, &stdout, &stderr}
}

func TestEveryEventIsARecordWithItsOrigin(t *testing.T) {
	t.Parallel()
	for _, e := range events() {
		name := reflect.TypeOf(e).Name()
		stdout, stderr := logged(t, settings.LogJSON, []migrator.Event{e}, "--verbose")
		text := stdout + stderr
		if text == "" && name != "StepStarted" && name != "StepProgress" { // those change the live line only
			t.Errorf("%s: no record", name)
		}
		for _, wrong := range recordProblems(text) {
			t.Errorf("%s: %s", name, wrong)
		}
		for line := range strings.Lines(text) {
			if !strings.Contains(line, `"database":"store"`) || !strings.Contains(line, `"target":"eu-1"`) {
				t.Errorf("%s: no database or no target: %s", name, line)
			}
		}
	}
	declared := regexp.MustCompile(`(?m)^type (\w+) struct \{\n\tOrigin\n`).FindAllStringSubmatch(read(t, "../event.go"), -1)
	for _, m := range declared {
		if !slices.ContainsFunc(events(), func(e migrator.Event) bool { return reflect.TypeOf(e).Name() == m[1] }) {
			t.Errorf("no example of %s", m[1])
		}
	}
	if len(declared) < 10 {
		t.Errorf("found %d events", len(declared))
	}
}

// A notice without a known line, such as one of a commit, has a file only.
func TestNoticeWithoutLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[int]string{0: "sql/a1.up.sql: WARNING: look out\n", 3: "sql/a1.up.sql:3: WARNING: look out\n"} {
		n := migrator.Notice{Step: migrator.Step{File: "sql/a1.up.sql"}, Line: line, Severity: "WARNING", Text: "look out"}
		if _, got := logged(t, settings.LogText, []migrator.Event{n}); got != want {
			t.Errorf("line %d: %q", line, got)
		}
	}
}

// A commit that a node of Citus did not answer is not shown as complete.
func TestPendingCommitIsShown(t *testing.T) {
	t.Parallel()
	done := []migrator.Event{migrator.StepFinished{Step: migrator.Step{Direction: migrator.Upgrade, Revision: "a1", Message: "add a", Duration: 2 * time.Millisecond, PendingOn: []string{"10.0.0.7:5432", "10.0.0.8:5432"}}}}
	if got, _ := logged(t, settings.LogText, done); got != "up    a1  add a  committed in 2.0 ms, pending on 10.0.0.7:5432 and 10.0.0.8:5432\n" {
		t.Errorf("%q", got)
	}
	if got, _ := logged(t, settings.LogJSON, done); !strings.Contains(got, `"pending_on":["10.0.0.7:5432","10.0.0.8:5432"]`) {
		t.Errorf("%q", got)
	}
}

// The text states how long a run really waits, with and without --wait.
func TestWaitForServerIsStated(t *testing.T) {
	t.Parallel()
	first := migrator.Connecting{Err: &migrator.ConnectError{Problem: migrator.ConnectRefused}}
	lost := []migrator.Event{migrator.ConnectionLost{Err: errors.New("lost")}, first}
	for _, test := range []struct {
		events []migrator.Event
		flag   string
		want   string
	}{
		{[]migrator.Event{first}, "--wait=10s", "retrying for up to 10s\n"},
		{lost, "--wait=0s", "retrying for up to 3s\n"},
		{lost, "--wait=1s", "retrying for up to 3s\n"},
		{lost, "--wait=10s", "retrying for up to 10s\n"},
	} {
		if _, got := logged(t, settings.LogText, test.events, test.flag); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s", test.flag, got)
		}
	}
	if limit := regexp.MustCompile(`shortestReturn = (\d+) \* time\.Second`).FindStringSubmatch(read(t, "../internal/session/move.go")); limit == nil || limit[1] != fmt.Sprint(shortestReturn.Seconds()) {
		t.Errorf("package session waits %v", limit)
	}
}

// A wait that has ended is not suggested again.
func TestEndedWaitIsNotSuggested(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"", "to wait for it, run: migrate up --wait=1m"},
		{"--wait=3s", "to wait longer for it, run: migrate up --wait=1m"},
		{"--wait=1m", "to try again, run: migrate up --wait=1m"},
		{"--wait=5m", "to try again, run: migrate up --wait=5m"},
	} {
		p := newProgram(Config{Environ: []string{}})
		cmd, _, err := p.migrate().Find([]string{"up"})
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.ParseFlags(strings.Fields(test.args)); err != nil {
			t.Fatal(err)
		}
		if err := p.settings.Resolve(cmd.Flags(), nil); err != nil {
			t.Fatal(err)
		}
		got := p.fail(cmd, &migrator.ConnectError{Problem: migrator.ConnectRefused}, nil, advice{}).Error()
		if !strings.HasSuffix(got, "\n"+test.want) {
			t.Errorf("%s: %s", test.args, got)
		}
	}
}

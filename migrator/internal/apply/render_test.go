package apply

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltest"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

var renderFiles = fstest.MapFS{
	"a1.up.sql":   {Data: []byte("-- create account\n--\n-- revision: a1\n-- down_revision:\n-- branch_labels: store\n\nCREATE TABLE account (id int);\n")},
	"a1.down.sql": {Data: []byte("-- revision: a1\n\nDROP TABLE account;\n")},
	"b2.up.sql": {Data: []byte("-- it's \"quoted\"\n--\n-- revision: b2\n-- down_revision: a1\n-- lock_timeout: 100ms\n-- statement_timeout: 1min\n\n" +
		"ALTER TABLE account ADD name text;\nINSERT INTO account VALUES (1, 'a;');\n")},
	"b2.down.sql": {Data: []byte("-- revision: b2\n\nALTER TABLE account DROP name;\n")},
	"c3.up.sql":   {Data: []byte("-- index names\n--\n-- revision: c3\n-- down_revision: b2\n-- transaction: off\n\nSET ROLE store_owner;\nCREATE INDEX CONCURRENTLY account_name ON account (name);\n")},
	"d4.up.sql":   {Data: []byte("-- latin1 rows\n--\n-- revision: d4\n-- down_revision: c3\n\nSET client_encoding = 'LATIN1';\nCOPY account FROM stdin;\n2\tb\n\\.\n")},
}

// planFrom returns a plan for a database in which the revisions are applied.
func planFrom(t *testing.T, verb plan.Verb, target string, applied ...string) plan.Plan {
	t.Helper()
	return planOf(t, renderFiles, verb, target, applied...)
}

func planOf(t *testing.T, from fstest.MapFS, verb plan.Verb, target string, applied ...string) plan.Plan {
	t.Helper()
	revs, problems, err := revision.Load(from, "sql")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	files, problems := plan.NewFiles(revs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	v := plan.At(files, graph.NewSet(applied...))
	v.State.Exists, v.State.Generation = len(applied) > 0, 41
	p, err := v.Plan(verb, []string{target})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// renderRunner returns a runner without a connection.
func renderRunner() *Runner {
	return &Runner{
		Author: ledger.Author{From: "web-7f9c", Version: "v1.2.3", Run: "0123456789ab"}, Role: "app_owner", SearchPath: []string{"app", "public"},
		Process: "web-7f9c/12", LockTimeout: 5 * time.Second, ServerVersion: 170000,
	}
}

// messagesOf returns what is sent for parts, in one or several messages.
func messagesOf(p iter.Seq[part]) string {
	var all []string
	for m := range pack(p, false) {
		all = append(all, m.SQL)
	}
	return strings.Join(all, "-- next message\n")
}

func TestRenderedMessages(t *testing.T) {
	t.Parallel()
	at := start{true, 41, "a1"}
	up := planFrom(t, plan.VerbUp, "b2", "a1").Steps[0]
	for name, render := range map[string]func(r *Runner) string{
		"up": func(r *Runner) string { return messagesOf(r.render(up, r.frame(at))) },
		"down": func(r *Runner) string {
			return messagesOf(r.render(planFrom(t, plan.VerbDown, "-1", "a1", "b2").Steps[0], r.frame(at)))
		},
		"first": func(r *Runner) string {
			r.Ledger, _ = ledger.ParseTables("ops.ambix")
			r.CreateSchema = true
			return messagesOf(r.render(planFrom(t, plan.VerbUp, "a1").Steps[0], r.frame(start{})))
		},
		"server_13": func(r *Runner) string {
			r.ServerVersion, r.Role, r.SearchPath = 130000, "", nil
			return messagesOf(r.render(up, r.frame(at)))
		},
		"batch": func(r *Runner) string {
			steps := planFrom(t, plan.VerbUp, "b2").Steps
			steps = append(steps, planFrom(t, plan.VerbDown, "-1", "a1", "b2").Steps...)
			return newMessage(r.renderBatch(steps, start{})).SQL
		},
		"several_messages": func(r *Runner) string {
			return messagesOf(r.render(planFrom(t, plan.VerbUp, "d4", "a1", "b2", "c3").Steps[0], r.frame(at)))
		},
		"guard": func(r *Runner) string {
			r.Guard, r.guardTrigger = 1<<30, true
			s := up
			s.Accept = []revision.Acceptance{{Word: revision.AcceptScans, Object: "account"}}
			return messagesOf(r.render(s, r.frame(at)))
		},
		"nontransactional": renderNonTransactional(t, at),
		"stamp": func(r *Runner) string {
			p := planFrom(t, plan.VerbStamp, "b2", "a1")
			return messagesOf(slices.Values(r.renderChange("stamp", r.frame(at), r.stampStatements(p))))
		},
		"event": func(r *Runner) string {
			var p parts
			r.openLedgerTransaction(&p, "", "ledger")
			p.add(recording, r.Ledger.Append(ledger.Event{Action: ledger.Failed, Revision: "b2", Direction: "up", Duration: time.Second, Detail: "it's too late"}, r.Author))
			p.add(commit, "COMMIT")
			return messagesOf(slices.Values(p))
		},
		"script": func(r *Runner) string {
			r.Guard, r.guardTrigger = 1<<30, true // a script has none
			var script strings.Builder
			if err := r.Script(&script, planFrom(t, plan.VerbUp, "head"), nil); err != nil {
				t.Fatal(err)
			}
			return script.String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareRendered(t, name, render(renderRunner()))
		})
	}
}

func compareRendered(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "render", name+".sql")
	if *Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// renderNonTransactional renders all messages of a non-transactional revision without
// queries of the catalog.
func renderNonTransactional(t *testing.T, at start) func(r *Runner) string {
	return func(r *Runner) string {
		n := newNonTransactional(r, planFrom(t, plan.VerbUp, "c3", "a1", "b2").Steps[0])
		statements := n.step.Script.Statements()
		var session parts
		session.set(opening, false, n.sessionSettings(false)...)
		withMark := append(parts{bodyPart(n.step.Script, 0, statements[0])}, n.renderMark(1, n.checksums[1])...)
		n.done = 1
		messages := []parts{
			{{kind: locking, sql: r.Ledger.TrySessionLock()}},
			n.renderOpening(r.frame(at)), session, withMark,
			n.renderMark(1, ledger.SentPrefix+n.checksums[1]),
			{bodyPart(n.step.Script, 1, statements[1])},
			n.renderMark(2, n.checksums[2]),
			n.renderClosing(r.Ledger.Guard(at.generation + 1)),
		}
		var all []string
		for _, p := range messages {
			all = append(all, messagesOf(slices.Values(p)))
		}
		return strings.Join(all, "-- next message\n")
	}
}

// No statement of ours depends on the search_path. That those which are only sent to a server
// do not is checked by projecttest.Main.
func TestRenderedStatementsAreQualified(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/render/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var bodies strings.Builder
	for _, files := range []fstest.MapFS{renderFiles, largeBatch} {
		for _, f := range files {
			bodies.Write(f.Data)
		}
	}
	for _, file := range files {
		sql, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(sql), "COPY account FROM stdin;", "")
		statements, _ := sqltext.Split(text)
		for _, st := range statements {
			if statement := text[st.Start:st.End]; !strings.Contains(bodies.String(), statement+";") {
				for _, problem := range sqltest.Unqualified(statement) {
					t.Errorf("%s: %s", file, problem)
				}
			}
		}
	}
}

// A large batch prepares the statements that it repeats, and resets nothing after plain DDL.
func TestRenderedLargeBatch(t *testing.T) {
	t.Parallel()
	r := renderRunner()
	r.Unwatched = true
	compareRendered(t, "large_batch", newMessage(r.renderBatch(planOf(t, largeBatch, plan.VerbUp, "head").Steps, start{})).SQL)
}

// largeBatch is a chain of small revisions.
var largeBatch = func() fstest.MapFS {
	bodies := []string{
		"CREATE TABLE t%d (id int);", "ALTER TABLE t0 ADD c%d int;", "INSERT INTO t0 DEFAULT VALUES; -- %d", "CREATE INDEX i%d ON t0 (id);", "DO $$ BEGIN END $$; -- %d", "COMMENT ON TABLE t0 IS '%d';",
	}
	files, parent := fstest.MapFS{}, ""
	for i := range 12 {
		id := fmt.Sprintf("r%02d", i)
		files[id+".up.sql"] = &fstest.MapFile{Data: []byte("-- step\n--\n-- revision: " + id + "\n-- down_revision: " + parent + "\n\n" + fmt.Sprintf(bodies[i%len(bodies)], i) + "\n")}
		files[id+".down.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + id + "\n\nSELECT " + fmt.Sprint(i) + ";\n")}
		parent = id
	}
	return files
}()

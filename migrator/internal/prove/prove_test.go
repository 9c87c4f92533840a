package prove

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/scratch"
)

// pair is a revision: id, header lines, up and down script; "none" for no down file.
type pair struct{ id, header, up, down string }

// chain returns revisions one after the other: up and down scripts in turn.
func chain(scripts ...string) []pair {
	var pairs []pair
	for i := 0; i < len(scripts); i += 2 {
		p := pair{id: fmt.Sprintf("r%d", i/2), up: scripts[i], down: scripts[i+1]}
		if p.header = "-- down_revision:\n"; i > 0 {
			p.header = fmt.Sprintf("-- down_revision: r%d\n", i/2-1)
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// setup returns the revisions, and a server to try them on.
func setup(t *testing.T, pairs []pair) *Setup {
	t.Helper()
	files := fstest.MapFS{}
	for _, p := range pairs {
		files[p.id+".up.sql"] = &fstest.MapFile{Data: []byte("-- " + p.id + "\n--\n-- revision: " + p.id + "\n" + p.header + "\n" + p.up + "\n")}
		if p.down != "none" {
			header := "-- revision: " + p.id + "\n"
			for line := range strings.Lines(p.header) {
				if strings.HasPrefix(line, "-- transaction:") {
					header += line
				}
			}
			files[p.id+".down.sql"] = &fstest.MapFile{Data: []byte(header + "\n" + p.down + "\n")}
		}
	}
	revs, problems, err := revision.Load(files, "sql")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	set, problems := plan.NewFiles(revs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cfg, err := pgconn.ParseConfig(pgtest.Shared(t).URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := scratch.Open(t.Context(), scratch.Options{Server: cfg, Program: "test", Process: "web-1/123"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	name, err := ledger.ParseTables("")
	if err != nil {
		t.Fatal(err)
	}
	policies := plan.Policies{Ahead: plan.OK, Modified: plan.OK, OutOfOrder: plan.OK}
	return &Setup{Files: set, Server: server, Settings: session.Settings{Ledger: name, LockTimeout: 30 * time.Second, Policies: policies, Send: "message"}}
}

// describe returns what became of a revision, in a line; "" if nothing is wrong.
func summary(r Reverted) string {
	var parts []string
	if r.Irreversible {
		parts = append(parts, "irreversible")
	}
	if r.Down != nil {
		parts = append(parts, fmt.Sprintf("down fails at %s:%d:%d: %s", r.Down.File, r.Down.Line, r.Down.Column, r.Down.Text))
	}
	for _, d := range r.Left {
		facts := ""
		for _, f := range d.Facts {
			facts += " " + f.Name
		}
		parts = append(parts, d.Change.String()+" "+d.Key.String()+facts)
	}
	for _, k := range r.Moved {
		parts = append(parts, "moved "+k.Name)
	}
	for _, n := range r.Rows {
		parts = append(parts, fmt.Sprintf("rows %s %d->%d", n.Table, n.Before, n.After))
	}
	if r.Again != nil {
		parts = append(parts, fmt.Sprintf("up fails again at %s:%d:%d: %s", r.Again.File, r.Again.Line, r.Again.Column, r.Again.Text))
	}
	for _, d := range r.Differs {
		parts = append(parts, "again "+d.Change.String()+" "+d.Key.String())
	}
	return strings.Join(parts, "; ")
}

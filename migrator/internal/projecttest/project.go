package projecttest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
)

// NonTransactional is the header line of a non-transactional revision, for Add.
const NonTransactional = "transaction: off"

// Project is a set of revision files in the making.
type Project struct {
	Files fstest.MapFS
	t     testing.TB
}

// New returns a project without revisions.
func New(t testing.TB) *Project { return &Project{fstest.MapFS{}, t} }

// Add writes the files of a revision, or replaces them, and returns the project. parents
// is the value of down_revision, header are more lines "key: value" for the up file. With
// down "-" there is no down file.
func (p *Project) Add(id, parents, up, down string, header ...string) *Project {
	head := fmt.Sprintf("-- add %s\n--\n-- revision: %s\n-- down_revision: %s\n", id, id, parents)
	for _, h := range header {
		head += "-- " + h + "\n"
	}
	p.Files[id+".up.sql"] = &fstest.MapFile{Data: []byte(head + "\n" + up)}
	if down != "-" {
		p.Files[id+".down.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + id + "\n\n" + down)}
	}
	return p
}

// Migrator returns a migrator of the files as they are now.
func (p *Project) Migrator(c migrator.Config) *migrator.Migrator {
	p.t.Helper()
	if c.Fingerprint == "" {
		c.Fingerprint = migrator.FingerprintOff // by default, the event log would depend on the time that a run takes
	}
	m, err := migrator.New(p.Files, c)
	if err != nil {
		p.t.Fatal(err)
	}
	Register(m)
	return m
}

// Shop returns three reversible revisions in a row: a1, b2 and c3.
func Shop(t testing.TB) *Project {
	return New(t).
		Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;").
		Add("b2", "a1", "ALTER TABLE account ADD email text;", "ALTER TABLE account DROP email;").
		Add("c3", "b2", "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;\nINSERT INTO account VALUES (1, 'é;');", "DELETE FROM account; DROP FUNCTION one();")
}

// Chain returns n small revisions in a row: r000, r001, … The one with the index special
// has the up script up; -1 is none.
func Chain(t testing.TB, n, special int, up string) *Project {
	p := New(t)
	parent := ""
	for i := range n {
		id, body := fmt.Sprintf("r%03d", i), fmt.Sprintf("CREATE TABLE t%d (id int);", i)
		if i == special {
			body = up
		}
		p.Add(id, parent, body, fmt.Sprintf("DROP TABLE t%d;", i))
		parent = id
	}
	return p
}

// Steps returns the steps of a report on one line: "up a1, up b2".
func Steps(r *migrator.Report) string {
	var s []string
	for _, step := range r.Steps {
		s = append(s, string(step.Direction)+" "+step.Revision)
	}
	return strings.Join(s, ", ")
}

// Script returns the script of a plan that is made without a database.
func Script(m *migrator.Migrator, from []string, verb migrator.Verb, targets ...string) (string, error) {
	p, err := m.PlanFrom(from, verb, targets...)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = p.Script(&b)
	return b.String(), err
}

// DryRun plans and checks what can be checked without running anything.
func DryRun(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config, verb migrator.Verb, targets ...string) error {
	p, err := m.Plan(ctx, cfg, verb, targets...)
	if err != nil {
		return err
	}
	return p.Preflight(ctx, cfg)
}

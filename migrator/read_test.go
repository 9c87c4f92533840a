package migrator_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// reportedChanges returns the modified files that a run reports.
func reportedChanges(t *testing.T, p *projecttest.Project, url string, targets ...string) string {
	t.Helper()
	var reported []string
	m := p.Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if e, ok := e.(migrator.FileModified); ok {
			reported = append(reported, e.Revision+": "+strings.Join(e.Changes, ", "))
		}
	}})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url), targets...); err != nil {
		t.Fatal(err)
	}
	return strings.Join(reported, "; ")
}

// The ledger is read in full only if a row does not match its file.
func TestUnmodifiedStateNeedsOneRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(p *projecttest.Project)
		sql    string
		trips  int
		want   string // the reported change
	}{
		{name: "nothing", trips: 1},
		{name: "a comment", change: func(p *projecttest.Project) { p.Add("b", "a", "CREATE TABLE b (id int); -- so", "DROP TABLE b;") }, trips: 2},
		{name: "a message", change: func(p *projecttest.Project) {
			f := p.Files["b.up.sql"]
			f.Data = []byte(strings.Replace(string(f.Data), "add b", "add the table b", 1))
		}, trips: 2},
		{name: "the up script", change: func(p *projecttest.Project) { p.Add("b", "a", "CREATE TABLE b (id bigint);", "DROP TABLE b;") }, trips: 2, want: "b: up script"},
		{name: "the links", change: func(p *projecttest.Project) {
			p.Add("b", "a", "CREATE TABLE b (id int);", "DROP TABLE b;", "branch_labels: shop")
		}, trips: 2, want: "b: branch_labels"},
		{name: "the digest", sql: "UPDATE ambix_revision SET digest = '' WHERE revision = 'b'", trips: 2},
		{name: "a pending one", sql: "DELETE FROM ambix_revision WHERE revision = 'c'; DROP TABLE c", trips: 2},
		{name: "an unknown row", change: func(p *projecttest.Project) { delete(p.Files, "c.up.sql"); delete(p.Files, "c.down.sql") }, trips: 3}, // the log says whether it replaces others
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			p := projecttest.New(t).Add("a", "", "CREATE TABLE a (id int);", "DROP TABLE a;").
				Add("b", "a", "CREATE TABLE b (id int);", "DROP TABLE b;").Add("c", "b", "CREATE TABLE c (id int);", "DROP TABLE c;")
			if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url)); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(p)
			}
			if c.sql != "" {
				pgtest.Exec(t, url, c.sql)
			}
			proxy := pgtest.NewProxy(t, url)
			reported := reportedChanges(t, p, proxy.URL(url))
			if got := proxy.Stats().RoundTrips; got != c.trips {
				t.Errorf("%d round trips, want %d", got, c.trips)
			}
			if reported != c.want {
				t.Errorf("reported: %q, want %q", reported, c.want)
			}
		})
	}
}

// The digest of a file does not cover what a label in depends_on refers to.
func TestDependencyOnLabelIsComparedInFull(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	files := func(labelled, other string) *projecttest.Project {
		return projecttest.New(t).Add("a", "", "SELECT 1;", "-", "branch_labels: "+labelled).Add("b", "", "SELECT 1;", "-", "branch_labels: "+other).
			Add("c", "a", "SELECT 1;", "-", "depends_on: shop")
	}
	if _, err := files("", "shop").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url), "heads"); err != nil {
		t.Fatal(err)
	}
	if got := reportedChanges(t, files("shop", ""), url, "heads"); got != "a: branch_labels; b: branch_labels; c: depends_on" {
		t.Error(got)
	}
}

func TestOlderProgramRevertsNewerDatabase(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	newer := projecttest.Shop(t).Migrator(migrator.Config{})
	older := projecttest.New(t).Add("a1", "", "CREATE TABLE account (id int PRIMARY KEY, name text);", "DROP TABLE account;").Migrator(migrator.Config{})
	ctx, cfg := context.Background(), projecttest.Config(t, url)
	if _, err := newer.Up(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	r, err := older.Up(ctx, cfg)
	if err != nil || len(r.Steps) != 0 || !cmp.Equal(r.Ahead, []string{"b2", "c3"}) {
		t.Errorf("up of the older one: %+v, %v", r, err)
	}
	st, err := older.Status(ctx, cfg)
	if err != nil || st.Count(migrator.Unknown) != 2 || st.Count(migrator.Applied) != 1 {
		t.Errorf("status: %+v, %v", st, err)
	}
	r, err = older.To(ctx, cfg, "head")
	if err != nil || projecttest.Steps(r) != "down c3, down b2" || !cmp.Equal(r.To, []string{"a1"}) {
		t.Errorf("to head: %+v, %v", r, err)
	}
}

package migrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
)

// sessionsOf counts the sessions of this program in a database.
func sessionsOf(t *testing.T, url string) string {
	t.Helper()
	return pgtest.Value(t, url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'ambix %'")
}

func noneLeft(t *testing.T, url string) {
	t.Helper()
	for sessionsOf(t, url) != "0" {
		time.Sleep(5 * time.Millisecond)
	}
}

// The set connects once for reading the files and the first move, and again for the next.
func TestConnectAhead(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg, connected := config(t, url), 0
	set := chainOf(t, 3, -1, "").set(migrator.Config{Database: cfg, BeforeConnect: func(context.Context, *pgconn.Config) error { connected++; return nil }})
	for want := 1; want <= 2; want++ {
		if _, err := set.Up(context.Background(), cfg); err != nil || connected != want {
			t.Fatalf("%d connections, want %d, %v", connected, want, err)
		}
	}
	set.Close()
	noneLeft(t, url)
}

// Another database is another matter, and what nobody has taken ends with the set.
func TestConnectAheadOfAnother(t *testing.T) {
	t.Parallel()
	url, other := pgtest.Database(t), pgtest.Database(t)
	set := chainOf(t, 3, -1, "").set(migrator.Config{Database: config(t, url)})
	if r, err := set.Up(context.Background(), config(t, other)); err != nil || len(r.Steps) != 3 {
		t.Fatalf("%v, %v", r, err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'ambix_meta'"); got != "0" {
		t.Error("the other database was moved")
	}
	set.Close()
	set.Close()
	noneLeft(t, url)
}

// What is wrong with the files is told first, whatever becomes of the connection.
func TestConnectAheadOfBadFiles(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	bad := fstest.MapFS{"a.up.sql": {Data: []byte("-- revision: a\n")}}
	for _, database := range []string{proxy.URL(url), "postgres://nobody@127.0.0.1:1/nowhere"} {
		_, err := migrator.New(bad, migrator.Config{Database: config(t, database), Wait: time.Hour})
		if _, ok := errors.AsType[migrator.Problems](err); !ok {
			t.Errorf("%v", err)
		}
	}
	noneLeft(t, url)
	if got := proxy.Stats().RoundTrips; got != 0 {
		t.Errorf("the server was asked %d times", got)
	}
}

// changesTold gives what a run says of files that have changed since.
func changesTold(t *testing.T, p *project, url string, targets ...string) string {
	t.Helper()
	var told []string
	set := p.set(migrator.Config{OnEvent: func(e migrator.Event) {
		if e, ok := e.(migrator.Changed); ok {
			told = append(told, e.Change.Revision+": "+strings.Join(e.Change.What, ", "))
		}
	}})
	if _, err := set.Up(context.Background(), config(t, url), targets...); err != nil {
		t.Fatal(err)
	}
	return strings.Join(told, "; ")
}

// Nothing to do is read in short while the rows are what the files say, and in full as
// soon as one is not.
func TestShortRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(p *project)
		sql    string
		trips  int
		want   string // the event that is told
	}{
		{name: "nothing", trips: 1},
		{name: "a comment", change: func(p *project) { p.add("b", "a", "CREATE TABLE b (id int); -- so", "DROP TABLE b;") }, trips: 2},
		{name: "a message", change: func(p *project) {
			f := p.files["b.up.sql"]
			f.Data = []byte(strings.Replace(string(f.Data), "add b", "add the table b", 1))
		}, trips: 2},
		{name: "the up script", change: func(p *project) { p.add("b", "a", "CREATE TABLE b (id bigint);", "DROP TABLE b;") }, trips: 2, want: "b: up script"},
		{name: "the links", change: func(p *project) {
			p.add("b", "a", "CREATE TABLE b (id int);", "DROP TABLE b;", "branch_labels: shop")
		}, trips: 2, want: "b: branch_labels"},
		{name: "the digest", sql: "UPDATE ambix_revision SET digest = '' WHERE revision = 'b'", trips: 2},
		{name: "a pending one", sql: "DELETE FROM ambix_revision WHERE revision = 'c'; DROP TABLE c", trips: 2},
		{name: "an unknown row", change: func(p *project) { delete(p.files, "c.up.sql"); delete(p.files, "c.down.sql") }, trips: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			p := newProject(t).add("a", "", "CREATE TABLE a (id int);", "DROP TABLE a;").
				add("b", "a", "CREATE TABLE b (id int);", "DROP TABLE b;").add("c", "b", "CREATE TABLE c (id int);", "DROP TABLE c;")
			if _, err := p.set(migrator.Config{}).Up(context.Background(), config(t, url)); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(p)
			}
			if c.sql != "" {
				pgtest.Exec(t, url, c.sql)
			}
			proxy := pgtest.NewProxy(t, url)
			told := changesTold(t, p, proxy.URL(url))
			if got := proxy.Stats().RoundTrips; got != c.trips {
				t.Errorf("%d round trips, want %d", got, c.trips)
			}
			if told != c.want {
				t.Errorf("told: %q, want %q", told, c.want)
			}
		})
	}
}

// What a label among the dependencies means, the file alone does not say.
func TestShortReadWithLabels(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	files := func(labelled, other string) *project {
		return newProject(t).add("a", "", "SELECT 1;", "-", "branch_labels: "+labelled).add("b", "", "SELECT 1;", "-", "branch_labels: "+other).
			add("c", "a", "SELECT 1;", "-", "depends_on: shop")
	}
	if _, err := files("", "shop").set(migrator.Config{}).Up(context.Background(), config(t, url), "heads"); err != nil {
		t.Fatal(err)
	}
	if got := changesTold(t, files("shop", ""), url, "heads"); got != "a: branch_labels; b: branch_labels; c: depends_on" {
		t.Error(got)
	}
}

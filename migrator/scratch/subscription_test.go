package scratch

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
)

// publisher returns a statement that makes a subscription, and fails the test if anything connects to its publisher.
func publisher(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connected atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connected.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		if n := connected.Load(); n > 0 {
			t.Errorf("the publisher saw %d connections", n)
		}
	})
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return `CREATE TABLE t (id int PRIMARY KEY); CREATE SUBSCRIPTION "My sub" CONNECTION 'host=127.0.0.1 port=` + port + `' PUBLICATION p WITH (connect = false);
CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1 port=` + port + `' PUBLICATION p WITH (connect = false, slot_name = NONE);`
}

func TestSubscriptionsDoNotKeepTheirDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	sql := publisher(t)
	var name string
	if _, err := s.Make(t.Context(), fillWith(t, sql, &name)); err != nil {
		t.Error(err)
	}
	checkGone(t, name)
	_, err := s.Make(t.Context(), fillWith(t, sql+" COMMIT; SELECT nonsense", &name))
	if se := pg.ServerError(err); se == nil || se.Code != pg.UndefinedColumn {
		t.Errorf("not the error of the script: %v", err)
	}
	checkGone(t, name)
}

// A table that was not copied yet makes DROP SUBSCRIPTION connect even without a slot.
func TestSubscriptionsWithTablesToCopyDoNotKeepTheirDatabase(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	var name string
	_, err := s.Make(t.Context(), fillWith(t, publisher(t)+" COMMIT; INSERT INTO pg_catalog.pg_subscription_rel (srsubid, srrelid, srsubstate) SELECT oid, 't'::regclass, 'i' FROM pg_subscription WHERE subname = 'My sub'", &name))
	if err != nil {
		t.Error(err)
	}
	checkGone(t, name)
}

func TestLeftoversWithSubscriptionsAreDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	admin := server.URL("postgres")
	name := namePrefix + "t" + randomHex()
	pgtest.Exec(t, admin, "CREATE DATABASE "+name)
	pgtest.Exec(t, server.URL(name), publisher(t))
	old := time.Now().Add(-25 * time.Hour).UTC().Format(time.RFC3339)
	pgtest.Exec(t, admin, "COMMENT ON DATABASE "+name+" IS 'ambix scratch database of app on web-1/7, created "+old+"'")
	open(t, Options{Like: config(t, server.Database(t))})
	checkGone(t, name)
}

func TestTemplatesHaveNoSubscriptions(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	template, err := s.Template(t.Context(), "ab"+randomHex(), fillWith(t, publisher(t), nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Drop(t.Context(), template); err != nil {
		t.Error(err)
	}
	checkGone(t, template)
}

func TestNamedDatabaseIsLeftWithoutSubscriptions(t *testing.T) {
	t.Parallel()
	like := pgtest.Database(t)
	namedURL := pgtest.Database(t)
	named := &Server{options: Options{Server: config(t, namedURL)}, cfg: config(t, namedURL)}
	if err := named.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(named.Close)
	if err := named.useNamed(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := named.Make(t.Context(), fillWith(t, publisher(t), nil)); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Value(t, namedURL, "SELECT count(*) FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()"); n != "0" {
		t.Errorf("%s subscriptions are left", n)
	}
	// One that was there before is not ours.
	named.Close()
	pgtest.Exec(t, namedURL, publisher(t)+"DROP TABLE t")
	drop := &Server{options: Options{Server: config(t, namedURL)}, cfg: config(t, like)}
	t.Cleanup(func() {
		if err := drop.connect(context.Background()); err != nil {
			t.Fatal(err)
		}
		defer drop.Close()
		if err := drop.removeSubscriptions(context.Background(), config(t, namedURL).Database); err != nil {
			t.Error(err)
		}
	})
	other := &Server{options: Options{Server: config(t, namedURL)}, cfg: config(t, namedURL)}
	if err := other.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err := other.useNamed(t.Context())
	if e := problem(t, err); e.Problem != NotEmpty || !strings.Contains(err.Error(), `SUBSCRIPTION "My sub" and SUBSCRIPTION other`) {
		t.Error(err)
	}
}

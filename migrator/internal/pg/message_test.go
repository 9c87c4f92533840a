package pg_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
)

func connect(t testing.TB, url string) *pg.Conn {
	t.Helper()
	conn, err := pg.Connect(context.Background(), config(t, url), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestRowsAndErrorsHaveTheStatementIndex(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	rows := map[int]string{}
	handler := pg.Handler{Row: func(i int, fields [][]byte) { rows[i] += string(fields[0]) }}
	done, err := conn.Send(context.Background(), pg.Message{
		SQL:  "SELECT 1; CREATE TEMP TABLE x (id int); COPY x FROM STDIN; SELECT sum(id) FROM x; COPY x FROM STDIN; SELECT count(*) FROM x; COPY x TO STDOUT; SELECT 1 / (SELECT 0); SELECT 2",
		Copy: []pg.CopyData{pg.CopyText("1\n2\n"), pg.CopyText("")},
	}, handler)
	var e *pg.StatementError
	if !errors.As(err, &e) || e.Statement != 7 || done != 7 || e.Err.Code != "22012" {
		t.Errorf("%d, %v", done, err)
	}
	if len(rows) != 3 || rows[0] != "1" || rows[3] != "3" || rows[5] != "2" {
		t.Errorf("rows: %v", rows)
	}
	if conn.Closed() || conn.InTransaction() {
		t.Error("the session is not usable")
	}
	// A COPY without data fails; the session stays usable.
	if err := conn.Exec(context.Background(), "CREATE TEMP TABLE y (id int); COPY y FROM STDIN"); err == nil || !strings.Contains(err.Error(), "no rows follow this COPY") {
		t.Errorf("%v", err)
	}
	if done, err := conn.Send(context.Background(), pg.Message{SQL: ""}, pg.Handler{}); done != 0 || err != nil {
		t.Errorf("empty message: %d, %v", done, err)
	}
}

func TestQueryKeepsNull(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.Database(t))
	rows, err := conn.Query(context.Background(), "SELECT 1, NULL; SELECT 2, ''")
	if err != nil {
		t.Fatal(err)
	}
	want := []pg.Row{{{Text: "1"}, {Null: true}}, {{Text: "2"}, {}}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestCancelDoesNotHitTheNextMessage(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	conn := connect(t, url)
	for range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := conn.Send(ctx, pg.Message{SQL: "SELECT 1; SELECT 2"}, pg.Handler{Row: func(int, [][]byte) { cancel() }})
		if err != nil && !pg.Canceled(ctx, err) {
			t.Fatal(err)
		}
		if _, err := conn.Query(context.Background(), "SELECT 1"); err != nil {
			t.Fatalf("the next message: %v", err)
		}
	}
}

func TestCancelReturnsOnADeadNetwork(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	conn := connect(t, proxy.URL(url))
	stalled := proxy.Inject(pgtest.Fault{Direction: pgtest.ToServer, Match: "pg_sleep", Before: true, Action: pgtest.Stall})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-stalled
		proxy.Inject(pgtest.Fault{Action: pgtest.Stall, Times: -1}) // including the connections that carry cancel requests
		cancel()
	}()
	err := conn.Exec(ctx, "SELECT pg_sleep(0)")
	var gone *pg.LostError
	if !errors.As(err, &gone) || !conn.Closed() {
		t.Errorf("%v", err)
	}
}

func TestLostErrorHasTheServersMessage(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	conn := connect(t, url)
	err := conn.Exec(context.Background(), "SELECT pg_terminate_backend(pg_backend_pid())")
	var gone *pg.LostError
	if !errors.As(err, &gone) || !strings.HasPrefix(err.Error(), "the server closed the connection: ") || !strings.HasSuffix(err.Error(), " (57P01)") {
		t.Errorf("%v", err)
	}
	if err := conn.Exec(context.Background(), "SELECT 1"); !errors.As(err, &gone) {
		t.Errorf("afterwards: %v", err)
	}
	proxy := pgtest.NewProxy(t, url)
	conn = connect(t, proxy.URL(url))
	proxy.Inject(pgtest.Fault{Direction: pgtest.ToClient, Match: "SELECT 1", Before: true, Action: pgtest.Cut})
	if err := conn.Exec(context.Background(), "SELECT 1"); !errors.As(err, &gone) || err.Error() != "connection lost: unexpected EOF" && err.Error() != "connection lost: EOF" {
		t.Errorf("cut: %v", err)
	}
}

func TestEnsureUTF8AfterAPooledSession(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	conn := connect(t, server.PgBouncer(t, map[string]string{"default_pool_size": "1"}).Through(direct))
	ctx := context.Background()
	if err := conn.Exec(ctx, "SET client_encoding = 'LATIN1'; SET standard_conforming_strings = off"); err != nil {
		t.Fatal(err)
	}
	if err := conn.EnsureUTF8(ctx); err != nil {
		t.Fatal(err)
	}
	if rows, err := conn.Query(ctx, `SELECT length('é\n')`); err != nil || rows[0][0].Text != "3" {
		t.Errorf("%v, %v", rows, err)
	}
}

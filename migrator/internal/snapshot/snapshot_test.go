package snapshot

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/schema"
)

func connect(t *testing.T, databaseURL string) *pg.Conn {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), cfg, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestReadsTheSchema(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int)")
	s, err := Read(t.Context(), connect(t, pgtest.Role(t, databaseURL)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Object(schema.Key{Kind: schema.Table, Name: "public.t"}) == nil {
		t.Errorf("%v", s.Objects)
	}
}

func TestDDLInProgressIsNamed(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
	holder := connect(t, databaseURL)
	if err := holder.Exec(t.Context(), "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, databaseURL)
	_, err := Read(t.Context(), conn)
	busy, ok := errors.AsType[*BusyError](err)
	if !ok || !strings.Contains(busy.Error(), "another session holds an exclusive lock") || !strings.Contains(busy.Error(), "(55P03)") {
		t.Fatal(err)
	}
	if err := holder.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), conn); err != nil {
		t.Errorf("the session is not usable: %v", err)
	}
}

func TestUnreadableCatalogIsNamed(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC")
	_, err := Read(t.Context(), connect(t, pgtest.Role(t, databaseURL)))
	if e, ok := errors.AsType[*DeniedError](err); !ok || e.Role == "" || !strings.Contains(err.Error(), "pg_proc (42501)") {
		t.Error(err)
	}
}

func TestCanceledReadLeavesNoTransaction(t *testing.T) {
	t.Parallel()
	databaseURL := pgtest.Database(t)
	pgtest.Exec(t, databaseURL, "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t")
	holder := connect(t, databaseURL)
	if err := holder.Exec(t.Context(), "BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, databaseURL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, conn); err == nil {
		t.Error("not canceled")
	}
	if conn.Closed() || conn.InTransaction() {
		t.Error("the session is not usable")
	}
}

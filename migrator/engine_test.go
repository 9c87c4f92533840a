package migrator_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/projecttest"
)

// engineServer speaks PostgreSQL's protocol, reports parameters, answers version(), and
// refuses every other query.
type engineServer struct {
	parameters map[string]string
	version    string // the result of version(); "" for an engine that does not have it
	unprefixed bool   // it has no schema pg_catalog
	answers    bool   // to other queries, like PostgreSQL without a ledger

	mu      sync.Mutex
	queries []string
}

// start returns the configuration for a connection to the server.
func (s *engineServer) start(t *testing.T) *pgconn.Config {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	cfg, err := pgconn.ParseConfig("postgres://store:secret@" + l.Addr().String() + "/store?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func (s *engineServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	b := pgproto3.NewBackend(conn, conn)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for name, value := range s.parameters {
		b.Send(&pgproto3.ParameterStatus{Name: name, Value: value})
	}
	b.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
	b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for b.Flush() == nil {
		msg, err := b.Receive()
		if err != nil {
			return
		}
		if q, ok := msg.(*pgproto3.Query); ok {
			s.answer(b, q.String)
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		}
	}
}

func (s *engineServer) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queries)
}

func (s *engineServer) answer(b *pgproto3.Backend, sql string) {
	s.mu.Lock()
	s.queries = append(s.queries, sql)
	s.mu.Unlock()
	refuse := func(code string) {
		b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: code, Message: "refused"})
	}
	rows := func(values ...string) {
		var fields []pgproto3.FieldDescription
		var row [][]byte
		for _, v := range values {
			fields = append(fields, pgproto3.FieldDescription{Name: []byte("c"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1})
			row = append(row, []byte(v))
		}
		b.Send(&pgproto3.RowDescription{Fields: fields})
		b.Send(&pgproto3.DataRow{Values: row})
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	}
	done := func(n int) {
		for range n {
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SET")})
		}
	}
	switch {
	case sql == "SELECT version()" && s.version != "", sql == "SELECT pg_catalog.version()" && s.version != "" && !s.unprefixed:
		rows(s.version)
	case s.answers && strings.Contains(sql, "SELECT format"): // no ledger
		done(3)
		refuse("42P01")
	case s.answers && strings.Contains(sql, "pg_catalog.version()"): // what there is instead of one
		done(2)
		rows("t")
		done(2)
		rows("f", s.version)
	default:
		refuse("0A000")
	}
}

// An engine that only speaks PostgreSQL's protocol is refused by name before anything is
// written, whatever it reports and answers.
func TestOtherEnginesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, engine, text string
		server             *engineServer
	}{
		{"CockroachDB", "CockroachDB", "", &engineServer{parameters: map[string]string{"server_version": "13.0.0", "crdb_version": "CockroachDB CCL v25.1.0 (x86_64-pc-linux-gnu, built 2025/02/18 14:45:00, go1.22.8)"}}},
		{"CockroachDB by version", "CockroachDB", "", &engineServer{parameters: map[string]string{"server_version": "13.0.0"}, version: "CockroachDB CCL v25.1.0 (x86_64-pc-linux-gnu, built 2025/02/18 14:45:00, go1.22.8)"}},
		{"YugabyteDB", "YugabyteDB", "", &engineServer{parameters: map[string]string{"server_version": "15.12-YB-2.25.2.0-b0"}}},
		{"YugabyteDB behind a pooler", "YugabyteDB", "", &engineServer{parameters: map[string]string{"server_version": "15.12"}, version: "PostgreSQL 15.12-YB-2.25.2.0-b0 on x86_64-pc-linux-gnu, compiled by clang version 19.1.0, 64-bit", answers: true}},
		{"Redshift", "Amazon Redshift", "", &engineServer{parameters: map[string]string{"server_version": "8.0.2", "padb_version": "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2, Redshift 1.0.77467"}}},
		{"Redshift by version", "Amazon Redshift", "", &engineServer{parameters: map[string]string{"server_version": "8.0.2"}, version: "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.77467"}},
		{"Materialize", "Materialize", "", &engineServer{parameters: map[string]string{"server_version": "9.5.0"}, version: "PostgreSQL 9.5 on x86_64-unknown-linux-gnu (Materialize 0.130.0)"}},
		{"CrateDB", "CrateDB", "", &engineServer{parameters: map[string]string{"server_version": "14.0", "crate_version": "5.9.4"}}},
		{"CrateDB by version", "CrateDB", "", &engineServer{parameters: map[string]string{"server_version": "14.0"}, version: "CrateDB 5.9.4 (built 5d7e047/NA, Linux 6.11.6 amd64, OpenJDK 64-Bit Server VM 22.0.2+9)", unprefixed: true}},
		{"QuestDB", "QuestDB", "", &engineServer{parameters: map[string]string{"server_version": "12.3"}, version: "PostgreSQL 12.3, compiled by Visual C++ build 1914, 64-bit, QuestDB"}},
		{"RisingWave", "RisingWave", "", &engineServer{parameters: map[string]string{"server_version": "13.14.0"}, version: "PostgreSQL 13.14.0-RisingWave-2.1.0 (0123abcd)"}},
		{"CedarDB", "CedarDB", "", &engineServer{parameters: map[string]string{"server_version": "16.3"}, version: "PostgreSQL 16.3 compatible CedarDB v2025-08-20", answers: true}},
		{"Spanner's adapter", "", `version() is "PostgreSQL 14.1"`, &engineServer{parameters: map[string]string{"server_version": "14.1"}, version: "PostgreSQL 14.1"}},
		{"Spanner's adapter that answers", "", `version() is "PostgreSQL 14.1"`, &engineServer{parameters: map[string]string{"server_version": "14.1"}, version: "PostgreSQL 14.1", answers: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := c.server.start(t)
			m := projecttest.Shop(t).Migrator(migrator.Config{})
			ctx := context.Background()
			for name, run := range map[string]func() error{
				"up":     func() error { _, err := m.Up(ctx, cfg); return err },
				"status": func() error { _, err := m.Status(ctx, cfg); return err },
			} {
				err := run()
				e, ok := errors.AsType[*migrator.ConnectError](err)
				if !ok || e.Problem != migrator.ConnectNotPostgreSQL || e.Kind() != migrator.KindEngine || e.Engine != c.engine || !strings.Contains(err.Error(), c.engine) || !strings.Contains(err.Error(), c.text) {
					t.Errorf("%s: %v", name, err)
				}
			}
			for _, sql := range c.server.sent() {
				if strings.Contains(sql, "BEGIN") || strings.Contains(sql, "CREATE") || strings.Contains(sql, "INSERT") {
					t.Errorf("sent: %s", sql)
				}
			}
		})
	}
}

// All hosts of a domain run one engine: nothing is sent to them.
func TestHostOfOtherEngineIsRefused(t *testing.T) {
	t.Parallel()
	cfg, err := pgconn.ParseConfig("postgres://admin@abcdefghijklmnopqrst.dsql.us-east-1.on.aws/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	cfg.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		t.Error("connected")
		return nil, errors.New("connected")
	}
	_, err = projecttest.Shop(t).Migrator(migrator.Config{}).Up(context.Background(), cfg)
	if e, ok := errors.AsType[*migrator.ConnectError](err); !ok || e.Engine != "Aurora DSQL" {
		t.Errorf("%v", err)
	}
}

// A server that cannot say what it is, or is PostgreSQL, keeps its own error.
func TestErrorOfUnidentifiedServerIsKept(t *testing.T) {
	t.Parallel()
	for _, version := range []string{
		"", "PostgreSQL 15.3, compiled by Visual C++ build 1914, 64-bit", "PostgreSQL 15.4 (EnterpriseDB Advanced Server 15.4.0) on x86_64-pc-linux-gnu, compiled by gcc (GCC) 8.5.0, 64-bit",
		"PostgreSQL 17.4 on x86_64-pc-linux-gnu, compiled by emcc, 32-bit",
	} {
		server := &engineServer{parameters: map[string]string{"server_version": "15.3"}, version: version}
		_, err := projecttest.Shop(t).Migrator(migrator.Config{}).Up(context.Background(), server.start(t))
		if e, ok := errors.AsType[*migrator.LedgerError](err); !ok || !strings.Contains(err.Error(), "refused (0A000)") {
			t.Errorf("%q: %v, %+v", version, err, e)
		}
	}
}

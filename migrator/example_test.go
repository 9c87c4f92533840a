package migrator_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"example.com/ambix/migrator"
)

// store is what an embed.FS would hold.
var store = fstest.MapFS{
	"2021-11-20_433af9f41996_create_account.up.sql": {Data: []byte(`-- create account
--
-- revision: 433af9f41996
-- down_revision:

CREATE TABLE account (id bigint PRIMARY KEY);
`)},
	"2021-11-20_433af9f41996_create_account.down.sql": {Data: []byte("DROP TABLE account;\n")},
	"2021-12-01_ae1027a6acf1_add_email.up.sql": {Data: []byte(`-- add email
--
-- revision: ae1027a6acf1
-- down_revision: 433af9f41996

ALTER TABLE account ADD COLUMN email text;
`)},
	"2021-12-01_ae1027a6acf1_add_email.down.sql": {Data: []byte("ALTER TABLE account DROP COLUMN email;\n")},
}

// A service that migrates its database when it starts.
func Example() {
	migrate := func(ctx context.Context) error {
		m, err := migrator.New(store, migrator.Config{OnEvent: migrator.LogEvents(slog.Default())})
		if err != nil {
			return err
		}
		cfg, err := pgconn.ParseConfig(os.Getenv("DATABASE_URL"))
		if err != nil {
			return err
		}
		report, err := m.Up(ctx, cfg)
		if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
			fmt.Printf("%s:%d: %s\n%s", e.File, e.Line, e.Reason, e.Excerpt())
		}
		if err != nil {
			return err
		}
		fmt.Println(len(report.Steps), "applied, at", report.To)
		return nil
	}
	_ = migrate
}

// Files are parsed once and used with several settings.
func ExampleLoad() {
	files, err := migrator.Load(store, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, ledger := range []string{"tenant_a.ambix", "tenant_b.ambix"} {
		m, err := files.Migrator(migrator.Config{Ledger: ledger})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.EmptyStatus().Ledger, "head", m.Files().Graph().Heads())
	}
	// Output:
	// tenant_a.ambix head [ae1027a6acf1]
	// tenant_b.ambix head [ae1027a6acf1]
}

// A plan needs no database when it is known what is applied.
func ExampleMigrator_PlanFrom() {
	m, err := migrator.New(store, migrator.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := m.PlanFrom([]string{"433af9f41996"}, migrator.Up)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range p.Steps {
		fmt.Println(s.Direction, s.Revision, s.Message)
	}
	fmt.Println("then at", p.To)
	// Output:
	// up ae1027a6acf1 add email
	// then at [ae1027a6acf1]
}

func ExampleTargetError() {
	m, err := migrator.New(store, migrator.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = m.PlanFrom([]string{"base"}, migrator.Up, "ae1027a6acf2")
	fmt.Println(err)
	if e, ok := errors.AsType[*migrator.TargetError](err); ok {
		fmt.Println(e.Kind(), e.Target, e.Problem)
	}
	// Output:
	// up ae1027a6acf2: no revision or label "ae1027a6acf2"; did you mean ae1027a6acf1?
	// target ae1027a6acf2 not-found
}

func ExampleFilesError() {
	_, err := migrator.Load(fstest.MapFS{"a.up.sql": {Data: []byte("-- revison: a\n")}}, "sql")
	if e, ok := errors.AsType[*migrator.FilesError](err); ok {
		for _, p := range e.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// sql/a.up.sql:1:1: missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base
	// sql/a.up.sql:1:4: unknown key "revison": did you mean "revision"? (a message must be followed by a bare "--" line)
}

func ExampleLogEvents() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	observe := migrator.LogEvents(log)
	// What a run would report:
	observe(migrator.StepFinished{
		Origin: migrator.Origin{Database: "store"},
		Step:   migrator.Step{Direction: migrator.Upgrade, Revision: "ae1027a6acf1", Message: "add email", Duration: 12 * time.Millisecond},
	})
	// Output:
	// level=INFO msg="step committed" direction=up revision=ae1027a6acf1 message="add email" duration_ms=12 database=store
}

// With database/sql, the configuration comes from a connection of the pool.
func ExampleMigrator_Up_databaseSQL() {
	up := func(ctx context.Context, db *sql.DB, m *migrator.Migrator) error {
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		var cfg *pgconn.Config
		err = conn.Raw(func(driver any) error {
			cfg = &driver.(*stdlib.Conn).Conn().Config().Config
			return nil
		})
		if err != nil {
			return err
		}
		_, err = m.Up(ctx, cfg)
		return err
	}
	_ = up
}

// Command databasesql migrates the database of a *sql.DB that uses pgx's driver. The migrator opens its own connection with the
// same configuration, so that the limits of the pool do not matter.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"

	"github.com/jackc/pgx/v5/stdlib" // also registers the driver "pgx"

	"example.com/ambix/examples/store"
	"example.com/ambix/migrator"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate(ctx, db); err != nil {
		return err
	}
	var accounts int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM account").Scan(&accounts); err != nil {
		return err
	}
	fmt.Println(accounts, "accounts")
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	m, err := migrator.New(store.Files, migrator.Config{})
	if err != nil {
		return err
	}
	return conn.Raw(func(driver any) error {
		report, err := m.Up(ctx, &driver.(*stdlib.Conn).Conn().Config().Config)
		if err == nil {
			fmt.Println(len(report.Steps), "applied")
		}
		return err
	})
}

// Peers runs goose, golang-migrate and sql-migrate as libraries. It has its own module, so that they are
// not dependencies of the main one.
//
//	peers goose create DIR NAME        create a file with a timestamp as version
//	peers goose create-fixed DIR NAME  create a file with a sequence number as version
//	peers goose up|down DIR URL
//	peers golang-migrate up|down DIR URL
//	peers sql-migrate up|down DIR URL
//
// up and down run all migrations.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	_ "github.com/golang-migrate/migrate/v4/source/file"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	sqlmigrate "github.com/rubenv/sql-migrate"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("want TOOL COMMAND DIR and NAME or URL, got %q", args)
	}
	switch args[0] {
	case "goose":
		return runGoose(args[1], args[2], args[3])
	case "golang-migrate":
		return runGolangMigrate(args[1], args[2], args[3])
	case "sql-migrate":
		return runSQLMigrate(args[1], args[2], args[3])
	}
	return fmt.Errorf("unknown tool %q", args[0])
}

func runGoose(command, dir, last string) error {
	if strings.HasPrefix(command, "create") {
		goose.SetSequential(command == "create-fixed")
		return goose.Create(nil, dir, last, "sql")
	}
	db, err := sql.Open("pgx", last)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := goose.SetDialect("postgres"); err != nil {
		return err
	}
	if command == "down" {
		return goose.DownToContext(context.Background(), db, dir, 0)
	}
	return goose.UpContext(context.Background(), db, dir)
}

func runGolangMigrate(command, dir, url string) error {
	_, rest, _ := strings.Cut(url, "://")
	m, err := migrate.New("file://"+dir, "pgx5://"+rest)
	if err != nil {
		return err
	}
	move := m.Up
	if command == "down" {
		move = m.Down
	}
	if err = move(); errors.Is(err, migrate.ErrNoChange) {
		err = nil
	}
	sourceErr, databaseErr := m.Close()
	return errors.Join(err, sourceErr, databaseErr)
}

func runSQLMigrate(command, dir, url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer db.Close()
	direction := sqlmigrate.Up
	if command == "down" {
		direction = sqlmigrate.Down
	}
	_, err = sqlmigrate.Exec(db, "postgres", sqlmigrate.FileMigrationSource{Dir: dir}, direction)
	return err
}

package dbenv_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

func ExampleOptions_Config() {
	cfg, err := dbenv.Options{Environ: []string{
		"DB_USER=app", "DB_PASS=p@ss/word", "DB_HOST=db.example.com", "DB_NAME=store",
		"PGHOST=ignored.example.com", "PGAPPNAME=shop", // another family cannot change the host
	}}.Config()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dbenv.Describe(cfg))
	fmt.Println(cfg.Password, cfg.RuntimeParams["application_name"])
	// Output:
	// database "store" at db.example.com:5432 as app
	// p@ss/word shop
}

func ExampleError() {
	_, err := dbenv.Options{Environ: []string{
		"DATABASE_URL=postgres://app@db.example.com/store", "DB_HOST=localhost", "DB_PORT=many",
	}}.Config()
	if e, ok := errors.AsType[*dbenv.Error](err); ok {
		for _, p := range e.Problems {
			fmt.Printf("%s\n  %s\n", p.Name, p.Text)
		}
	}
	fmt.Println(errors.Is(err, dbenv.ErrNoDatabase))
	// Output:
	// DB_PORT
	//   "many" is not a port number (1 to 65535)
	// DATABASE_URL
	//   has the host "db.example.com", but DB_HOST is "localhost"; unset one of them or make them agree
	// false
}

// A service checks its settings when it starts, and makes a new configuration for every
// connection, so that it follows a rotated DB_PASS_FILE.
func ExampleSource() {
	source, err := dbenv.Options{Environ: []string{"DATABASE_URL=postgres://app:secret@db.example.com/store"}}.Source()
	if err != nil {
		fmt.Println(err)
		return
	}
	connect := func(ctx context.Context) (*pgconn.PgConn, error) {
		cfg, err := source.Config(ctx)
		if err != nil {
			return nil, err
		}
		return pgconn.ConnectConfig(ctx, cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = connect(ctx)
	fmt.Println(err)
	// Output: context canceled
}

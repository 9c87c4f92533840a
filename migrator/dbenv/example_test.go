package dbenv_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/dbenv"
)

func ExampleOptions_Config() {
	cfg, err := dbenv.Options{Environ: []string{
		"DB_USER=app", "DB_PASS=p@ss/word", "DB_HOST=db.example.com", "DB_NAME=store",
	}}.Config()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(dbenv.Describe(cfg))
	// Output: database "store" at db.example.com:5432 as app
}

// A service checks its settings when it starts, and takes a fresh configuration for
// every connection, so that a rotated DB_PASS_FILE is noticed.
func ExampleSource() {
	source, err := dbenv.Options{}.Source()
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
	_ = connect
}

// The program bare is what every client has to do: connect and run one query. The
// benchmark starts it beside ambix to see what is added to that.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	if err := query(context.Background(), os.Getenv("DATABASE_URL")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func query(ctx context.Context, url string) error {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT 1").ReadAll(); err != nil {
		return err
	}
	return conn.Close(ctx)
}

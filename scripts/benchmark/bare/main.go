// Bare connects to DATABASE_URL and runs one query, which is the least any client must do.
// The benchmark compares ambix with it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println("usage: DATABASE_URL=URL bare")
		return
	}
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

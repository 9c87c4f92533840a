// Command service migrates its database when it starts, and then serves requests. Any number of replicas may start together:
// each revision is applied by one of them, and the others wait for it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/examples/store"
	"example.com/ambix/migrator"
	"example.com/ambix/migrator/dbenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := dbenv.Config() // DATABASE_URL, DB_* or PG*
	if err != nil {
		return err
	}
	if err := migrate(ctx, cfg); err != nil {
		return err
	}
	return serve(ctx, cfg)
}

// migrate applies all revisions. If that is interrupted, it stops after the revision in progress was rolled back.
func migrate(ctx context.Context, cfg *pgconn.Config) error {
	m, err := migrator.New(store.Files, migrator.Config{
		Wait:    time.Minute, // for a server that starts together with this program
		OnEvent: migrator.LogEvents(slog.Default()),
	})
	if err != nil {
		return err // all that is wrong with the files
	}
	report, err := m.Up(ctx, cfg)
	if failed, ok := errors.AsType[*migrator.RevisionError](err); ok {
		fmt.Fprintln(os.Stderr, failed.Excerpt())
	}
	if err != nil {
		return err
	}
	slog.Info("migrated", "applied", len(report.Steps), "at", report.To)
	return nil
}

func serve(ctx context.Context, cfg *pgconn.Config) error {
	config, err := pgx.ParseConfig("")
	if err != nil {
		return err
	}
	config.Config = *cfg
	handler := http.NewServeMux()
	handler.HandleFunc("GET /accounts", func(w http.ResponseWriter, r *http.Request) {
		conn, err := pgx.ConnectConfig(r.Context(), config)
		if err != nil {
			http.Error(w, "no database", http.StatusServiceUnavailable)
			return
		}
		defer conn.Close(context.WithoutCancel(r.Context()))
		var accounts, points int
		if err := conn.QueryRow(r.Context(), "SELECT count(*), COALESCE(sum(points), 0) FROM account").Scan(&accounts, &points); err != nil {
			http.Error(w, "query failed", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%d accounts, %d points\n", accounts, points)
	})
	address := os.Getenv("LISTEN")
	if address == "" {
		address = "127.0.0.1:8080"
	}
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(limit)
	}()
	slog.Info("listening", "address", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

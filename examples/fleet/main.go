// Command fleet applies all revisions to the schema of each tenant, tenant_*, one of them before the others.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"example.com/ambix/examples/store"
	"example.com/ambix/migrator"
	"example.com/ambix/migrator/dbenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := dbenv.Config()
	if err != nil {
		return err
	}
	m, err := migrator.New(store.Files, migrator.Config{})
	if err != nil {
		return err
	}
	targets, err := m.SchemaTargets(ctx, cfg, func(name string) bool { return strings.HasPrefix(name, "tenant_") })
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return errors.New("there is no schema tenant_*")
	}
	// One tenant first: if it fails, no other is touched.
	fleet, err := m.Fleet(targets, migrator.FleetConfig{Workers: 4, Canary: 1, MaxFailed: 2})
	if err != nil {
		return err
	}
	var failed []string
	done := 0
	for outcome := range fleet.Up(ctx) {
		switch {
		case outcome.Err == nil:
			done++
			fmt.Printf("%s: %d applied\n", outcome.Target.Name, len(outcome.Value.Steps))
		case errors.Is(outcome.Err, migrator.ErrNotStarted):
			failed = append(failed, outcome.Target.Name+": not begun")
		default:
			failed = append(failed, outcome.Target.Name+": "+outcome.Err.Error())
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d tenants are up to date:\n%s", done, len(targets), strings.Join(failed, "\n"))
	}
	return nil
}

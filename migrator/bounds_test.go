package migrator_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// boundedCalls is every call that reads or writes a ledger.
var boundedCalls = map[string]func(context.Context, *migrator.Migrator, *pgconn.Config) error{
	"up":    move(migrator.Up),
	"down":  move(migrator.Down, "-1"),
	"to":    move(migrator.To, "c3"),
	"redo":  move(migrator.Redo, "1"),
	"stamp": move(migrator.Stamp, "c3"),
	"purge": move(migrator.Purge, "c3"),
	"dry run": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		return projecttest.DryRun(ctx, m, cfg, migrator.Up)
	},
	"status": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Status(ctx, cfg)
		return err
	},
	"check": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Check(ctx, cfg)
		return err
	},
	"log": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Log(ctx, cfg, 0)
		return err
	},
	"repair": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Repair(ctx, cfg, "b2", migrator.AcceptFile)
		return err
	},
	"ensure-version": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.EnsureLedger(ctx, cfg)
		return err
	},
	"adopt": func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Adopt(ctx, cfg, migrator.Adopt{Baseline: []string{"b2"}})
		return err
	},
}

func move(verb migrator.Verb, targets ...string) func(context.Context, *migrator.Migrator, *pgconn.Config) error {
	return func(ctx context.Context, m *migrator.Migrator, cfg *pgconn.Config) error {
		_, err := m.Move(ctx, cfg, verb, targets...)
		return err
	}
}

// Each call ends, whatever of the ledger is locked, by a session or by a prepared transaction.
// It succeeds without the lock, or names who holds it.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	needPrepared(t)
	locks := map[string]string{
		"lock":      ledger.Tables{}.TryLock(),
		"meta":      "LOCK TABLE ambix_meta IN ACCESS EXCLUSIVE MODE",
		"revisions": "LOCK TABLE ambix_revision IN ACCESS EXCLUSIVE MODE",
		"events":    "LOCK TABLE ambix_event IN ACCESS EXCLUSIVE MODE",
		"written":   "UPDATE ambix_meta SET generation = generation",
		"shared":    "LOCK TABLE ambix_revision, ambix_meta, ambix_event IN SHARE MODE",
	}
	for locked, sql := range locks {
		for _, prepared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, prepared %v", locked, prepared), func(t *testing.T) {
				t.Parallel()
				// Calls that wait for seconds do so at the same time, in databases of their own.
				var calling sync.WaitGroup
				for calls := range slices.Chunk(slices.Sorted(maps.Keys(boundedCalls)), 2) {
					url := pgtest.Database(t)
					m := projecttest.Shop(t).Migrator(migrator.Config{LockTimeout: 100 * time.Millisecond, WaitRunner: 300 * time.Millisecond, RetryFor: 300 * time.Millisecond})
					cfg := projecttest.Config(t, url)
					if _, err := m.Up(context.Background(), cfg, "b2"); err != nil {
						t.Fatal(err)
					}
					name := "blocks " + pgtest.Value(t, url, "SELECT right(current_database(), 20)") // application_name is cut
					if prepared {
						prepareTransaction(t, url, name, sql)
						name = "prepared transaction '" + name + "' of role postgres, prepared "
					} else {
						holder := projecttest.Config(t, url)
						holder.RuntimeParams["application_name"] = name
						projecttest.Hold(t, holder, "BEGIN; "+sql)
					}
					calling.Go(func() {
						for _, call := range calls {
							checkBound(t, call, name, func(ctx context.Context) error { return boundedCalls[call](ctx, m, cfg) })
						}
					})
				}
				calling.Wait()
			})
		}
	}
}

func checkBound(t *testing.T, call, holder string, do func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	err := do(ctx)
	switch kind := kindOf(err); {
	case ctx.Err() != nil:
		t.Errorf("%s: did not end: %v", call, err)
	case err == nil, kind == migrator.KindRepair, kind == migrator.KindAdopt: // without the lock
	case kind != migrator.KindBusy && kind != migrator.KindLockTimeout:
		t.Errorf("%s: %s: %v", call, kind, err)
	case !strings.Contains(err.Error(), holder):
		t.Errorf("%s: does not name the holder: %v", call, err)
	}
}

// Revisions without a limit for locks have one for the ledger.
func TestUnlimitedLocksDoNotApplyToTheLedger(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
		for _, sql := range []string{"UPDATE ambix_meta SET generation = generation", "LOCK TABLE ambix_revision IN ACCESS EXCLUSIVE MODE", "LOCK TABLE ambix_event IN ACCESS EXCLUSIVE MODE"} {
			t.Run(header+" "+sql, func(t *testing.T) {
				t.Parallel()
				url := pgtest.Database(t)
				cfg := projecttest.Config(t, url)
				m := projecttest.New(t).Add("a", "", "SELECT 1;", "", header).Migrator(migrator.Config{LockTimeout: -1, RetryFor: -1})
				if _, err := m.EnsureLedger(context.Background(), cfg); err != nil {
					t.Fatal(err)
				}
				projecttest.Hold(t, cfg, "BEGIN; "+sql)
				ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
				defer cancel()
				_, err := m.Up(ctx, cfg)
				if kindOf(err) != migrator.KindLockTimeout || !strings.Contains(err.Error(), "locked by process ") {
					t.Error(err)
				}
			})
		}
	}
}

// The version table that is adopted may be locked.
func TestLockedVersionTableIsReported(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	pgtest.Exec(t, url, versionTables["Alembic"])
	projecttest.Hold(t, cfg, "BEGIN; LOCK TABLE alembic_version")
	m := projecttest.Shop(t).Migrator(migrator.Config{LockTimeout: 100 * time.Millisecond})
	if _, err := m.Adopt(context.Background(), cfg, migrator.Adopt{}); kindOf(err) != migrator.KindLockTimeout || !strings.Contains(err.Error(), "cannot read public.alembic_version: ") || !strings.Contains(err.Error(), "it is locked by process ") {
		t.Error(err)
	}
}

// A revision that waits for a prepared transaction reports it.
func TestBlockingPreparedTransactionIsReported(t *testing.T) {
	t.Parallel()
	needPrepared(t)
	for _, sql := range []string{"LOCK TABLE account IN ACCESS EXCLUSIVE MODE", "UPDATE account SET id = 2"} {
		url := pgtest.Database(t)
		pgtest.Exec(t, url, "CREATE TABLE account (id int); INSERT INTO account VALUES (1)")
		name := "blocks " + pgtest.Value(t, url, "SELECT current_database()")
		release := prepareTransaction(t, url, name, sql)
		var blockers []migrator.Session
		m := projecttest.New(t).Add("a", "", "UPDATE account SET id = 3;", "").Migrator(migrator.Config{LockTimeout: -1, OnEvent: func(e migrator.Event) {
			if b, ok := e.(migrator.StepBlocked); ok {
				blockers = b.Blockers
				release()
			}
		}})
		ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
		if _, err := m.Up(ctx, projecttest.Config(t, url)); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
		cancel()
		if len(blockers) != 1 || blockers[0].Prepared != name || blockers[0].User != "postgres" || blockers[0].Running <= 0 {
			t.Errorf("%s: %+v", sql, blockers)
		}
	}
}

func kindOf(err error) migrator.Kind {
	var e interface{ Kind() migrator.Kind }
	if errors.As(err, &e) {
		return e.Kind()
	}
	return ""
}

func needPrepared(t *testing.T) {
	t.Helper()
	if pgtest.Value(t, pgtest.Database(t), "SHOW max_prepared_transactions") == "0" {
		t.Skip("the server allows no prepared transactions")
	}
}

// prepareTransaction leaves a prepared transaction that has run statements, until release is
// called or the test ends.
func prepareTransaction(t *testing.T, url, name, sql string) (release func()) {
	t.Helper()
	pgtest.Exec(t, url, "BEGIN; "+sql+"; PREPARE TRANSACTION '"+name+"'")
	released := false
	release = func() {
		if !released {
			released = true
			pgtest.Exec(t, url, "ROLLBACK PREPARED '"+name+"'")
		}
	}
	t.Cleanup(release)
	return release
}

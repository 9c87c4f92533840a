package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/revision"
)

func TestExitCodeOfEachError(t *testing.T) {
	t.Parallel()
	failed := &apply.RevisionError{SQLState: "55P03", Err: &pgconn.PgError{Code: "55P03"}}
	_, unknownFlag := new(pflag.FlagSet).GetBool("wobble")
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("somebody else's"), 1},
		{failed, 1},
		{&migrator.UsageError{}, 2},
		{unknownFlag, 2},
		{&dbenv.Error{}, 2},
		{&migrator.ConfigError{}, 2},
		{&ledger.NameError{}, 2},
		{&migrator.TargetError{}, 2},
		{&plan.IrreversibleError{}, 2},
		{&plan.UnfinishedError{}, 2},
		{&migrator.OtherLedgerError{}, 2},
		{&apply.PoolerError{}, 2},
		{&apply.SingleError{}, 2},
		{&revision.NameError{}, 2},
		{&revision.ExistsError{}, 2},
		{&migrator.PolicyError{}, 4},
		{&ledger.NewerError{}, 4},
		{&plan.JoinError{}, 4},
		{&apply.EditedError{}, 4},
		{&apply.UndecidedError{}, 4},
		{&apply.BusyError{}, 5},
		{&apply.LockTimeoutError{RevisionError: failed}, 5},
		{&apply.IndexBuildError{}, 5},
		{&pg.ConnectError{Err: errors.New("refused")}, 6},
		{&pg.LostError{Err: errors.New("reset")}, 6},
		{&pg.StatementError{Err: &pgconn.PgError{Code: "57P01"}}, 6},
		{&apply.UnknownOutcomeError{Err: context.Canceled}, 6},
		{&apply.LedgerError{Err: &pgconn.PgError{Code: "42501"}}, 6},
		{&ledger.DecodeError{}, 6},
		{revision.Problems{{}}, 7},
		{revision.Problem{}, 7},
		{&fs.PathError{Err: fs.ErrPermission}, 7},
		{context.Canceled, 130},
		{&apply.InterruptedError{Err: context.Canceled}, 130},
	}
	for _, test := range tests {
		if got := cli.ExitCode(test.err); got != test.want {
			t.Errorf("%T: exit code %d, want %d", test.err, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := cli.ExitCode(fmt.Errorf("shop: %w", test.err)); got != test.want {
			t.Errorf("wrapped %T: exit code %d, want %d", test.err, got, test.want)
		}
	}
}

// The cause of a context from signal.NotifyContext tells the signal.
func TestExitCodeOfNotifyContext(t *testing.T) {
	for _, test := range []struct {
		signal os.Signal
		want   int
	}{{syscall.SIGTERM, 143}, {os.Interrupt, 130}} {
		ctx, stop := signal.NotifyContext(context.Background(), test.signal)
		if err := syscall.Kill(os.Getpid(), test.signal.(syscall.Signal)); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		if got := cli.ExitCode(&apply.InterruptedError{Err: context.Cause(ctx)}); got != test.want {
			t.Errorf("%v: exit code %d, want %d", test.signal, got, test.want)
		}
		stop()
	}
}

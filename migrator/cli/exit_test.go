package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/revision"
)

func TestExitCodeOfEachError(t *testing.T) {
	t.Parallel()
	failed := &migrator.RevisionError{SQLState: "55P03"}
	_, unknownFlag := new(pflag.FlagSet).GetBool("wobble")
	refused := func(r migrator.Refusal) error { return &migrator.RefusedError{Reason: r} }
	ledger := func(p migrator.LedgerProblem) error { return &migrator.LedgerError{Problem: p} }
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("an error of another package"), 1},
		{failed, 1},
		{&settings.UsageError{}, 2},
		{unknownFlag, 2},
		{&dbenv.Error{}, 2},
		{&migrator.ConfigError{}, 2},
		{&migrator.TargetError{}, 2},
		{refused(migrator.RefusedIrreversible), 2},
		{refused(migrator.RefusedUnfinished), 2},
		{refused(migrator.RefusedPooler), 2},
		{refused(migrator.RefusedSingleTransaction), 2},
		{refused(migrator.RefusedRepair), 2},
		{ledger(migrator.LedgerElsewhere), 2},
		{&migrator.AdoptError{}, 2},
		{&revision.NameError{}, 2},
		{&revision.ExistsError{}, 2},
		{&migrator.PolicyError{}, 4},
		{ledger(migrator.LedgerNewer), 4},
		{ledger(migrator.LedgerForeign), 4},
		{refused(migrator.RefusedFileModified), 4},
		{refused(migrator.RefusedUnknownOutcome), 4},
		{&migrator.GuardError{RevisionError: failed}, 4},
		{&migrator.BusyError{}, 5},
		{&migrator.LockTimeoutError{RevisionError: failed}, 5},
		{refused(migrator.RefusedIndexBuild), 5},
		{&migrator.ConnectError{}, 6},
		{&migrator.ConnectError{Problem: migrator.ConnectLost}, 6},
		{&pgconn.PgError{Code: "57P01"}, 6},
		{&migrator.UnknownOutcomeError{}, 6},
		{&migrator.UnconfirmedError{}, 6},
		{ledger(migrator.LedgerLocked), 5},
		{ledger(migrator.LedgerUnusable), 6},
		{&migrator.FilesError{}, 7},
		{revision.Problems{{}}, 7},
		{revision.Problem{}, 7},
		{&fs.PathError{Err: fs.ErrPermission}, 7},
		{&revision.WriteError{Err: fs.ErrPermission}, 8},
		{&revision.MovedError{}, 2},
		{context.Canceled, 130},
		{&migrator.InterruptedError{}, 130},
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

// What cannot be printed is no fault of the files, and what the command did stays done.
func TestExitCodeOfAFullStandardOutput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"heads"}, {"heads", "--json"}, {"graph"}, {"completion", "bash"}, {"version"}, {"help", "up"}} {
		cmd := cli.Command(cli.Config{FS: line(), Environ: []string{}})
		cmd.SetArgs(args)
		cmd.SetOut(fullDisk{})
		cmd.SetErr(io.Discard)
		cmd.SilenceErrors = true
		err := cmd.Execute()
		if got := cli.ExitCode(err); got != 8 || !strings.HasPrefix(err.Error(), "standard output cannot be written: no space left on device") {
			t.Errorf("%q: exit code %d, %v", args, got, err)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
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
		cfg, err := pgconn.ParseConfig("postgres://127.0.0.1:1/nothing")
		if err != nil {
			t.Fatal(err)
		}
		m, err := migrator.New(fstest.MapFS{}, migrator.Config{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = m.Up(ctx, cfg)
		if got := cli.ExitCode(err); got != test.want {
			t.Errorf("%v: %v, exit code %d, want %d", test.signal, err, got, test.want)
		}
		stop()
	}
}

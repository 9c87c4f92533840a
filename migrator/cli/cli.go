package cli

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
)

// Config configures the command. The zero value reads the revisions from the folder sql.
type Config struct {
	// FS contains the embedded revisions, usually an embed.FS. If it is nil, they are read
	// from the folder that --dir names.
	FS fs.FS
	// Program is the program's name, for Main. The default is the base of os.Args[0].
	Program string
	// Version is the program's version, shown by `version` and recorded in the ledger. The
	// default is the version of the main module in the build information.
	Version string
	// BeforeConnect, if not nil, may change the configuration before each connection, for
	// example to set a token or a rotated password.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// NoShorthands omits -v, -m and -r. A tree whose persistent flags use one of them needs
	// it: cobra panics if two flags have the same shorthand.
	NoShorthands bool
	// Environ is the environment as "NAME=value". The default is os.Environ().
	Environ []string
}

// Main runs the program with the arguments of this process and returns its exit code. The
// first SIGINT or SIGTERM cancels the running statement and waits for its end; a second
// one makes Main return at once.
func Main(c Config) int {
	delayGC()
	p := newProgram(c)
	p.handlesSignals = true
	root := p.root()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	go func() { done <- root.ExecuteContext(ctx) }()
	for {
		select {
		case err := <-done:
			p.printError(os.Stderr, err)
			return ExitCode(err)
		case s := <-signals:
			if ctx.Err() != nil {
				return signalError{s}.code()
			}
			cancel(signalError{s})
		}
	}
}

// Command returns a new command `migrate` with all its subcommands. It may be executed more
// than once, but not concurrently.
func Command(c Config) *cobra.Command { return newProgram(c).migrate() }

// Package cli is the command line: the command `migrate` to hang into a cobra tree of
// your own, and Main, a whole program around it.
//
//	os.Exit(cli.Main(cli.Config{FS: files}))                // your own main
//	root.AddCommand(cli.Command(cli.Config{FS: files}))     // your own tree
//
// Results go to standard output, everything else to standard error. In a tree of your
// own nothing is printed about an error: the command returns it, its text says all that
// a person should read, and ExitCode tells what to exit with. Whoever executes the tree
// with a context of their own (signal.NotifyContext) interrupts the command with it;
// SIGINT and SIGTERM do so by themselves while the command runs.
package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
)

// Config says what the command works with. The zero value reads the revisions in the
// folder sql.
type Config struct {
	// FS holds the revisions that are built into the program: an embed.FS. Nil: there
	// are none, and the folder that --dir names is read.
	FS fs.FS
	// Program is the program's name, for Main. "": the name it was started by.
	Program string
	// Version is the program's version, shown by `version` and recorded in the ledger.
	// "": the main module's, as the build knows it.
	Version string
	// BeforeConnect may change the configuration before each connection: a token, a
	// rotated password. Nil: nothing.
	BeforeConnect func(context.Context, *pgconn.Config) error
	// NoShorthands leaves out -v, -m and -r, for a tree whose persistent flags use one of
	// them for something else: cobra ends the program with a panic then.
	NoShorthands bool
	// Environ holds the environment as "NAME=value". Nil: os.Environ().
	Environ []string
}

// Main runs the program with the arguments of this process and returns its exit code.
// The first SIGINT or SIGTERM cancels what runs on the server and waits for its end; a
// second one ends at once.
func Main(c Config) int {
	delayCollection()
	p := newProgram(c)
	p.watched = true
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
			p.tell(os.Stderr, err)
			return ExitCode(err)
		case s := <-signals:
			if ctx.Err() != nil {
				return signalError{s}.code()
			}
			cancel(signalError{s})
		}
	}
}

// Command gives the command `migrate` with all its subcommands. Each call gives a new
// one, which may be executed more than once, but not at the same time.
func Command(c Config) *cobra.Command { return newProgram(c).migrate() }

// program is what the commands of one tree share.
type program struct {
	Config
	settings *settings.Settings
	negative settings.NegativeArgs
	// watched says that Main listens to signals.
	watched bool
}

func newProgram(c Config) *program {
	if c.Program == "" {
		c.Program = filepath.Base(os.Args[0])
	}
	if c.Version == "" {
		c.Version = buildVersion()
	}
	return &program{Config: c, settings: settings.New()}
}

// shorthand is the letter of a flag, or "".
func (p *program) shorthand(flag string) string {
	if p.NoShorthands {
		return ""
	}
	switch flag {
	case "verbose":
		return "v"
	case "message":
		return "m"
	case "range":
		return "r"
	}
	return ""
}

func (p *program) environ() []string {
	if p.Environ != nil {
		return p.Environ
	}
	return os.Environ()
}

func (p *program) newOutput(w io.Writer) *terminal.Output {
	return terminal.NewOutput(w, p.settings.Color, p.environ())
}

func (p *program) newLogger(w io.Writer) *terminal.Logger {
	return terminal.NewLogger(w, terminal.LogOptions{
		JSON: p.settings.LogFormat == settings.LogJSON, Quiet: p.settings.Quiet, Verbose: p.settings.Verbose,
	})
}

func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// root is the program around `migrate`.
func (p *program) root() *cobra.Command {
	root := p.group(&cobra.Command{
		Use:     p.Program,
		Short:   "migrates a PostgreSQL schema with the revisions that are built into it",
		Version: p.Version,
		Example: p.Program + " migrate up\n" + p.Program + " migrate status\n" + p.Program + " migrate --help",
	})
	root.SilenceErrors = true // Main prints them
	root.AddCommand(p.migrate(), p.version(), p.completion())
	root.SetHelpCommand(p.help(root))
	root.SetHelpFunc(p.showHelp)
	root.SetUsageFunc(p.showUsage)
	root.SetFlagErrorFunc(p.flagError)
	return root
}

// migrate is the command that holds all others.
func (p *program) migrate() *cobra.Command {
	m := p.group(&cobra.Command{
		Use:   "migrate",
		Short: "move the database's schema, and see where it is",
		Long:  migrateText,
	})
	m.PersistentFlags().SortFlags = false
	p.settings.AddFlags(m.PersistentFlags(), p.shorthand)
	m.AddCommand(
		p.up(), p.down(), p.to(), p.redo(), p.stamp(), p.plan(),
		p.status(), p.current(), p.heads(), p.branches(), p.bases(), p.history(), p.show(), p.log(), p.check(),
		p.ensureVersion(), p.repair(), p.adopt(),
		p.initialize(), p.revision(), p.merge(), p.edit(), p.rebase(),
		p.version(), p.completion(),
	)
	m.AddCommand(p.help(m))
	m.SetHelpFunc(p.showHelp)
	m.SetUsageFunc(p.showUsage)
	m.SetFlagErrorFunc(p.flagError)
	return m
}

// signalError is the cause of a context that a signal has ended.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return e.signal.String() + " signal received" }

// Is makes the signal one way of being cancelled, as signal.NotifyContext does.
func (e signalError) Is(target error) bool { return target == context.Canceled }

func (e signalError) code() int {
	if e.signal == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}

// interruptible gives a context that ends with the first SIGINT or SIGTERM. A second
// one does again what signals do in this program.
func (p *program) interruptible(parent context.Context) (context.Context, func()) {
	if parent == nil {
		parent = context.Background()
	}
	if p.watched {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			cancel(signalError{s})
		case <-ctx.Done():
		}
		signal.Stop(signals)
	}()
	return ctx, func() { cancel(errFinished) }
}

var errFinished = errors.New("the command has ended")

package cli

import (
	"context"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
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
	// Defaults replaces the default values of settings, by the names of their flags:
	// {"lock-timeout": "10s", "ledger": "app.ambix"}. Variables and flags still override
	// them. An unknown name or an invalid value is an error of every command that uses
	// settings, with exit code 2; so is a default of --database-url.
	Defaults map[string]string
	// OnEvent, if not nil, is called with the events of every run, like OnEvent of
	// migrator.Config. What the commands print is not affected.
	OnEvent func(migrator.Event)
	// Commands are added to the program by Main, next to `migrate`. They have its help and,
	// if their errors have a method Kind as those of package migrator do, its exit codes.
	Commands []*cobra.Command
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
	tuneGC()
	p := newProgram(c)
	p.handlesSignals = true
	root := p.root()
	root.SetOut(terminal.Guard(os.Stdout))
	root.SetErr(terminal.Guard(os.Stderr))
	root.SetArgs(completionArgs(os.Args[1:]))
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
			if err == nil && p.helpError != nil {
				err = p.fail(root, p.helpError, nil, advice{})
			}
			p.printError(os.Stderr, err)
			return ExitCode(err)
		case s := <-signals:
			if s == os.Interrupt && p.editing.Load() {
				continue
			}
			if ctx.Err() != nil {
				p.warnOfScratch(p.newLogger(os.Stderr))
				return signalError{s}.code()
			}
			cancel(signalError{s})
		}
	}
}

// Command returns a new command `migrate` with all its subcommands. It may be executed more
// than once, but not concurrently.
func Command(c Config) *cobra.Command { return newProgram(c).migrate() }

// run is one execution of a command.
type run struct {
	*program
	cmd  *cobra.Command
	ctx  context.Context
	args []string
	out  *terminal.Output
	log  *terminal.Logger
	// document is what --json prints. If it is nil after a failure, the document consists of
	// the error.
	document any
	// after is added to an error: what was committed, as a text of its own lines, and what
	// to run next if the error itself does not say it.
	after advice
	// dirGiven is true if --dir or its variable names the folder of the revisions, for
	// commands that write them.
	dirGiven bool
	// many is true if the command is for many targets; listed are those of --each-file.
	// configured is the database in which the targets are looked up, or nil.
	many       bool
	listed     []listedTarget
	configured *pgconn.Config
	// opened is the migrator to close at the end, or nil.
	opened *migrator.Migrator
}

// execute returns the function that executes an action with the arguments that were
// checked before.
func (p *program) execute(a *action, args *[]string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		ctx, stop := p.withSignals(cmd.Context())
		defer stop()
		r := &run{
			program: p, cmd: cmd, ctx: ctx, args: *args,
			out: p.newOutput(cmd.OutOrStdout()), log: p.newLogger(cmd.ErrOrStderr()),
		}
		defer context.AfterFunc(ctx, func() {
			if p.handlesSignals && ctx.Err() != nil {
				r.warn(eventSignal, context.Cause(ctx).Error()+": canceling; a second signal exits at once")
			}
		})()
		if !a.allowBadSettings {
			for _, text := range p.settings.UnknownVariables(p.environ()) {
				r.warn(eventVariable, text)
			}
		}
		err := a.run(r)
		if r.opened != nil {
			r.opened.Close()
		}
		r.log.EndStep()
		if err == nil && r.document != nil && p.settings.JSON {
			r.out.JSON(r.document)
		}
		if err == nil && r.out.Err() != nil {
			err = r.out.Err()
		}
		return p.fail(cmd, err, r.document, r.after)
	}
}

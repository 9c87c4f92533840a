package cli

import (
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// program is the state that the commands of one tree share.
type program struct {
	Config
	settings *settings.Settings
	negative settings.NegativeArgs
	// helpError is why help was not printed: cobra's function for it returns no error.
	helpError error
	// editing is true while an editor runs: interrupts are for it.
	editing atomic.Bool
	// handlesSignals is true in Main, which handles signals itself.
	handlesSignals bool
	migrateCommand *cobra.Command                  // the parent of all commands
	running        *cobra.Command                  // the command that is being executed
	scratch        sync.Map                        // the names of the scratch databases that exist now
	args           []string                        // its arguments, once they were checked
	source         atomic.Pointer[migrator.Origin] // what the records of the log are about
	addressShown   bool                            // the log has the address of the database
	focusOnly      []flagValue                     // that select nothing but focus, or nil
	focus          *targetFocus                    // the target of many that advice is about, or nil
	urlFlag        string                          // the flag with the URL of the database that advice is about; "": the configured one
	again          []string                        // the operation and targets that finish a run; nil: the same
}

func newProgram(c Config) *program {
	if c.Program == "" {
		c.Program = filepath.Base(os.Args[0])
	}
	if c.Version == "" {
		c.Version = migrator.BuildVersion()
	}
	return &program{Config: c, settings: settings.New(c.Defaults)}
}

// root returns the command of the program, the parent of `migrate`.
func (p *program) root() *cobra.Command {
	root := p.parent(&cobra.Command{
		Use:     p.Program,
		Short:   "upgrades and downgrades a PostgreSQL database with its embedded revisions",
		Version: p.Version,
		Example: p.Program + " migrate up\n" + p.Program + " migrate status\n" + p.Program + " migrate --help",
	})
	root.SilenceErrors = true // Main prints them
	root.AddCommand(p.migrate(), p.version(), p.completion())
	root.AddCommand(p.Commands...)
	root.SetHelpCommand(p.help(root))
	root.SetHelpFunc(p.showHelp)
	root.SetUsageFunc(p.showUsage)
	root.SetFlagErrorFunc(p.flagError)
	return root
}

// migrate returns the parent of all other commands.
func (p *program) migrate() *cobra.Command {
	m := p.parent(&cobra.Command{
		Use:   "migrate",
		Short: "upgrade, downgrade and inspect the database",
		Long:  migrateHelp,
	})
	p.migrateCommand = m
	m.PersistentFlags().SortFlags = false
	p.settings.AddFlags(m.PersistentFlags(), p.shorthand)
	p.completeFlags(m, m.PersistentFlags())
	m.AddCommand(
		p.up(), p.down(), p.to(), p.redo(), p.stamp(), p.plan(),
		p.status(), p.current(), p.heads(), p.branches(), p.bases(), p.history(), p.graph(), p.show(), p.log(), p.report(), p.check(), p.schema(), p.diff(), p.rehearse(),
		p.ensureVersion(), p.repair(), p.adopt(),
		p.initialize(), p.revision(), p.merge(), p.edit(), p.rebase(), p.squash(),
		p.version(), p.completion(),
	)
	m.AddCommand(p.help(m))
	m.SetHelpFunc(p.showHelp)
	m.SetUsageFunc(p.showUsage)
	m.SetFlagErrorFunc(p.flagError)
	return m
}

// shorthand returns the letter of a flag, or "".
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

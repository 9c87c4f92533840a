package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
)

// settings are what flags and variables say. A flag beats its variable, that beats the
// default.
type settings struct {
	dir, databaseURL, ledger, role string
	json, quiet, verbose           bool
	color, logFormat               string
	ahead, changed, outOfOrder     string
	flush                          string
	single                         bool

	wait, waitRunner, lockTimeout, retryFor, statementTimeout time.Duration
}

// The choices of --log-format.
const (
	logText = "text"
	logJSON = "json"
)

// The parts of the help under which settings are shown.
const (
	groupDatabase = "Database"
	groupRun      = "Run"
	groupPolicy   = "Policies of up"
	groupFiles    = "Files"
	groupOutput   = "Output"
)

// option is one setting: a flag, and the variable that stands in for it.
type option struct {
	group          string
	flag, variable string
	word           string // what the value is, in the help; "" for a switch
	initial        string
	usage          string
	value          pflag.Value
}

// options are all settings in the order of the help. The flag --database-url has no
// variable here: DATABASE_URL and its relatives belong to package dbenv.
func (s *settings) options() []option {
	choice := func(value *string, choices ...string) pflag.Value { return &choiceValue{value, choices} }
	return []option{
		{groupDatabase, "database-url", "", "URL", "", "instead of the variables on the right", (*urlValue)(&s.databaseURL)},
		{groupDatabase, "ledger", "MIGRATE_LEDGER", "SCHEMA.PREFIX", "public.ambix", "where the version tables are", (*ledgerValue)(&s.ledger)},
		{groupDatabase, "role", "MIGRATE_ROLE", "ROLE", "", "SET ROLE for revisions and ledger", (*textValue)(&s.role)},
		{groupDatabase, "wait", "MIGRATE_WAIT", "DURATION", "0s", "wait until the server answers", (*durationValue)(&s.wait)},

		{groupRun, "wait-runner", "MIGRATE_WAIT_RUNNER", "DURATION", "10m", "wait for another runner", (*durationValue)(&s.waitRunner)},
		{groupRun, "lock-timeout", "MIGRATE_LOCK_TIMEOUT", "DURATION", "5s", "wait for a table's lock; 0s: for ever", (*durationValue)(&s.lockTimeout)},
		{groupRun, "retry-for", "MIGRATE_RETRY_FOR", "DURATION", "2m", "try a revision again that got no lock", (*durationValue)(&s.retryFor)},
		{groupRun, "statement-timeout", "MIGRATE_STATEMENT_TIMEOUT", "DURATION", "0s", "limit of each statement; 0s: none", (*durationValue)(&s.statementTimeout)},
		{groupRun, "single-transaction", "MIGRATE_SINGLE_TRANSACTION", "", "false", "the whole run or nothing", (*switchValue)(&s.single)},
		{groupRun, "flush", "MIGRATE_FLUSH", "end|every", "end", "when revisions are made durable", choice(&s.flush, "end", "every")},
		{groupPolicy, "ahead", "MIGRATE_AHEAD", "auto|ok|fail", "auto", "when revisions unknown here are applied", choice(&s.ahead, "auto", "ok", "fail")},
		{groupPolicy, "changed", "MIGRATE_CHANGED", "warn|ok|fail", "warn", "when applied files have changed", choice(&s.changed, "warn", "ok", "fail")},
		{groupPolicy, "out-of-order", "MIGRATE_OUT_OF_ORDER", "fail|ok", "fail", "when something lies below applied ones", choice(&s.outOfOrder, "fail", "ok")},

		{groupFiles, "dir", "MIGRATE_DIR", "DIR", "", "read this folder, not what is built in", (*textValue)(&s.dir)},

		{groupOutput, "json", "MIGRATE_JSON", "", "false", "one JSON document on standard output", (*switchValue)(&s.json)},
		{groupOutput, "quiet", "MIGRATE_QUIET", "", "false", "only the result, warnings and errors", (*switchValue)(&s.quiet)},
		{groupOutput, "verbose", "MIGRATE_VERBOSE", "", "false", "more details, and the server's NOTICEs", (*switchValue)(&s.verbose)},
		{groupOutput, "color", "MIGRATE_COLOR", "auto|always|never", terminal.ColorAuto, "auto: on a terminal without NO_COLOR", choice(&s.color, terminal.ColorAuto, terminal.ColorAlways, terminal.ColorNever)},
		{groupOutput, "log-format", "MIGRATE_LOG_FORMAT", "text|json", logText, "lines for people, or JSON records", choice(&s.logFormat, logText, logJSON)},
	}
}

// reset gives every setting its default.
func (s *settings) reset() {
	*s = settings{}
	for _, o := range s.options() {
		_ = o.value.Set(o.initial) // the defaults are well formed
	}
}

// Where the help finds what pflag does not know.
const (
	annotationGroup    = "ambix_group"
	annotationVariable = "ambix_variable"
	annotationWord     = "ambix_word"
)

// add makes the option a flag.
func (o option) add(flags *pflag.FlagSet, shorthand string) {
	f := flags.VarPF(o.value, o.flag, shorthand, o.usage)
	f.DefValue = o.initial
	f.Annotations = map[string][]string{annotationGroup: {o.group}, annotationVariable: {o.variable}, annotationWord: {o.word}}
	if o.word == "" {
		f.NoOptDefVal = "true"
	}
}

// resolve fills in what no flag has set: the variables, or the defaults. What is wrong
// with the variables is a *dbenv.Error.
func (s *settings) resolve(cmd *cobra.Command, environ []string) error {
	variables := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			variables[name] = value
		}
	}
	var problems []dbenv.Problem
	for _, o := range s.options() {
		if f := cmd.Flags().Lookup(o.flag); f != nil && f.Changed {
			// As with --dir "$DIR": going on with the default would be a surprise.
			if f.Value.String() == "" {
				problems = append(problems, dbenv.Problem{Name: "--" + o.flag, Text: "is empty"})
			}
			continue
		}
		value, ok := variables[o.variable]
		if !ok {
			value = o.initial
		}
		if err := o.set(value); err != nil {
			problems = append(problems, dbenv.Problem{Name: o.variable, Text: err.Error()})
		}
	}
	if len(problems) > 0 {
		return &dbenv.Error{Problems: problems}
	}
	if s.quiet && s.verbose {
		return s.contradiction(cmd)
	}
	return nil
}

// contradiction decides between --quiet and --verbose: a flag beats a variable.
func (s *settings) contradiction(cmd *cobra.Command) error {
	switch quiet, verbose := cmd.Flags().Changed("quiet"), cmd.Flags().Changed("verbose"); {
	case quiet && !verbose:
		s.verbose = false
	case verbose && !quiet:
		s.quiet = false
	default:
		return &migrator.UsageError{Text: "quiet and verbose are both set; choose one"}
	}
	return nil
}

// set takes a value of a variable.
func (o option) set(value string) error {
	if o.flag != "database-url" {
		if err := notURL(value); err != nil {
			return err
		}
	}
	return o.value.Set(value)
}

// misspelt gives the variables that were most likely meant to be ours.
func (s *settings) misspelt(environ []string) []string {
	var ours []string
	for _, o := range s.options() {
		if o.variable != "" {
			ours = append(ours, o.variable)
		}
	}
	var found []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "MIGRATE_") || slices.Contains(ours, name) {
			continue
		}
		if near := nearest(name, ours); near != "" {
			found = append(found, "the variable "+name+" means nothing here; did you mean "+near+"?")
		}
	}
	return found
}

// config is the part of the settings that the library reads.
func (p *program) config() migrator.Config {
	// In the library zero is the default and negative is none, here zero is none.
	none := func(d time.Duration) time.Duration {
		if d == 0 {
			return -1
		}
		return d
	}
	s := &p.settings
	return migrator.Config{
		Ledger: s.ledger, Role: s.role, Version: p.Version,
		Wait: s.wait, WaitRunner: none(s.waitRunner), LockTimeout: none(s.lockTimeout), RetryFor: none(s.retryFor),
		StatementTimeout: s.statementTimeout, SingleTransaction: s.single, FlushEvery: s.flush == "every",
		Ahead: migrator.Policy(s.ahead), Changed: migrator.Policy(s.changed), OutOfOrder: migrator.Policy(s.outOfOrder),
	}
}

package settings

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/text"
)

// Settings are the values of the options. A flag overrides its variable, and a variable
// overrides the default.
type Settings struct {
	Dir, DatabaseURL, Role     string
	Ledger, LedgerOwner        string
	JSON, Quiet, Verbose       bool
	Color, LogFormat           string
	Ahead, Changed, OutOfOrder string
	Flush, Send, Fingerprint   string
	ScratchURL                 string
	FingerprintIgnore          []string
	SingleTransaction          bool
	LedgerNamed                bool // by a flag, a variable or the program; Ledger may be the default all the same

	defaults        map[string]string // by flag; they replace those of options
	invalidDefaults []dbenv.Problem

	// Zero means no waiting, no limit or no retry, as the option's usage says.
	Wait, WaitRunner, LockTimeout, RetryFor, StatementTimeout time.Duration

	Guard int64 // bytes; 0: off
}

// The choices of --log-format.
const (
	LogText = "text"
	LogJSON = "json"
)

// The headings of the help below which options are listed.
const (
	GroupDatabase = "Database"
	GroupRun      = "Run"
	GroupPolicy   = "Policies of up"
	GroupScratch  = "Scratch databases"
	GroupFiles    = "Files"
	GroupOutput   = "Output"
)

// Groups returns the headings in the order of the help.
func Groups() []string {
	return []string{GroupDatabase, GroupRun, GroupPolicy, GroupScratch, GroupFiles, GroupOutput}
}

// New returns settings with their default values. defaults replaces some of them, by the
// names of their flags; Resolve reports unknown and invalid ones.
func New(defaults map[string]string) *Settings {
	s := &Settings{}
	s.defaults, s.invalidDefaults = checkDefaults(defaults)
	for _, o := range s.options() {
		_ = o.value.Set(o.initial)
	}
	return s
}

// checkDefaults returns the valid defaults, and what is wrong with the others.
// --database-url has no default: it would override the variables that name a database.
func checkDefaults(defaults map[string]string) (valid map[string]string, problems []dbenv.Problem) {
	options := map[string]option{}
	for _, o := range new(Settings).options() {
		options[o.flag] = o
	}
	valid = map[string]string{}
	for _, flag := range slices.Sorted(maps.Keys(defaults)) {
		o, known := options[flag]
		err := errors.New("unknown flag")
		switch {
		case flag == "database-url":
			err = errors.New("not supported; set DATABASE_URL instead")
		case known:
			err = o.set(defaults[flag])
		}
		if err != nil {
			problems = append(problems, dbenv.Problem{Name: "default of --" + flag, Text: err.Error()})
		} else {
			valid[flag] = defaults[flag]
		}
	}
	return valid, problems
}

// option is a flag with its environment variable.
type option struct {
	group          string
	flag, variable string
	placeholder    string // of the value in the help; "" for a switch
	initial        string
	usage          string
	value          pflag.Value
}

// options returns all options in the order of the help. Package dbenv reads DATABASE_URL
// and the other variables that name a database, so --database-url has no variable here.
func (s *Settings) options() []option {
	all := []option{
		{GroupDatabase, "database-url", "", "URL", "", "overrides the variables on the right", (*urlValue)(&s.DatabaseURL)},
		{GroupDatabase, "ledger", "MIGRATE_LEDGER", "SCHEMA.PREFIX", "public.ambix", "schema and prefix of the ledger", (*ledgerValue)(&s.Ledger)},
		{GroupDatabase, "role", "MIGRATE_ROLE", "ROLE", "", "run everything as this role (SET ROLE)", (*Text)(&s.Role)},
		{GroupDatabase, "ledger-owner", "MIGRATE_LEDGER_OWNER", "ROLE", "", "another role whose ledger is trusted", (*Text)(&s.LedgerOwner)},
		{GroupDatabase, "wait", "MIGRATE_WAIT", "DURATION", "0s", "how long to wait for the server", (*durationValue)(&s.Wait)},

		{GroupRun, "wait-runner", "MIGRATE_WAIT_RUNNER", "DURATION", "10m", "how long to wait for another runner", (*durationValue)(&s.WaitRunner)},
		{GroupRun, "lock-timeout", "MIGRATE_LOCK_TIMEOUT", "DURATION", "5s", "lock_timeout of revisions; 0s: no limit", (*durationValue)(&s.LockTimeout)},
		{GroupRun, "retry-for", "MIGRATE_RETRY_FOR", "DURATION", "2m", "how long to retry after lock timeouts", (*durationValue)(&s.RetryFor)},
		{GroupRun, "statement-timeout", "MIGRATE_STATEMENT_TIMEOUT", "DURATION", "0s", "statement_timeout of revisions; 0s: none", (*durationValue)(&s.StatementTimeout)},
		{GroupRun, "guard", "MIGRATE_GUARD", "SIZE", "0", "refuse to rewrite or scan larger tables", (*sizeValue)(&s.Guard)},
		{GroupRun, "single-transaction", "MIGRATE_SINGLE_TRANSACTION", "", "false", "run all revisions in one transaction", (*Switch)(&s.SingleTransaction)},
		{GroupRun, "flush", "MIGRATE_FLUSH", "end|every", "end", "when commits are flushed to disk", Choice(&s.Flush, "end", "every")},
		{GroupRun, "send", "MIGRATE_SEND", "UNIT", "auto", "send by message, revision or statement", Choice(&s.Send, "auto", "message", "revision", "statement")},
		{GroupRun, "fingerprint", "MIGRATE_FINGERPRINT", "auto|on|off", "auto", "record what the schema is after the run", Choice(&s.Fingerprint, "auto", "on", "off")},
		{GroupRun, "fingerprint-ignore", "MIGRATE_FINGERPRINT_IGNORE", "GLOB,…", "", "objects that the fingerprint leaves out", (*patternsValue)(&s.FingerprintIgnore)},
		{GroupPolicy, "ahead", "MIGRATE_AHEAD", "auto|ok|fail", "auto", "unknown revisions in the database", Choice(&s.Ahead, "auto", "ok", "fail")},
		{GroupPolicy, "changed", "MIGRATE_CHANGED", "warn|ok|fail", "warn", "applied revisions that were modified", Choice(&s.Changed, "warn", "ok", "fail")},
		{GroupPolicy, "out-of-order", "MIGRATE_OUT_OF_ORDER", "fail|ok", "fail", "pending revisions below applied ones", Choice(&s.OutOfOrder, "fail", "ok")},

		{GroupScratch, "scratch-url", "MIGRATE_SCRATCH_URL", "URL", "", "a server where databases can be created", (*urlValue)(&s.ScratchURL)},

		{GroupFiles, "dir", "MIGRATE_DIR", "DIR", "", "read this folder, not the embedded revisions", (*Text)(&s.Dir)},

		{GroupOutput, "json", "MIGRATE_JSON", "", "false", "print one JSON document", (*Switch)(&s.JSON)},
		{GroupOutput, "quiet", "MIGRATE_QUIET", "", "false", "print only the result, warnings and errors", (*Switch)(&s.Quiet)},
		{GroupOutput, "verbose", "MIGRATE_VERBOSE", "", "false", "print details, and NOTICEs of the server", (*Switch)(&s.Verbose)},
		{GroupOutput, "color", "MIGRATE_COLOR", "auto|always|never", terminal.ColorAuto, "auto: on a terminal without NO_COLOR", Choice(&s.Color, terminal.ColorAuto, terminal.ColorAlways, terminal.ColorNever)},
		{GroupOutput, "log-format", "MIGRATE_LOG_FORMAT", "text|json", LogText, "lines of text, or JSON records", Choice(&s.LogFormat, LogText, LogJSON)},
	}
	for i, o := range all {
		if value, ok := s.defaults[o.flag]; ok {
			all[i].initial = value
		}
	}
	return all
}

// Resolve sets every option without a flag on the command line from its variable, or to
// its default. Invalid variables and defaults are one *dbenv.Error, --quiet with --verbose
// is a *UsageError.
func (s *Settings) Resolve(flags *pflag.FlagSet, environ []string) error {
	variables := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" {
			variables[name] = value
		}
	}
	if len(s.invalidDefaults) > 0 {
		return &dbenv.Error{Problems: s.invalidDefaults}
	}
	var problems []dbenv.Problem
	for _, o := range s.options() {
		if o.flag == "ledger" {
			s.LedgerNamed = s.defaults[o.flag] != "" || variables[o.variable] != "" || flags.Changed(o.flag)
		}
		if f := flags.Lookup(o.flag); f != nil && f.Changed {
			// --dir "$DIR" with an empty variable must not mean the default.
			if f.Value.String() == "" {
				problems = append(problems, dbenv.Problem{Name: "--" + o.flag, Text: "must not be empty"})
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
	if s.Quiet && s.Verbose {
		return s.chooseVerbosity(flags)
	}
	return nil
}

// chooseVerbosity decides between quiet and verbose when both are set: a flag overrides
// a variable.
func (s *Settings) chooseVerbosity(flags *pflag.FlagSet) error {
	switch quiet, verbose := flags.Changed("quiet"), flags.Changed("verbose"); {
	case quiet && !verbose:
		s.Verbose = false
	case verbose && !quiet:
		s.Quiet = false
	default:
		return &UsageError{Text: "--quiet and --verbose are mutually exclusive"}
	}
	return nil
}

// set sets the option to the value of a variable.
func (o option) set(value string) error {
	if o.flag != "database-url" && o.flag != "scratch-url" {
		if err := RefuseURL(value); err != nil {
			return err
		}
	}
	return o.value.Set(value)
}

// UnknownVariables returns a warning for each variable whose name is similar to that of an
// option's variable.
func (s *Settings) UnknownVariables(environ []string) []string {
	var known []string
	for _, o := range s.options() {
		if o.variable != "" {
			known = append(known, o.variable)
		}
	}
	var found []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "MIGRATE_") || slices.Contains(known, name) {
			continue
		}
		if near := text.Nearest(name, known); near != "" {
			found = append(found, "unknown variable "+name+"; did you mean "+near+"?")
		}
	}
	return found
}

// OnWithoutFlag reports whether a switch is on if its flag is not given: by its variable,
// or by its default.
func (s *Settings) OnWithoutFlag(flag string, environ []string) bool {
	for _, o := range s.options() {
		if o.flag != flag || o.placeholder != "" {
			continue
		}
		value := o.initial
		for _, entry := range environ {
			if set, ok := strings.CutPrefix(entry, o.variable+"="); ok && set != "" {
				value = set
			}
		}
		on, err := strconv.ParseBool(value)
		return err == nil && on
	}
	return false
}

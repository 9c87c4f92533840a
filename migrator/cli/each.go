package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// eachFlags are the flags that run a command for many targets.
type eachFlags struct {
	schema, database, file settings.Text
	query                  settings.Message
	skip, first            settings.List
	workers, canary        settings.Count
	maxFailed              settings.Share
	failedFrom             settings.Text
	jsonLines              settings.Switch
}

// headingTargets is the heading of the help for these flags.
const headingTargets = "Many targets"

func (e *eachFlags) flags(f *pflag.FlagSet) {
	e.workers = 4
	for _, one := range []struct {
		value              pflag.Value
		name, holder, help string
	}{
		{&e.schema, "each-schema", "GLOB", "each of these schemas, with its own ledger"},
		{&e.database, "each-database", "GLOB", "each of these databases of the server"},
		{&e.query, "each-query", "SQL", "each row: target, database, schema, ledger, wave"},
		{&e.file, "each-file", "FILE|-", "each line: a schema, or the URL of a database"},
		{&e.skip, "skip", "GLOB,…", "but not these targets"},
		{&e.failedFrom, "failed-from", "REPORT", "only those that are not done in this --json report"},
		{&e.workers, "workers", "N", "targets at a time [4]"},
		{&e.canary, "canary", "N", "the first N must succeed before the others begin"},
		{&e.first, "first", "NAME,…", "these must succeed before the others begin"},
		{&e.maxFailed, "max-failed", "N|N%", "begin no more after N failures [0]"},
		{&e.jsonLines, "json-lines", "", "print a JSON document for each target"},
	} {
		settings.AddFlag(f, one.value, one.name, "", one.holder, one.help)
		f.Lookup(one.name).Annotations[annotationHeading] = []string{headingTargets}
	}
}

// given reports whether the command is for many targets. It is an error if it is not clear
// for which.
func (e *eachFlags) given(cmd *cobra.Command) (bool, error) {
	var sources, more []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case !f.Changed || f.Annotations[annotationHeading] == nil:
		case strings.HasPrefix(f.Name, "each-"):
			sources = append(sources, "--"+f.Name)
		default:
			more = append(more, "--"+f.Name)
		}
	})
	usage := func(format string, args ...any) (bool, error) {
		return false, &settings.UsageError{Text: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(sources) == 0 && len(more) > 0:
		return usage("%s %s --each-schema, --each-database, --each-query or --each-file", text.List(more, "and"), terminal.Plural(len(more), "requires", "require"))
	case len(sources) == 0:
		return false, nil
	case len(sources) > 1:
		return usage("%s are mutually exclusive", text.List(sources, "and"))
	case cmd.Flags().Lookup(strings.TrimPrefix(sources[0], "--")).Value.String() == "":
		return usage("%s must not be empty", sources[0])
	case cmd.Flags().Changed("workers") && e.workers == 0:
		return usage("--workers must be at least 1")
	case cmd.Flags().Changed("canary") && e.canary == 0:
		return usage("--canary must be at least 1")
	case e.canary > 0 && len(e.first) > 0:
		return usage("--canary and --first are mutually exclusive")
	case bool(e.jsonLines) && cmd.Flags().Changed("json"):
		return usage("--json and --json-lines are mutually exclusive")
	}
	return true, nil
}

// notForMany refuses a flag that has no meaning for many targets, and suggests the command without them.
func (r *run) notForMany(flag, reason string) error {
	var without []flagValue
	each := ""
	r.cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Annotations[annotationHeading] != nil {
			without = append(without, flagValue{f.Name, ""})
			if strings.HasPrefix(f.Name, "each-") {
				each = f.Name
			}
		}
	})
	err := &settings.UsageError{Text: "--" + flag + " and --" + each + " are mutually exclusive: " + reason}
	return suggest(err, suggestion{"", r.sameLine(r.cmd, without...)})
}

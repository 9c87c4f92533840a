package cli

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/rehearse"
)

// rehearseOptions are the flags of rehearse.
type rehearseOptions struct {
	from                   settings.List
	sizes, saveSizes       settings.Text
	data                   settings.FileOrURL
	failOn, format         string
	orders, seed, dataRows settings.Count
	upOnly                 settings.Switch
}

// The formats of rehearse.
const (
	formatText     = "text"
	formatJSON     = "json"
	formatGitHub   = "github"
	formatSARIF    = "sarif"
	formatMarkdown = "markdown"
)

func (p *program) rehearse() *cobra.Command {
	o := rehearseOptions{failOn: rehearse.Danger.String(), format: formatText, orders: 2, dataRows: migrator.DefaultDataRows}
	return p.command(action{
		use: "rehearse [TARGET…]", targets: true,
		short: "show what pending revisions would lock, rewrite and destroy",
		long: `Carries out the pending revisions in a scratch database, which is dropped at the end, and
observes each statement: the locks that it takes, the tables that it reads or rewrites, what it
destroys, and what fails if rows are not as expected. It reverts each revision and applies it
again, and tries other orders of branches. How much a finding matters depends on the
sizes of the tables in the configured database, which is only read. Without a database, or with
--from, all revisions are rehearsed, and sizes are unknown unless --sizes has them.
It exits with 3 if there is a finding of severity --fail-on or worse that no header accepts.`,
		example: "rehearse\nrehearse --fail-on warning\nrehearse --from 433a head\nrehearse --save-sizes sizes.json\nrehearse --sizes sizes.json --json\nrehearse --format github",
		groups:  []string{settings.GroupDatabase, settings.GroupScratch, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &o.from, "from", "", "REV,…|base", "the revisions where it begins, instead of those in the database")
			settings.AddFlag(f, settings.Choice(&o.failOn, "note", "warning", "danger"), "fail-on", "", "SEVERITY", "note, warning or danger: exit with 3 from this severity (default: danger)")
			settings.AddFlag(f, settings.Choice(&o.format, formatText, formatJSON, formatGitHub, formatSARIF, formatMarkdown), "format", "", "FORMAT", "text, json, github (annotations), sarif or markdown (a comment)")
			settings.AddFlag(f, &o.upOnly, "up-only", "", "", "leave out down scripts, other orders, and what the revisions make")
			settings.AddFlag(f, &o.orders, "orders", "", "N", "how many other orders of branches to try (default: 2)")
			settings.AddFlag(f, &o.seed, "seed", "", "N", "select the random ones among them (default: 0)")
			settings.AddFlag(f, &o.data, "data", "", "URL|FILE", "copy the rows of this database, which is only read, and begin where it is; or run SQL that adds rows, such as pg_dump --data-only writes it")
			settings.AddFlag(f, &o.dataRows, "data-rows", "", "N", "copy at most this many rows of each table of --data URL (default: 100000; 0: all)")
			settings.AddFlag(f, &o.sizes, "sizes", "", "FILE", "the sizes of tables, from --save-sizes")
			settings.AddFlag(f, &o.saveSizes, "save-sizes", "", "FILE", "write the sizes of the tables of the database to this file, and do nothing else")
		},
		check: anyArgs,
		run:   func(r *run) error { return r.rehearse(&o) },
	})
}

func (r *run) rehearse(o *rehearseOptions) error {
	switch {
	case r.settings.JSON && o.format != formatText && o.format != formatJSON:
		return &settings.UsageError{Text: "--json and --format " + o.format + " are mutually exclusive"}
	case o.format == formatJSON:
		r.settings.JSON = true
	}
	if o.saveSizes != "" {
		return r.saveSizes(string(o.saveSizes))
	}
	options := migrator.RehearseOptions{From: o.from, Targets: r.args, UpOnly: bool(o.upOnly), Orders: int(o.orders), Seed: uint64(o.seed)}
	if o.orders == 0 {
		options.Orders = -1
	}
	if o.dataRows == 0 {
		options.DataRows = -1
	} else {
		options.DataRows = int64(o.dataRows)
	}
	if o.data.IsURL() {
		var err error
		if options.DataFrom, err = r.otherDatabase(string(o.data), "--data"); err != nil {
			return err
		}
	} else if o.data != "" {
		var err error
		if options.Data, err = migrator.LoadSchemaFiles(string(o.data)); err != nil {
			return err
		}
	}
	if o.sizes != "" {
		var err error
		if options.Sizes, err = readSizes(string(o.sizes)); err != nil {
			return err
		}
	}
	set, cfg, err := r.openScratch(false)
	if err != nil {
		return err
	}
	if cfg != nil && len(o.from) == 0 && options.Sizes == nil && !slices.ContainsFunc(r.args, isRange) {
		options.Database = cfg
		r.noteDatabase(cfg)
	}
	result, err := set.Rehearse(r.ctx, options)
	if err != nil {
		e, ok := errors.AsType[*migrator.ConnectError](err)
		if from := options.DataFrom; ok && from != nil && e.Database == from.Database && e.User == from.User && strings.HasPrefix(e.Host, from.Host) {
			r.urlFlag = "--data"
		}
		return r.scratchFailed(err)
	}
	v := &rehearsalView{run: r, Rehearsal: result, seed: options.Seed}
	v.failOn, _ = rehearse.ParseSeverity(o.failOn)
	r.document = v.newDocument()
	v.warnAboutModified()
	v.warnAboutSizes(options.Sizes)
	v.noteData(options.DataFrom)
	if err := v.printAs(o.format); err != nil {
		return err
	}
	return v.result()
}

// saveSizes writes the sizes of the tables of the database to a file.
func (r *run) saveSizes(name string) error {
	set, cfg, err := r.openDatabase(&reporter{run: r})
	if err != nil {
		return err
	}
	sizes, err := set.Sizes(r.ctx, cfg)
	if err != nil {
		return err
	}
	if err := writeWhole(name, string(sizes.Marshal())); err != nil {
		return err
	}
	r.document = &sizesDocument{File: name, Applied: list(sizes.Applied), Tables: len(sizes.Tables)}
	r.say(name + ": " + text.Count(len(sizes.Tables), "table"))
	return nil
}

// readSizes reads a file that saveSizes wrote.
func readSizes(name string) (*rehearse.Sizes, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, &fileError{err}
	}
	sizes, err := rehearse.ParseSizes(content)
	if err != nil {
		return nil, &migrator.ConfigError{Setting: "sizes", Value: name, Reason: err.Error()}
	}
	return sizes, nil
}

package cli

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// adoptTools are the values of --tool.
var adoptTools = []string{
	"alembic", "atlas", "dbmate", "diesel", "flyway", "golang-migrate", "goose", "prisma", "rails", "sqitch", "sql-migrate", "sqlx", "tern",
}

func (p *program) adopt() *cobra.Command {
	var tool, from, versions settings.Text
	var baseline settings.List
	var dryRun settings.Switch
	return p.command(action{
		use:   "adopt",
		short: "take over a database from another migration tool",
		long: `Reads the version table of another tool, shows the revisions that its versions correspond
to, and records them as applied. No revision is run, and the other tool's table is not
changed. The tools are Alembic, Atlas, dbmate, Diesel, Flyway, golang-migrate, goose,
Prisma, Rails, Sqitch, sql-migrate, SQLx and tern. --map names the file that maps versions
to revisions, written when the tool's migrations were imported; the default is adopt.json
in the folder of the revisions. Without such a file, versions must be revision ids.`,
		example: "adopt --dry-run\nadopt --map adopt.json\nadopt --tool alembic --table app.alembic_version\nadopt --baseline 9f3c",
		groups:  []string{settings.GroupDatabase, settings.GroupRun, settings.GroupFiles, settings.GroupOutput},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &versions, "map", "", "FILE", "the file that maps versions to revisions")
			settings.AddFlag(f, &tool, "tool", "", "TOOL", "the other tool, for example alembic")
			settings.AddFlag(f, &from, "table", "", "TABLE", "its version table, if it is not found automatically")
			settings.AddFlag(f, &baseline, "baseline", "", "REV,…", "revisions to record for a database that no tool migrated")
			settings.AddFlag(f, &dryRun, "dry-run", "", "", "show what would be recorded")
		},
		run: func(r *run) error {
			a := migrator.Adopt{Tool: string(tool), Table: string(from), Baseline: baseline, DryRun: bool(dryRun)}
			if len(baseline) > 0 && string(versions+tool+from) != "" {
				return &settings.UsageError{Text: "--baseline and --map, --tool or --table are mutually exclusive"}
			}
			if len(baseline) == 0 {
				if err := r.readMap(string(versions), &a); err != nil {
					return err
				}
			}
			return r.adopt(a)
		},
	})
}

func (r *run) adopt(a migrator.Adopt) error {
	set, cfg, err := r.open(nil)
	if err != nil {
		return err
	}
	found, err := set.Adopt(r.ctx, cfg, a)
	if err != nil {
		return err
	}
	if found.Empty {
		up := to("create the schema", r.otherLine(r.cmd, []string{"up"}))
		r.record(record{event: eventEmpty, level: slog.LevelWarn, msg: "the database is empty, and adopt does not run revisions", run: []suggestion{up}})
	}
	r.document = &adoptDocument{Tool: found.Tool, Table: found.Table, Versions: list(found.Versions), Revisions: list(found.Revisions), DryRun: a.DryRun}
	if r.settings.JSON {
		return nil
	}
	if found.Table != "" {
		r.say(terminal.Line(found.Table) + " (" + found.Tool + ") contains " + text.Count(len(found.Versions), "version"))
	}
	var t terminal.Table
	for _, id := range found.Revisions {
		t.Add(terminal.Green.Cell("applied"), terminal.Bold.Cell(id), terminal.Plain.Cell(terminal.Clip(set.Files().Revision(id).Subject())))
	}
	r.out.PrintTable(t)
	revisions := text.Count(len(found.Revisions), "revision")
	var next suggestion
	switch {
	case len(found.Revisions) == 0:
		r.out.Print("nothing to record\n")
		next = to("apply the revisions", r.otherLine(r.cmd, []string{"up"}))
	case a.DryRun:
		r.out.Print(revisions + " would be recorded\n")
		next = to("record that", r.sameLine(r.cmd, flagValue{"dry-run", ""}))
	default:
		r.out.Print(revisions + " recorded\n")
		next = to("see the result", r.otherLine(r.cmd, []string{"status"}))
	}
	r.out.Print(strings.Join(r.withNote(r.cmd, next), "\n") + "\n")
	return nil
}

// mapFileName is the name of the file that an import writes next to the revisions.
const mapFileName = "adopt.json"

// readMap completes a with the contents of the map file. Flags take precedence.
func (r *run) readMap(file string, a *migrator.Adopt) error {
	text, name, err := r.mapText(file)
	if err != nil || text == nil {
		return err
	}
	if err := a.ReadMap(bytes.NewReader(text)); err != nil {
		return &settings.UsageError{Text: terminal.Quote(name) + ": " + err.Error()}
	}
	return nil
}

// mapText returns the file that --map names, or the one next to the revisions; nil if
// there is none.
func (r *run) mapText(file string) (text []byte, name string, err error) {
	if file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return nil, file, &fileError{err}
		}
		return text, file, nil
	}
	fsys, prefix, err := r.files()
	if err != nil {
		return nil, "", err
	}
	// Embedded files have the folder in their names.
	for _, name := range []string{mapFileName, path.Join(defaultDir, mapFileName)} {
		if text, err := fs.ReadFile(fsys, name); err == nil {
			return text, path.Join(prefix, name), nil
		}
	}
	return nil, "", nil
}

package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) version() *cobra.Command {
	return p.command(action{
		use: "version", short: "show the version of the program and its embedded revisions",
		long:   "Shows the version of the program and of Go, the platform, and the embedded revisions.",
		groups: []string{settings.GroupOutput}, allowBadSettings: true,
		run: (*run).version,
	})
}

func (r *run) version() error {
	d := &versionDocument{
		Program: r.cmd.Root().Name(), Version: r.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Heads: []string{},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				d.Commit = s.Value
			case "vcs.time":
				d.Built = s.Value
			}
		}
	}
	// A program with invalid revisions has a version too.
	if r.FS != nil {
		if set, err := migrator.New(r.FS, migrator.Config{}); err == nil {
			d.Revisions, d.Heads = set.Files().Graph().Len(), list(set.Files().Graph().Heads())
		}
	}
	r.document = d
	if r.settings.JSON {
		return nil
	}
	out := d.Program + " " + d.Version
	if d.Commit != "" {
		out += " (commit " + d.Commit[:min(12, len(d.Commit))] + ")"
	}
	out += ", " + d.Go + " " + d.Platform + "\n"
	if d.Revisions > 0 {
		out += fmt.Sprintf("%s, %s %s\n", text.Count(d.Revisions, "embedded revision"), terminal.Plural(len(d.Heads), "head", "heads"), strings.Join(d.Heads, ", "))
	}
	r.out.Print(out)
	return nil
}

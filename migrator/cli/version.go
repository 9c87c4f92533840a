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
)

func (p *program) version() *cobra.Command {
	return p.command(action{
		use: "version", short: "the program's version, and the revisions it was built with",
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
			d.Revisions, d.Heads = set.Graph().Len(), list(set.Graph().Heads())
		}
	}
	r.document = d
	if r.settings.JSON {
		return nil
	}
	text := d.Program + " " + d.Version
	if d.Commit != "" {
		text += " (commit " + d.Commit[:min(12, len(d.Commit))] + ")"
	}
	text += ", " + d.Go + " " + d.Platform + "\n"
	if d.Revisions > 0 {
		text += fmt.Sprintf("%s built in, %s %s\n", terminal.Count(d.Revisions, "revision"), terminal.Plural(len(d.Heads), "head", "heads"), strings.Join(d.Heads, ", "))
	}
	r.out.Print(text)
	return nil
}

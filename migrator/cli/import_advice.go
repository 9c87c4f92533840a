package cli

import (
	"path"
	"slices"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// importFiles returns the commands that convert the files of other tools among those with
// problems.
func (a adviser) importFiles(e *migrator.FilesError) []suggestion {
	program := "ambix"
	if slices.ContainsFunc(a.Commands, func(c *cobra.Command) bool { return c.Name() == "import" }) {
		program = a.path(a.cmd.Root())
	}
	folders := map[string]string{}
	var tools []string
	for _, p := range e.Problems {
		if p.Tool == "" {
			continue
		}
		folder := path.Dir(p.File)
		if p.Tool == "prisma" || p.Tool == "diesel" {
			folder = path.Dir(folder) // each migration has its own
		}
		known, ok := folders[p.Tool]
		if !ok {
			tools = append(tools, p.Tool)
		}
		if !ok || len(folder) < len(known) {
			folders[p.Tool] = folder
		}
	}
	var list []suggestion
	for _, tool := range tools {
		list = append(list, to("convert the files of "+tool+" to revisions in another folder", program+" import "+tool+" "+terminal.Quote(folders[tool])+" revisions"))
	}
	return list
}

// Command ambix is the program without revisions of its own: it reads those of a folder,
// --dir or ./sql, and refuses to run without one. `ambix import` converts the migrations of
// another tool.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"example.com/ambix/cmd/ambix/internal/importer"
	"example.com/ambix/migrator/cli"
)

// version is set by the build: go build -ldflags "-X main.version=1.4.0". Without it, it is the version that Go records.
var version string

func main() {
	os.Exit(cli.Main(cli.Config{
		Program: "ambix", Version: version, Commands: []*cobra.Command{importer.Command()},
	}))
}

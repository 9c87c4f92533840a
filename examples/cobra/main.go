// Command cobra is a program with commands of its own. The commands that migrate are one of them: shop migrate up.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"example.com/ambix/examples/store"
	"example.com/ambix/migrator/cli"
)

// version is set by the build: go build -ldflags "-X main.version=1.4.0".
var version string

func main() {
	root := &cobra.Command{Use: "shop", Short: "a shop", SilenceErrors: true}
	root.AddCommand(
		&cobra.Command{
			Use: "hello", Short: "say hello", SilenceUsage: true,
			Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), "hello") },
		},
		cli.Command(cli.Config{
			FS: store.Files, Version: version,
			Defaults: map[string]string{"lock-timeout": "2s"}, // flags and environment variables override it
		}),
	)
	err := root.Execute()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(cli.ExitCode(err)) // those of the commands that migrate, and 1 for the others
}

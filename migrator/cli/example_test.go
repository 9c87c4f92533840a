package cli_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli"
)

// files are the revisions; a program embeds them with //go:embed.
var files = fstest.MapFS{
	"sql/a1.up.sql":   {Data: []byte("-- create account table\n--\n-- revision: a1\n-- down_revision:\n\nCREATE TABLE account (id bigint PRIMARY KEY);\n")},
	"sql/a1.down.sql": {Data: []byte("-- revision: a1\n\nDROP TABLE account;\n")},
	"sql/b2.up.sql":   {Data: []byte("-- add email\n--\n-- revision: b2\n-- down_revision: a1\n\nALTER TABLE account ADD COLUMN email text;\n")},
	"sql/b2.down.sql": {Data: []byte("-- revision: b2\n\nALTER TABLE account DROP COLUMN email;\n")},
}

// The command as a part of another program. An operator would run `shop migrate up`; a
// plan from base needs no database.
func ExampleCommand() {
	root := &cobra.Command{Use: "shop"}
	root.AddCommand(cli.Command(cli.Config{FS: files}))

	root.SetArgs([]string{"migrate", "plan", "up", "--from", "base"})
	if err := root.Execute(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// up  a1  create account table  sql/a1.up.sql
	// up  b2  add email             sql/b2.up.sql
	// 2 steps from base, ending at b2 (head)
}

// A program that does not use Main exits with the code that belongs to the error.
func ExampleExitCode() {
	cmd := cli.Command(cli.Config{FS: files})
	cmd.SilenceErrors = true // cobra would print them on standard error

	cmd.SetArgs([]string{"plan", "up", "b3", "--from", "base"})
	err := cmd.ExecuteContext(context.Background())
	fmt.Println(err)
	fmt.Println("exit code", cli.ExitCode(err))
	// Output:
	// up b3: no revision or label "b3"
	// to list the revisions, run: migrate history
	// exit code 2
}

// Defaults for one program, which its help shows.
func ExampleConfig_defaults() {
	cmd := cli.Command(cli.Config{FS: files, Defaults: map[string]string{
		"ledger":       "app.ambix",
		"lock-timeout": "10s",
	}})
	for _, name := range []string{"ledger", "lock-timeout", "retry-for"} {
		fmt.Println(name, cmd.Flag(name).DefValue)
	}
	// Output:
	// ledger app.ambix
	// lock-timeout 10s
	// retry-for 2m
}

// The events of every run, in addition to what the command prints.
func ExampleConfig_onEvent() {
	attempts := 0
	cmd := cli.Command(cli.Config{
		FS:      files,
		Environ: []string{"DATABASE_URL=postgres://store@127.0.0.1:1/store"}, // nothing listens there
		OnEvent: func(e migrator.Event) {
			switch e := e.(type) {
			case migrator.Connecting:
				attempts++
			case migrator.StepFinished:
				fmt.Println(e.Step.Revision, "took", e.Step.Duration)
			}
		},
	})
	cmd.SilenceErrors = true
	cmd.SetArgs([]string{"up", "--wait", "500ms", "--quiet"})
	err := cmd.ExecuteContext(context.Background())
	fmt.Println("retried:", attempts > 0)
	fmt.Println("exit code", cli.ExitCode(err))
	// Output:
	// retried: true
	// exit code 6
}

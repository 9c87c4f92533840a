// Package cli is the command line: the command `migrate` for a cobra tree, and Main, a
// whole program around it.
//
//	os.Exit(cli.Main(cli.Config{FS: files}))                // a standalone program
//	root.AddCommand(cli.Command(cli.Config{FS: files}))     // part of another program
//
// Results are written to standard output, everything else to standard error. Command does
// not print errors: its commands return them, the text of an error is all that a person
// needs to read, and ExitCode returns the code to exit with. Cancelling the context of the
// tree's ExecuteContext interrupts a command, and so do SIGINT and SIGTERM while it runs.
package cli

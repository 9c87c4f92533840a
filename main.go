// The program: the revisions below sql/ and the command line that applies them, in one
// static binary. Run `go run . migrate up`, or `go run . migrate --help`.
package main

import (
	"os"

	"example.com/ambix/migrator/cli"
)

func main() {
	os.Exit(cli.Main(cli.Config{FS: files}))
}

// The program: the revisions below sql/ and the command line that applies them, in one
// static binary. Run `go run . migrate up`, or `go run . migrate --help`.
package main

import (
	"os"

	"example.com/ambix/migrator/cli"
)

// version is set by the build: go build -ldflags "-X main.version=1.4.0". Without it, it is the version that Go records.
var version string

func main() {
	os.Exit(cli.Main(cli.Config{FS: files, Version: version}))
}

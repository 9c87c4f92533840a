// The program: the revisions below sql/ and the command line that applies them, in one
// static binary. Run `go run . migrate up`, or `go run . migrate --help`.
package main

import (
	"os"

	"example.com/ambix/migrator/cli"

	// An image made FROM scratch has no certificate authorities; where the system has
	// its own, these are not used.
	_ "golang.org/x/crypto/x509roots/fallback"
)

func main() {
	os.Exit(cli.Main(cli.Config{FS: files}))
}

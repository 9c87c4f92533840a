// Command ambix is the program without revisions of its own: it reads those of a folder,
// --dir or ./sql, and refuses to run without one.
package main

import (
	"os"

	"example.com/ambix/migrator/cli"
)

func main() { os.Exit(cli.Main(cli.Config{Program: "ambix"})) }

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// tools are the supported tools, each in its own file.
var tools = []tool{alembic, dbmate, golangMigrate, goose, tern}

// tool is another migration tool.
type tool struct {
	name string
	rows rows // what a row of its version table means
	// takesConfig: -config applies; takesData: -D applies.
	takesConfig, takesData bool
	// sharesSession: settings that a migration leaves behind affect the next one.
	sharesSession bool
	read          func(source) (*project, error)
}

// source is the project to import, as given on the command line.
type source struct {
	dir    string
	config string            // -config; "": the tool's default
	data   map[string]string // -D
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 if the files were written, even if some need manual work, 1 if
// they were not, 2 for a wrong command line.
func run(args []string, stdout, stderr io.Writer) int {
	t, src, out, err := parseArgs(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "import: %v\n\n%s", err, usage)
		return 2
	}
	p, err := t.read(src)
	if err == nil {
		err = p.write(t, out, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "import %s: %v\n", t.name, err)
		return 1
	}
	return 0
}

const usage = `usage: go run ./scripts/import [flags] FROM DIR OUT

Converts another tool's migrations into revision files. FROM is alembic, dbmate,
golang-migrate, goose or tern; DIR is the folder with its files (for Alembic, the one with
alembic.ini); OUT is the folder for the revisions and adopt.json, the map for the command adopt.

  -D KEY=VALUE   data for tern's templates, goose's ENVSUB, dbmate's env, Alembic's -x
  -config FILE   configuration of tern or Alembic (default: tern.conf or alembic.ini in DIR)
`

func parseArgs(args []string) (t tool, src source, out string, err error) {
	src.data = map[string]string{}
	f := flag.NewFlagSet("import", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&src.config, "config", "", "")
	f.Func("D", "", func(word string) error {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return errors.New("write KEY=VALUE")
		}
		src.data[key] = value
		return nil
	})
	if err := f.Parse(args); err != nil {
		return t, src, "", err
	}
	if f.NArg() != 3 {
		return t, src, "", fmt.Errorf("want FROM, DIR and OUT after the flags, got %q", f.Args())
	}
	i := slices.IndexFunc(tools, func(t tool) bool { return t.name == f.Arg(0) })
	if i < 0 {
		return t, src, "", fmt.Errorf("unknown tool %q", f.Arg(0))
	}
	t, src.dir, out = tools[i], f.Arg(1), f.Arg(2)
	if src.config != "" && !t.takesConfig {
		return t, src, "", fmt.Errorf("-config does not apply to %s", t.name)
	}
	if len(src.data) > 0 && !t.takesData {
		return t, src, "", fmt.Errorf("-D does not apply to %s", t.name)
	}
	info, err := os.Stat(src.dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", src.dir)
	}
	return t, src, out, err
}

// keys returns the sorted keys of data.
func (s source) keys() []string { return slices.Sorted(maps.Keys(s.data)) }

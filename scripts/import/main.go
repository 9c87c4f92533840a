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

// tools are the tools whose projects can be read, each in a file of its own.
var tools = []tool{alembic, dbmate, golangMigrate, goose, tern}

// tool is another migration tool.
type tool struct {
	name string
	rows rows // what a row of its version table means
	// configured says that the tool has a file with settings that matter here, filled
	// that it fills in data.
	configured, filled bool
	// session says that a migration finds the session's settings as the one before it
	// left them.
	session bool
	read    func(source) (*project, error)
}

// source is what the command line says about the other project.
type source struct {
	dir    string
	config string            // "": where the tool itself looks
	data   map[string]string // for templates
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit code: 0 when files were written, whatever a person has to do yet,
// 1 when none were, 2 for a command line that means nothing.
func run(args []string, stdout, stderr io.Writer) int {
	t, src, out, err := commandLine(args)
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

FROM is alembic, dbmate, golang-migrate, goose or tern; DIR has its files (for Alembic:
alembic.ini); OUT gets the revisions, and adopt.json, the map for the command adopt.

  -D KEY=VALUE   data for tern's templates, goose's ENVSUB, dbmate's env, Alembic's -x
  -config FILE   tern's or Alembic's configuration; default: tern.conf or alembic.ini in DIR
`

func commandLine(args []string) (t tool, src source, out string, err error) {
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
		return t, src, "", fmt.Errorf("want FROM, DIR and OUT behind the flags, not %q", f.Args())
	}
	i := slices.IndexFunc(tools, func(t tool) bool { return t.name == f.Arg(0) })
	if i < 0 {
		return t, src, "", fmt.Errorf("%q is no tool that can be read", f.Arg(0))
	}
	t, src.dir, out = tools[i], f.Arg(1), f.Arg(2)
	if src.config != "" && !t.configured {
		return t, src, "", fmt.Errorf("%s has no configuration that matters here: leave -config out", t.name)
	}
	if len(src.data) > 0 && !t.filled {
		return t, src, "", fmt.Errorf("%s fills in nothing: leave -D out", t.name)
	}
	info, err := os.Stat(src.dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", src.dir)
	}
	return t, src, out, err
}

// keys are the keys of the data that was given, sorted.
func (s source) keys() []string { return slices.Sorted(maps.Keys(s.data)) }

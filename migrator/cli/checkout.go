package cli

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// modulePath is this module's.
const modulePath = "example.com/ambix"

// checkout is a folder with this module's sources.
type checkout struct {
	dir          string // absolute
	goMod, goSum string
}

// findCheckout gives the checkout that is named, or else the one around the working
// directory, or around the program; nil when there is none. The program itself cannot
// tell: what it was built from need not be on this machine.
func findCheckout(named string) (*checkout, error) {
	if named != "" {
		c, err := readCheckout(named)
		if err == nil && c == nil {
			err = &migrator.UsageError{Text: "--replace " + terminal.Quote(named) + ": there is no go.mod of " + modulePath}
		}
		return c, err
	}
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if file, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(file); err == nil {
			starts = append(starts, filepath.Dir(real))
		}
	}
	for _, dir := range starts {
		for {
			if c, err := readCheckout(dir); c != nil || err != nil {
				return c, err
			}
			above := filepath.Dir(dir)
			if above == dir {
				break
			}
			dir = above
		}
	}
	return nil, nil
}

// readCheckout is nil when a folder is no checkout.
func readCheckout(dir string) (*checkout, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, &fileError{err}
	}
	goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	c := &checkout{dir: dir, goMod: string(goMod)}
	if err != nil || c.line("module") != modulePath {
		return nil, nil
	}
	goSum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		return nil, &fileError{err}
	}
	c.goSum = string(goSum)
	return c, nil
}

// line gives the word that follows another at the start of a line of go.mod, also in a
// block.
func (c *checkout) line(word string) string {
	for line := range strings.Lines(c.goMod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) == 2 && strings.Trim(fields[0], "\"`") == word {
			return strings.Trim(fields[1], "\"`")
		}
	}
	return ""
}

// moduleVersion is the version of this module that the program was built with, "" when
// that is none which a go.mod can require.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	version := ""
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Replace == nil {
			version = m.Version
		}
	}
	if !strings.HasPrefix(version, "v") || strings.Contains(version, "+dirty") {
		return ""
	}
	return version
}

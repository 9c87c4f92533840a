package scaffold

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// ModulePath is the path of this module.
const ModulePath = "example.com/ambix"

// checkout is a folder with the sources of this module.
type checkout struct {
	dir          string // absolute
	goMod, goSum string
}

// findCheckout returns the checkout in the folder named, or else the one that contains
// the working directory or the program's executable; nil if there is none.
func findCheckout(named string) (*checkout, error) {
	if named != "" {
		c, err := readCheckout(named)
		if err == nil && c == nil {
			err = &settings.UsageError{Text: "--replace " + terminal.Quote(named) + ": not a checkout of " + ModulePath}
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
		for folder := range Upwards(dir) {
			if c, err := readCheckout(folder); c != nil || err != nil {
				return c, err
			}
		}
	}
	return nil, nil
}

// Upwards returns a folder, and all folders that contain it.
func Upwards(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for ; yield(dir) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		}
	}
}

// readCheckout returns nil if dir is not a checkout.
func readCheckout(dir string) (*checkout, error) {
	dir, err := absolute(dir)
	if err != nil {
		return nil, err
	}
	goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	c := &checkout{dir: dir, goMod: string(goMod)}
	if err != nil || c.directive("module") != ModulePath {
		return nil, nil
	}
	goSum, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil {
		return nil, err
	}
	c.goSum = string(goSum)
	return c, nil
}

// absolute is filepath.Abs with an error that names the folder.
func absolute(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", &fs.PathError{Op: "find", Path: dir, Err: err}
	}
	return path, nil
}

func (c *checkout) directive(word string) string { return Directive(c.goMod, word) }

// Directive returns the value of a directive of go.mod, such as "go", or the required version of a module; "" if there is
// none.
func Directive(goMod, word string) string {
	for line := range strings.Lines(goMod) {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) == 2 && strings.Trim(fields[0], "\"`") == word {
			return strings.Trim(fields[1], "\"`")
		}
	}
	return ""
}

// moduleVersion returns the version of this module in the running program, or "" if a
// go.mod cannot require it.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	version := ""
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == ModulePath && m.Replace == nil {
			version = m.Version
		}
	}
	if !strings.HasPrefix(version, "v") || strings.Contains(version, "+dirty") {
		return ""
	}
	return version
}

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"sync"

	"example.com/ambix/migrator/cli/internal/scaffold"
)

// builtByGoRun matches the executables of go run: in a temporary folder, or in the build
// cache.
var builtByGoRun = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`[/\\]go-build[0-9]+[/\\].*[/\\]exe[/\\][^/\\]+$|[/\\][0-9a-f]{64}-d[/\\][^/\\]+$`)
})

// programWords returns the shell words that start this program again, as it was started.
func programWords(arg0 string) string {
	if !builtByGoRun().MatchString(arg0) {
		return shellWord(arg0)
	}
	if words := goRun(); words != "" {
		return words
	}
	return "go run ."
}

// goRun returns the shell words that build and run the program from its sources, or "" if
// they are not in this folder's module.
func goRun() string {
	dir := ""
	tags := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		dir = packageDir(info.Path, info.Main.Path)
		for _, s := range info.Settings {
			if s.Key == "-tags" && s.Value != "" {
				tags = "-tags=" + shellWord(s.Value) + " "
			}
		}
	}
	if dir == "" && hasMainPackage(".") {
		dir = "."
	}
	if dir == "" {
		return ""
	}
	return "go run " + tags + shellWord(dir)
}

// packageDir returns the folder of a package of a module, relative to the working
// directory as go run accepts it; "" if the working directory is not in that module.
func packageDir(pkg, module string) string {
	below, ok := strings.CutPrefix(pkg+"/", module+"/")
	wd, err := os.Getwd()
	if module == "" || !ok || err != nil {
		return ""
	}
	for root := range scaffold.Upwards(wd) {
		goMod, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err != nil {
			continue
		}
		dir := filepath.Join(root, filepath.FromSlash(below))
		if scaffold.Directive(string(goMod), "module") != module || !hasGoFiles(dir) {
			return ""
		}
		rel, err := filepath.Rel(wd, dir)
		switch {
		case err != nil:
			return ""
		case rel == "." || strings.HasPrefix(rel, ".."):
			return rel
		}
		return "." + string(filepath.Separator) + rel
	}
	return ""
}

func hasGoFiles(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	return err == nil && len(files) > 0
}

// hasMainPackage reports whether a folder contains a program with this command line.
func hasMainPackage(dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return false
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains("\n"+string(text), "\npackage main\n") && strings.Contains(string(text), `"`+scaffold.ModulePath+`/migrator/cli"`) {
			return true
		}
	}
	return false
}

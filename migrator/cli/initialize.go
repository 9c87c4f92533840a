package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

func (p *program) initialize() *cobra.Command {
	var module, replace settings.Text
	return p.command(action{
		use: "init DIR", short: "make a new project around revisions of its own",
		long: `Writes a Go project that embeds its revisions and has this command line: it builds and
runs at once, with no revision yet. All files are written or none, and none that is
there is touched. Inside a checkout of this module, or with --replace, go.mod leads to
that checkout; otherwise to the version of this program.`,
		example: "init store\ninit . --module github.com/acme/store",
		groups:  []string{settings.GroupOutput},
		check: func(args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &migrator.UsageError{Text: "name one folder for the project: init DIR, or init . for this one"}
			}
			return nil
		},
		flags: func(f *pflag.FlagSet) {
			settings.AddFlag(f, &module, "module", "", "PATH", "default: example.com/ and the folder's name")
			settings.AddFlag(f, &replace, "replace", "", "DIR", "a checkout of "+modulePath+" to build with")
		},
		run: func(r *run) error { return r.initialize(string(module), string(replace)) },
	})
}

func (r *run) initialize(module, replace string) error {
	dir := filepath.Clean(r.args[0])
	p, err := newProject(dir, module)
	if err != nil {
		return err
	}
	if p.checkout, err = findCheckout(replace); err != nil {
		return err
	}
	if p.checkout == nil {
		p.version = moduleVersion()
	}
	files := p.files()
	if err := writeProject(dir, files); err != nil {
		return err
	}
	d := &initDocument{Dir: dir, Module: p.module, Files: []string{}, Next: p.next()}
	for _, f := range files {
		d.Files = append(d.Files, f.File)
	}
	if p.checkout != nil {
		d.Replace = p.checkout.dir
	}
	r.document = d
	r.say(strings.Join(d.Files, "\n"))
	if p.checkout == nil && p.version == "" {
		r.log.Warn("this program does not know its version, so go.mod does not require " + modulePath + "; `go mod tidy` takes the newest, --replace DIR a checkout")
	}
	r.log.Info("then: "+d.Next, "next", d.Next)
	return nil
}

// writeProject writes all files or none, and leaves no folder that it has made in vain.
func writeProject(dir string, files []revision.Source) (err error) {
	var taken, made []string
	for _, f := range files {
		if _, err := os.Lstat(f.File); err == nil {
			taken = append(taken, f.File)
		}
	}
	if len(taken) > 0 {
		return &migrator.UsageError{Text: joined(taken) + " " + terminal.Plural(len(taken), "is", "are") + " there; nothing was written. A module that exists needs no " +
			"project: it imports " + modulePath + "/migrator/cli"}
	}
	defer func() {
		if err != nil {
			for _, folder := range slices.Backward(made) {
				_ = os.Remove(folder) // stays when another process has put something there
			}
		}
	}()
	if made, err = makeFolders(filepath.Join(dir, defaultDir)); err != nil {
		return &fileError{err}
	}
	err = revision.Create(files...)
	if is[*fs.PathError](err) {
		return &fileError{err}
	}
	return err
}

// makeFolders makes a folder and those above it that are missing, and gives those that
// it has made, the upper ones first.
func makeFolders(dir string) (made []string, err error) {
	err = os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) {
		if made, err = makeFolders(filepath.Dir(dir)); err != nil {
			return made, err
		}
		err = os.Mkdir(dir, 0o777)
	}
	switch {
	case err == nil:
		return append(made, dir), nil
	case errors.Is(err, fs.ErrExist):
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			err = nil
		}
	}
	return made, err
}

// newProject names a project. Its module is example.com/ and the folder's name when none
// is given: an import path without a dot in its first part belongs to Go itself.
func newProject(dir, module string) (*project, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, &fileError{err}
	}
	name := projectName(filepath.Base(path))
	switch {
	case module == "" && name == "":
		return nil, &migrator.UsageError{Text: "the folder's name makes no module path; say which: --module github.com/acme/store"}
	case module == "":
		module = "example.com/" + name
	case !isModulePath(module):
		return nil, &migrator.UsageError{Text: "--module " + terminal.Quote(module) + " is no module path, such as github.com/acme/store"}
	}
	if module == modulePath {
		return nil, &migrator.UsageError{Text: modulePath + " is this module itself; give the project another path with --module"}
	}
	p := &project{dir: dir, name: name, module: module}
	if name == "" {
		p.name = p.binary()
	}
	return p, nil
}

// projectName makes a word for module paths and image names of a folder's name.
func projectName(base string) string {
	words := strings.FieldsFunc(strings.ToLower(base), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

// isModulePath is what go.mod takes, as far as it matters here.
func isModulePath(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.HasPrefix(part, "-") {
			return false
		}
	}
	return !strings.ContainsFunc(path, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~/", r)
	})
}

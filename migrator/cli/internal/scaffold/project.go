package scaffold

import (
	"path/filepath"
	"strings"
	"unicode"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// Project is a project that is not written yet.
type Project struct {
	Dir    string // as given to New
	Module string
	// Replace is the folder of a checkout of this module that go.mod points to, or "".
	Replace string
	// Version is the version of this module that go.mod requires; "" if Replace is set or
	// the version is unknown.
	Version string

	name     string    // of the image
	checkout *checkout // in Replace, or nil
}

// New returns a project for the folder dir. An empty module is derived from the folder's
// name. replace names a checkout of this module; if it is empty, a checkout around the
// working directory or the running program is used. Mistakes in the arguments are
// *settings.UsageError.
func New(dir, module, replace string) (*Project, error) {
	p, err := named(dir, module)
	if err != nil {
		return nil, err
	}
	if p.checkout, err = findCheckout(replace); err != nil {
		return nil, err
	}
	if p.checkout != nil {
		p.Replace = p.checkout.dir
	} else {
		p.Version = moduleVersion()
	}
	return p, nil
}

// named returns a project with its names. The default module is example.com/NAME: import
// paths without a dot in the first element are reserved for Go's own packages.
func named(dir, module string) (*Project, error) {
	path, err := absolute(dir)
	if err != nil {
		return nil, err
	}
	name := projectName(filepath.Base(path))
	switch {
	case module == "" && name == "":
		return nil, &settings.UsageError{Text: "the module path cannot be derived from the name of the folder; set it with --module github.com/acme/store"}
	case module == "":
		module = "example.com/" + name
	case !isModulePath(module):
		return nil, &settings.UsageError{Text: "--module " + terminal.Quote(module) + " is not a module path such as github.com/acme/store"}
	}
	if module == ModulePath {
		return nil, &settings.UsageError{Text: ModulePath + " is the path of this module; choose another one with --module"}
	}
	p := &Project{Dir: dir, Module: module, name: name}
	if name == "" {
		p.name = p.binary()
	}
	return p, nil
}

// projectName returns a folder's name as it may be used in module paths and names of
// images.
func projectName(base string) string {
	words := strings.FieldsFunc(strings.ToLower(base), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

// isModulePath reports whether go.mod accepts path. It does not check everything that Go
// does.
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

// Next returns the shell command to run after Write.
func (p *Project) Next() string {
	cd := ""
	if p.Dir != "." {
		cd = "cd " + terminal.Quote(p.Dir) + " && "
	}
	if p.checkout == nil {
		cd += "go mod tidy && "
	}
	return cd + `go run . migrate revision -m "create account table"`
}

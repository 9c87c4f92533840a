package cli

import (
	"go/version"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/revision"
)

// project is what init writes.
type project struct {
	dir, name, module string
	// checkout is what the project is built with; nil: a version of this module, or, when
	// that is "" too, whatever `go mod tidy` finds.
	checkout *checkout
	version  string
}

// indirect are the modules that a project is built from beside this one. A
// go.mod has to name them all; a program cannot read them off itself, as it may be a
// larger one, or one for another system.
func indirect() []string {
	return []string{
		"github.com/caarlos0/env/v11",
		"github.com/inconshreveable/mousetrap",
		"github.com/jackc/pgpassfile",
		"github.com/jackc/pgservicefile",
		"github.com/jackc/pgx/v5",
		"github.com/spf13/cobra",
		"github.com/spf13/pflag",
		"golang.org/x/sys",
		"golang.org/x/term",
		"golang.org/x/text",
	}
}

// files are those of the project.
func (p *project) files() []revision.Source {
	texts := []revision.Source{
		{File: "go.mod", Text: p.goMod()},
		{File: "main.go", Text: mainText},
		{File: "embed.go", Text: embedText},
		{File: "Dockerfile", Text: p.dockerfile()},
		{File: ".dockerignore", Text: dockerignoreText},
		{File: ".gitignore", Text: "# the program, as `go build` makes it\n/app\n/" + p.binary() + "\n"},
		{File: "sql/README.md", Text: "# " + p.name + readmeText},
	}
	if p.checkout != nil {
		// More lines than are needed do no harm; `go mod tidy` takes them out.
		texts = slices.Insert(texts, 1, revision.Source{File: "go.sum", Text: p.checkout.goSum})
	}
	for i := range texts {
		texts[i].File = filepath.Join(p.dir, filepath.FromSlash(texts[i].File))
	}
	return texts
}

// binary is how `go build` calls the program.
func (p *project) binary() string {
	parts := strings.Split(p.module, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && !strings.ContainsFunc(last[1:], func(r rune) bool { return !unicode.IsDigit(r) }) {
		return parts[len(parts)-2] // the last one is a major version
	}
	return last
}

func (p *project) goMod() string {
	text := "module " + p.module + "\n\ngo " + p.goVersion() + "\n"
	switch {
	case p.checkout != nil:
		var others []string
		for _, path := range indirect() {
			if v := p.checkout.line(path); v != "" {
				others = append(others, path+" "+v+" // indirect")
			}
		}
		text += require([]string{modulePath + " v0.0.0"}) + require(others) + "\nreplace " + modulePath + " => " + modString(p.checkout.dir) + "\n"
	case p.version != "":
		text += "\nrequire " + modulePath + " " + p.version + "\n"
	}
	return text
}

func require(lines []string) string {
	slices.Sort(lines)
	return "\nrequire (\n\t" + strings.Join(lines, "\n\t") + "\n)\n"
}

// modString is a word as go.mod takes it.
func modString(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+@:~", r)
	}) || strings.Contains(s, "//") {
		return strconv.Quote(s)
	}
	return s
}

// goVersion is what go.mod says: at least what this module needs.
func (p *project) goVersion() string {
	if p.checkout != nil {
		if v := p.checkout.line("go"); v != "" {
			return v
		}
	}
	if lang := version.Lang(runtime.Version()); lang != "" {
		return strings.TrimPrefix(lang, "go") + ".0"
	}
	return "1.26.0"
}

// next is what to type after init.
func (p *project) next() string {
	cd := ""
	if p.dir != "." {
		cd = "cd " + terminal.Quote(p.dir) + " && "
	}
	if p.checkout == nil {
		cd += "go mod tidy && "
	}
	return cd + `go run . migrate revision -m "create account table"`
}

func (p *project) dockerfile() string {
	text := `# The program with its revisions, alone in an image: an init container, a job, or ` + "`docker run`" + `.
#
#   docker build -t ` + p.name + `-migrations .
#
`
	if p.checkout != nil {
		text += "# go.mod replaces " + modulePath + ` by a folder that the image's build does not see. As long
# as it does, ` + "`go mod vendor`" + ` first: the build takes what is in vendor/ then.
#
`
	}
	return text + `# Behind a module proxy: --build-arg GOPROXY=https://…, and --network host when it is only reachable from the host.
FROM golang:` + strings.TrimPrefix(version.Lang("go"+p.goVersion()), "go") + dockerfileText
}

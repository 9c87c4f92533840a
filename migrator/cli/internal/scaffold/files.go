package scaffold

import (
	"go/version"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"example.com/ambix/migrator/revision"
)

// files returns the files of the project.
func (p *Project) files() []revision.Source {
	texts := []revision.Source{
		{File: "go.mod", Text: p.goMod()},
		{File: "main.go", Text: mainText},
		{File: "embed.go", Text: embedText},
		{File: "Dockerfile", Text: p.dockerfile()},
		{File: ".dockerignore", Text: dockerignoreText},
		{File: ".gitignore", Text: "# the program built by `go build`\n/app\n/" + p.binary() + "\n"},
		{File: revisionDir + "/README.md", Text: "# " + p.name + readmeText},
		{File: "revisions_test.go", Text: testText},
	}
	if p.checkout != nil {
		// It may have more lines than needed; `go mod tidy` removes them.
		texts = slices.Insert(texts, 1, revision.Source{File: "go.sum", Text: p.checkout.goSum})
	}
	return p.below(texts)
}

// below returns files with their paths.
func (p *Project) below(texts []revision.Source) []revision.Source {
	for i := range texts {
		texts[i].File = filepath.Join(p.Dir, filepath.FromSlash(texts[i].File))
	}
	return texts
}

func (p *Project) dockerfile() string {
	text := `# An image with only the program and its revisions, for an init container, a job, or ` + "`docker run`" + `.
#
#   docker build --build-arg VERSION=1.4.0 -t ` + p.name + `-migrations:1.4.0 .
#
`
	if p.checkout != nil {
		text += "# go.mod replaces " + ModulePath + ` with a folder outside the build context. As long as it
# does, run ` + "`go mod vendor`" + ` first; the build then uses vendor/.
#
`
	}
	return text + `# With a module proxy: --build-arg GOPROXY=https://…, and --network host if only the host can reach it.
FROM golang:` + strings.TrimPrefix(version.Lang("go"+p.goVersion()), "go") + dockerfileText
}

// binary returns the name that `go build` gives the program.
func (p *Project) binary() string {
	parts := strings.Split(p.Module, "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && len(last) > 1 && last[0] == 'v' && !strings.ContainsFunc(last[1:], func(r rune) bool { return !unicode.IsDigit(r) }) {
		return parts[len(parts)-2] // the last one is a major version
	}
	return last
}

func (p *Project) goMod() string {
	text := "module " + p.Module + "\n\ngo " + p.goVersion() + "\n"
	switch {
	case p.checkout != nil:
		var others []string
		for _, path := range indirect() {
			if v := p.checkout.directive(path); v != "" {
				others = append(others, path+" "+v+" // indirect")
			}
		}
		text += require([]string{ModulePath + " v0.0.0"}) + require(others) + "\nreplace " + ModulePath + " => " + goModString(p.checkout.dir) + "\n"
	case p.Version != "":
		text += "\nrequire " + ModulePath + " " + p.Version + "\n"
	}
	return text
}

func require(lines []string) string {
	slices.Sort(lines)
	return "\nrequire (\n\t" + strings.Join(lines, "\n\t") + "\n)\n"
}

// goModString returns s as go.mod accepts it, in quotes if it needs any.
func goModString(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+@:~", r)
	}) || strings.Contains(s, "//") {
		return strconv.Quote(s)
	}
	return s
}

// goVersion returns the version of Go for go.mod, at least the one this module needs.
func (p *Project) goVersion() string {
	if p.checkout != nil {
		if v := p.checkout.directive("go"); v != "" {
			return v
		}
	}
	if lang := version.Lang(runtime.Version()); lang != "" {
		return strings.TrimPrefix(lang, "go") + ".0"
	}
	return "1.26.0"
}

// indirect returns the modules that this one depends on. A go.mod has to list them all,
// and the running program's own list may be longer, or that of another system.
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

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildFlags are the flags for all Go programs: stripped, and without paths of this machine.
// CGO_ENABLED=0 makes the binaries static.
func buildFlags() []string { return []string{"-trimpath", "-ldflags=-s -w"} }

// build builds a package of this module. overlay is that of go build: it maps files to their
// replacements, or to "" to remove them. It may be nil.
func (b *bench) build(ctx context.Context, pkg, out string, overlay map[string]string) error {
	args := append([]string{"build"}, buildFlags()...)
	if overlay != nil {
		text, err := json.Marshal(map[string]any{"Replace": overlay})
		if err != nil {
			return err
		}
		file := out + ".overlay.json"
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		args = append(args, "-overlay", file)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, pkg)...)
	cmd.Dir = b.checkout
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// writeAmbix builds the program with other revisions below sql/.
func writeAmbix(ctx context.Context, b *bench, dir string, changes []change) error {
	// Not called sql: the program would compare such a folder with the embedded files.
	source := filepath.Join(dir, "revisions")
	if err := os.Mkdir(source, 0o755); err != nil {
		return err
	}
	overlay := map[string]string{}
	embedded := filepath.Join(b.checkout, "sql")
	err := filepath.WalkDir(embedded, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			overlay[path] = ""
		}
		return err
	})
	if err != nil {
		return err
	}
	names, err := writeRevisions(source, changes)
	if err != nil {
		return err
	}
	for _, name := range names {
		overlay[filepath.Join(embedded, name)] = filepath.Join(source, name)
	}
	return b.build(ctx, ".", filepath.Join(dir, "app"), overlay)
}

// writeRevisions writes changes in the format of ambix, and returns the names of the files.
func writeRevisions(dir string, changes []change) ([]string, error) {
	var names []string
	for i, c := range changes {
		parent := ""
		if i > 0 {
			parent = " " + changes[i-1].id
		}
		stem := fmt.Sprintf("2021-11-20_%s_%s", c.id, slug(c))
		for suffix, text := range map[string]string{
			".up.sql": fmt.Sprintf("-- %s\n--\n-- revision: %s\n-- down_revision:%s\n-- created: 2021-11-20T19:17:01Z\n\n%s;\n",
				c.name, c.id, parent, c.up),
			".down.sql": fmt.Sprintf("-- revision: %s\n\n%s;\n", c.id, c.down),
		} {
			names = append(names, stem+suffix)
			if err := os.WriteFile(filepath.Join(dir, stem+suffix), []byte(text), 0o644); err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// install returns the program of a tool. Tools written in Go are installed into the cache,
// in a folder for each version.
func (b *bench) install(ctx context.Context, t tool) (program string, err error) {
	switch {
	case t.name == ambix:
		return t.program, nil
	case t.module == "":
		return b.systemProgram(ctx, t)
	}
	return b.goInstall(ctx, t, t.tags)
}

func (b *bench) goInstall(ctx context.Context, t tool, tags string) (string, error) {
	folder := filepath.Join(b.cache, "bin", strings.ReplaceAll(strings.TrimSpace(t.name+"-"+t.version+" "+firstWord(tags)), " ", "-"))
	program := filepath.Join(folder, t.program)
	if t.program == "" {
		program = filepath.Join(folder, t.name)
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	fmt.Fprintf(b.log, "installing %s %s\n", t.name, t.version)
	args := append([]string{"install"}, buildFlags()...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-tags", tags, t.module+t.folder+"@"+t.version)...)
	cmd.Dir = b.cache // outside this module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+folder, "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s@%s: %w\n%s", t.module, t.version, err, lastLines(text))
	}
	return program, nil
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// systemProgram finds a tool that is a package of the operating system. Root installs it if
// it is missing.
func (b *bench) systemProgram(ctx context.Context, t tool) (string, error) {
	if program, err := exec.LookPath(t.name); err == nil {
		return program, nil
	}
	packages := map[string][]string{"psql": {"postgresql"}, "alembic": {"alembic", "python3-psycopg2"}}[t.name]
	if os.Geteuid() == 0 {
		cmd := exec.CommandContext(ctx, filepath.Join(b.checkout, "scripts", "install"), append([]string{"-y"}, packages...)...)
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", cmd, err, lastLines(text))
		}
		return exec.LookPath(t.name)
	}
	return "", fmt.Errorf("not installed: run scripts/install %s", strings.Join(packages, " "))
}

// versionOf returns the version that a tool reports, or the one that was installed.
func versionOf(ctx context.Context, t tool, program string) string {
	if t.versionArgs == nil {
		return t.version
	}
	text, err := exec.CommandContext(ctx, program, t.versionArgs...).Output()
	if err != nil {
		return ""
	}
	for word := range strings.FieldsSeq(string(text)) {
		if word[0] >= '0' && word[0] <= '9' {
			return word
		}
	}
	return ""
}

func lastLines(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

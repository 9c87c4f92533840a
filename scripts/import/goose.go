package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// goose reads github.com/pressly/goose: files NUMBER_NAME.sql with annotations, and
// NUMBER_NAME.go, code that no revision can take over.
var goose = tool{name: "goose", rows: each, filled: true, session: true, read: readGoose}

func readGoose(src source) (*project, error) {
	entries, err := os.ReadDir(src.dir)
	if err != nil {
		return nil, err
	}
	p := &project{}
	for _, entry := range entries {
		base := entry.Name()
		stem, isSQL := strings.CutSuffix(base, ".sql")
		code, isGo := strings.CutSuffix(base, ".go")
		if isGo {
			stem = code
		}
		if entry.IsDir() || !isSQL && !isGo || strings.HasSuffix(base, "_test.go") {
			continue
		}
		version, name, ok := numbered(stem)
		file := filepath.Join(src.dir, base)
		if !ok {
			if isSQL {
				p.findings = append(p.findings, finding{"These have no number in front and are left out:", file})
			}
			continue
		}
		digits, _, _ := strings.Cut(base, "_")
		m := migration{version: version, name: base, message: readable(name), created: versionTime(digits)}
		if isGo {
			m.up.code = "goose runs Go code: " + base
		} else if err := m.readGoose(file, src); err != nil {
			return nil, err
		}
		p.migrations = append(p.migrations, m)
	}
	if len(p.migrations) == 0 {
		return nil, noFiles(src.dir, "00001_create_account.sql")
	}
	if err := byNumber(p.migrations); err != nil {
		return nil, err
	}
	p.migrations = chain(p.migrations)
	return p, nil
}

func (m *migration) readGoose(file string, src source) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	f := gooseFile{file: file, data: src.data}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		n++
		// goose sends no carriage returns, so that none get into functions.
		if err := f.read(strings.TrimRight(line, "\r\n")); err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	switch {
	case f.section == nil:
		return fmt.Errorf("%s: -- +goose Up is missing", file)
	case f.block:
		return fmt.Errorf("%s: -- +goose StatementEnd is missing", file)
	}
	m.up = script{sql: f.head.String() + f.up.String(), alone: f.alone, findings: f.findings(&f.up)}
	if f.section == &f.down {
		m.down = &script{sql: f.down.String(), alone: f.alone, findings: f.findings(&f.down)}
	}
	return nil
}

// gooseFile is a file as it is read, line by line.
type gooseFile struct {
	file string
	data map[string]string

	head     strings.Builder // the comments above Up
	up, down gooseSection
	section  *gooseSection // nil: before Up

	block      bool // between StatementBegin and StatementEnd
	blockStart int
	alone, env bool
}

// gooseSection is the SQL of one direction.
type gooseSection struct {
	strings.Builder
	unknown []string // what ENVSUB would have replaced
}

func (f *gooseFile) read(line string) error {
	trimmed := strings.TrimSpace(line)
	comment := strings.HasPrefix(trimmed, "--")
	switch {
	case comment && strings.Contains(line, "+goose"):
		if line[0] != '-' {
			return fmt.Errorf("an annotation begins its line: %q", line)
		}
		words := strings.Fields(strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1))
		return f.annotate(strings.ToLower(strings.Join(words, " ")))
	case f.section == nil && (comment || trimmed == ""):
		f.head.WriteString(line + "\n")
	case f.section == nil:
		return fmt.Errorf("SQL above -- +goose Up")
	default:
		if f.env {
			var unknown []string
			line, unknown = substitute(line, f.data)
			f.section.unknown = append(f.section.unknown, unknown...)
		}
		f.section.WriteString(line + "\n")
	}
	return nil
}

func (f *gooseFile) annotate(annotation string) error {
	switch annotation {
	case "up":
		if f.section != nil {
			return fmt.Errorf("-- +goose Up twice, or below Down")
		}
		f.section = &f.up
	case "down":
		if f.section != &f.up || f.block {
			return fmt.Errorf("-- +goose Down belongs once, below Up")
		}
		f.section = &f.down
	case "statementbegin":
		if f.section == nil || f.block {
			return fmt.Errorf("-- +goose StatementBegin belongs below Up or Down, and not into another one")
		}
		f.block, f.blockStart = true, f.section.Len()
	case "statementend":
		if !f.block {
			return fmt.Errorf("-- +goose StatementEnd without StatementBegin")
		}
		// In the block the last semicolon is not needed; here something may follow.
		text := f.section.String()
		f.section.Reset()
		f.section.WriteString(text[:f.blockStart] + ended(text[f.blockStart:]))
		f.block = false
	case "no transaction":
		f.alone = true
	case "envsub on":
		f.env = true
	case "envsub off":
		f.env = false
	default:
		return fmt.Errorf("unknown annotation: +goose %s", annotation)
	}
	return nil
}

func (f *gooseFile) findings(s *gooseSection) []finding {
	var findings []finding
	for _, expression := range s.unknown {
		findings = append(findings, finding{"ENVSUB fills these in from the environment. Give them with -D and import again, or write what they are:", expression})
	}
	return findings
}

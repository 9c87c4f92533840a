package importer

import (
	"errors"
	"fmt"
	"strings"
)

// goose reads github.com/pressly/goose: NUMBER_NAME.sql with annotations, and NUMBER_NAME.go,
// which cannot be converted.
var goose = tool{
	name: "goose", reads: "the folder of NUMBER_NAME.sql and NUMBER_NAME.go", rows: each, table: "goose_db_version",
	data: "the variables of ENVSUB", sharesSession: true, placeholder: "${", read: readGoose,
}

func readGoose(src source) (*project, error) {
	entries, err := listDir(src.dir)
	if err != nil {
		return nil, err
	}
	p := &project{}
	for _, entry := range entries {
		base := entry.name
		stem, isSQL := strings.CutSuffix(base, ".sql")
		code, isGo := strings.CutSuffix(base, ".go")
		if isGo {
			stem = code
		}
		if entry.isDir || !isSQL && !isGo || strings.HasSuffix(base, "_test.go") {
			continue
		}
		version, name, ok := numbered(stem)
		if !ok {
			if isSQL {
				p.findings = append(p.findings, finding{leftOut, entry.path})
			}
			continue
		}
		digits, _, _ := strings.Cut(base, "_")
		m := migration{version: version, name: base, message: messageOf(name), created: versionTime(digits)}
		if isGo {
			m.up.code = "goose runs Go code: " + base
		} else if err := m.readGoose(entry.path, src); err != nil {
			return nil, err
		}
		p.migrations = append(p.migrations, m)
	}
	if len(p.migrations) == 0 {
		return nil, noMigrations(src.dir, "00001_create_account.sql")
	}
	if err := sortByNumber(p.migrations); err != nil {
		return nil, err
	}
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, nil
}

func (m *migration) readGoose(file string, src source) error {
	text, err := readText(file)
	if err != nil {
		return err
	}
	f := gooseFile{file: file, data: src.data}
	n := 0
	for line := range strings.Lines(text) {
		n++
		// As goose does, so that no carriage returns get into functions.
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
	m.up = script{sql: f.head.String() + f.up.String(), noTransaction: f.noTransaction, findings: f.findings(&f.up)}
	if f.section == &f.down {
		m.down = &script{sql: f.down.String(), noTransaction: f.noTransaction, findings: f.findings(&f.down)}
	}
	return nil
}

// gooseFile is the state while a file is read line by line.
type gooseFile struct {
	file string
	data map[string]string

	head     strings.Builder // the comments before Up
	up, down gooseSection
	section  *gooseSection // nil: before Up

	block                 bool // between StatementBegin and StatementEnd
	blockStart            int
	noTransaction, envsub bool
}

// gooseSection is the SQL of one direction.
type gooseSection struct {
	strings.Builder
	unknown []string // expressions that ENVSUB could not replace
}

func (f *gooseFile) read(line string) error {
	trimmed := strings.TrimSpace(line)
	comment := strings.HasPrefix(trimmed, "--")
	switch {
	case comment && strings.Contains(line, "+goose"):
		if line[0] != '-' {
			return fmt.Errorf("an annotation must be at the beginning of its line: %q", line)
		}
		words := strings.Fields(strings.Replace(strings.ReplaceAll(line, "--", ""), "+goose", "", 1))
		return f.annotate(strings.ToLower(strings.Join(words, " ")))
	case f.section == nil && (comment || trimmed == ""):
		f.head.WriteString(line + "\n")
	case f.section == nil:
		return errors.New("SQL before -- +goose Up")
	default:
		if f.envsub {
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
			return errors.New("-- +goose Up must occur once, before Down")
		}
		f.section = &f.up
	case "down":
		if f.section != &f.up || f.block {
			return errors.New("-- +goose Down must occur once, after Up")
		}
		f.section = &f.down
	case "statementbegin":
		if f.section == nil || f.block {
			return errors.New("-- +goose StatementBegin must be after Up or Down, and not inside another one")
		}
		f.block, f.blockStart = true, f.section.Len()
	case "statementend":
		if !f.block {
			return errors.New("-- +goose StatementEnd without StatementBegin")
		}
		// In a block the last semicolon is optional, but other statements may follow it.
		text := f.section.String()
		f.section.Reset()
		f.section.WriteString(text[:f.blockStart] + terminated(text[f.blockStart:]))
		f.block = false
	case "no transaction":
		f.noTransaction = true
	case "envsub on":
		f.envsub = true
	case "envsub off":
		f.envsub = false
	default:
		return fmt.Errorf("unknown annotation: +goose %s", annotation)
	}
	return nil
}

func (f *gooseFile) findings(s *gooseSection) []finding {
	var findings []finding
	for _, expression := range s.unknown {
		findings = append(findings, finding{"ENVSUB takes these from the environment. Define them with -D and import again, or write the values into the file:", expression})
	}
	return findings
}

package importer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// sqlMigrate reads github.com/rubenv/sql-migrate: .sql files with annotations, in the order of
// the numbers with which their names begin, and of the names.
var sqlMigrate = tool{
	name: "sql-migrate", reads: "the folder of the .sql files, usually migrations", rows: each, table: "gorp_migrations",
	sharesSession: true, read: readSQLMigrate,
}

var leadingNumber = regexp.MustCompile(`^[0-9]+`)

func readSQLMigrate(src source) (*project, error) {
	files, err := listFiles(src.dir, ".sql")
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
	for _, f := range files {
		digits := leadingNumber.FindString(f.name)
		m := migration{
			version: f.name, name: f.name, number: digits, created: versionTime(digits),
			message: messageOf(strings.ReplaceAll(strings.TrimSuffix(f.name[len(digits):], ".sql"), "-", " ")),
		}
		if len(digits) > 18 {
			bad.addf("%s: number out of range", f.path)
		}
		m.readSQLMigrate(f.path, &bad)
		p.migrations = append(p.migrations, m)
	}
	if len(files) == 0 {
		return nil, noMigrations(src.dir, "20211120191701-create_account.sql")
	}
	slices.SortFunc(p.migrations, func(a, b migration) int {
		switch {
		case (a.number == "") != (b.number == ""):
			return cmp.Compare(len(b.number), len(a.number)) // numbers first
		case number(a.number) != number(b.number):
			return cmp.Compare(number(a.number), number(b.number))
		}
		return strings.Compare(a.name, b.name)
	})
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, bad.err()
}

// readSQLMigrate splits a file at its annotations.
func (m *migration) readSQLMigrate(file string, bad *problems) {
	f := sqlMigrateFile{}
	number := 0
	for line := range strings.Lines(bad.read(file)) {
		number++
		if problem := f.read(strings.TrimRight(line, "\r\n")); problem != "" {
			bad.addf("%s:%d: %s", file, number, problem)
			return
		}
	}
	switch {
	case f.block:
		bad.addf("%s: -- +migrate StatementEnd is missing", file)
	case f.section == nil:
		bad.addf("%s: -- +migrate Up is missing", file)
	case strings.TrimSpace(f.statement.String()) != "":
		bad.addf("%s: the last statement has no semicolon", file)
	}
	m.up = script{sql: f.up.String(), noTransaction: f.up.noTransaction}
	if f.down.used {
		m.down = &script{sql: f.down.String(), noTransaction: f.down.noTransaction}
	}
}

// sqlMigrateFile is the state while a file is read line by line.
type sqlMigrateFile struct {
	up, down  sqlMigrateSection
	section   *sqlMigrateSection // nil: before the first
	statement strings.Builder    // the lines of the current one
	block     bool               // between StatementBegin and StatementEnd
}

type sqlMigrateSection struct {
	strings.Builder
	used, noTransaction bool
}

func (f *sqlMigrateFile) read(line string) (problem string) {
	started := strings.TrimSpace(f.statement.String()) != ""
	switch annotation, ok := strings.CutPrefix(line, "-- +migrate "); {
	case ok:
		return f.annotate(strings.Fields(annotation), started)
	case strings.HasPrefix(line, "-- +"), f.section == nil && !strings.HasPrefix(line, "--"):
		return "" // not sent
	case f.section == nil:
		f.up.WriteString(line + "\n") // the comments at the top
		return ""
	case strings.HasPrefix(line, "-- ") && started:
		return "" // sql-migrate removes these lines, from the bodies of functions too
	case strings.HasPrefix(line, "-- "):
		f.section.WriteString(line + "\n")
		return ""
	}
	f.statement.WriteString(line + "\n")
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") }); i >= 0 {
		words = words[:i]
	}
	if !f.block && len(words) > 0 && strings.HasSuffix(words[len(words)-1], ";") {
		f.end()
	}
	return ""
}

// end ends a statement.
func (f *sqlMigrateFile) end() {
	f.section.WriteString(f.statement.String())
	f.statement.Reset()
}

func (f *sqlMigrateFile) annotate(words []string, started bool) (problem string) {
	if len(words) == 0 {
		return "incomplete annotation"
	}
	switch words[0] {
	case "Up", "Down":
		if started {
			return "the statement before has no semicolon"
		}
		f.section = &f.up
		if words[0] == "Down" {
			f.section = &f.down
		}
		f.section.used = true
		f.section.noTransaction = f.section.noTransaction || slices.Contains(words[1:], "notransaction")
	case "StatementBegin":
		f.block = f.section != nil
	case "StatementEnd":
		if f.block {
			f.block = false
			text := terminated(f.statement.String())
			f.statement.Reset()
			f.section.WriteString(text)
		}
	}
	return ""
}

package importer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// dbmate reads github.com/amacneil/dbmate: files NUMBER….sql, in the order of their names,
// with sections that begin with "-- migrate:up" and "-- migrate:down".
var dbmate = tool{
	name: "dbmate", reads: "the folder of NUMBER_NAME.sql, usually db/migrations", rows: each, table: "schema_migrations",
	data: "the variables of env:NAME", sharesSession: true, placeholder: "{{", read: readDbmate,
}

var (
	dbmateFile    = regexp.MustCompile(`^([0-9]+)(.*)\.sql$`)
	dbmateSection = regexp.MustCompile(`(?m)^--[ \t]*migrate:(up|down)(?:[ \t]+(\S.*?))?[ \t\r]*$`)
)

func readDbmate(src source) (*project, error) {
	files, err := listFiles(src.dir, ".sql")
	if err != nil {
		return nil, err
	}
	p := &project{}
	for _, f := range files {
		parts := dbmateFile.FindStringSubmatch(f.name)
		if parts == nil {
			p.findings = append(p.findings, finding{leftOut, f.path})
			continue
		}
		text, err := readText(f.path)
		if err != nil {
			return nil, err
		}
		m := migration{version: parts[1], name: f.name, message: messageOf(strings.TrimLeft(parts[2], "-.")), created: versionTime(parts[1])}
		if err := m.readDbmate(f.path, text, src.data); err != nil {
			return nil, err
		}
		p.migrations = append(p.migrations, m)
	}
	if len(p.migrations) == 0 {
		return nil, noMigrations(src.dir, "20211120191701_create_account.sql")
	}
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, checkUnique(p.migrations)
}

// readDbmate splits a file into its sections. Of several down sections, the last runs first.
func (m *migration) readDbmate(file, text string, data map[string]string) error {
	sections := dbmateSection.FindAllStringSubmatchIndex(text, -1)
	if len(sections) == 0 || text[sections[0][2]:sections[0][3]] != "up" {
		return fmt.Errorf("%s: the first section must be -- migrate:up", file)
	}
	// dbmate allows only comments before the first section.
	ups, downs := []string{text[:sections[0][0]]}, []string(nil)
	for i, at := range sections {
		end := len(text)
		if i+1 < len(sections) {
			end = sections[i+1][0]
		}
		s, parts := &m.up, &ups
		if text[at[2]:at[3]] == "down" {
			if m.down == nil {
				m.down = &script{}
			}
			s, parts = m.down, &downs
		}
		options := ""
		if at[4] >= 0 {
			options = text[at[4]:at[5]]
		}
		sql, err := s.dbmateOptions(options, text[at[1]:end], data)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		*parts = append(*parts, sql)
	}
	m.up.sql = join(ups)
	if m.down != nil {
		slices.Reverse(downs)
		m.down.sql = join(downs)
	}
	return nil
}

func join(scripts []string) string {
	var parts []string
	for _, sql := range scripts {
		if sql = trimBlank(sql); sql != "" {
			parts = append(parts, terminated(sql))
		}
	}
	return strings.Join(parts, "\n")
}

// dbmateOptions applies the options of a section. With env:NAME the section is a template
// that may use these variables.
func (s *script) dbmateOptions(options, sql string, data map[string]string) (string, error) {
	variables, missing := map[string]string{}, false
	for option := range strings.FieldsSeq(options) {
		name, isEnv := strings.CutPrefix(option, "env:")
		value, given := data[name]
		switch {
		case option == "transaction:false":
			s.noTransaction = true
		case isEnv && given:
			variables[name] = value
		case isEnv:
			missing = true
			s.findings = append(s.findings, finding{"dbmate takes these from the environment. Define them with -D and import again, or write the values into the file:", "{{ ." + name + " }}"})
		}
	}
	if missing || len(variables) == 0 {
		return sql, nil
	}
	filled, err := template.New("section").Option("missingkey=error").Parse(sql)
	if err != nil {
		return "", templateError(err)
	}
	var b strings.Builder
	if err := filled.Execute(&b, variables); err != nil {
		return "", templateError(err)
	}
	return b.String(), nil
}

// templateMissing matches the error of package template for a variable that is not among the data.
var templateMissing = regexp.MustCompile(`map has no entry for key "(.*)"`)

// templateError says what is wrong with a section that is a template.
func templateError(err error) error {
	if parts := templateMissing.FindStringSubmatch(err.Error()); parts != nil {
		return fmt.Errorf("{{ .%s }} has no value: add env:%s to the line of the section, and -D %s=VALUE to the command", parts[1], parts[1], parts[1])
	}
	return fmt.Errorf("the section is a template because of env:, and is not valid: %s", strings.TrimPrefix(err.Error(), "template: section:"))
}

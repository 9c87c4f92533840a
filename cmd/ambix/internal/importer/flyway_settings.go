package importer

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// flywaySettings are the settings of Flyway that matter here.
type flywaySettings struct {
	versioned, undoPrefix, baselinePrefix, repeatable string // prefixes of names
	separator                                         string
	suffixes                                          []string
	replacement                                       bool
	before, after                                     string            // around a placeholder
	placeholders                                      map[string]string // with names in lower case
	table, schema                                     string            // of the version table; "": the default
	noTransaction                                     bool
	locations                                         []string
}

// readFlywaySettings reads --config and -D.
func readFlywaySettings(src source) (flywaySettings, error) {
	s := flywaySettings{
		versioned: "V", undoPrefix: "U", baselinePrefix: "B", repeatable: "R", separator: "__", suffixes: []string{".sql"},
		replacement: true, before: "${", after: "}", placeholders: map[string]string{},
	}
	if src.config != "" {
		settings, err := readSettings(src.config)
		if err != nil {
			return s, err
		}
		for _, e := range settings {
			key, ok := strings.CutPrefix(e.key, "flyway.")
			switch {
			case ok && !e.plain:
				return s, fmt.Errorf("%s:%d: %s: write the value as a plain string, or pass it with -D", src.config, e.line, e.key)
			case ok:
				s.set(key, e.value)
			}
		}
	}
	for key, value := range src.data {
		s.placeholders[strings.ToLower(key)] = value
	}
	return s, nil
}

func (s *flywaySettings) set(key, value string) {
	if name, ok := strings.CutPrefix(key, "placeholders."); ok {
		s.placeholders[strings.ToLower(name)] = value
		return
	}
	first, _, _ := strings.Cut(value, ",")
	switch key {
	case "sqlMigrationPrefix":
		s.versioned = value
	case "undoSqlMigrationPrefix":
		s.undoPrefix = value
	case "baselineMigrationPrefix":
		s.baselinePrefix = value
	case "repeatableSqlMigrationPrefix":
		s.repeatable = value
	case "sqlMigrationSeparator":
		s.separator = value
	case "sqlMigrationSuffixes":
		s.suffixes = strings.Split(value, ",")
	case "placeholderReplacement":
		s.replacement = value != "false"
	case "executeInTransaction":
		s.noTransaction = value == "false"
	case "locations":
		s.locations = strings.Split(value, ",")
	case "placeholderPrefix":
		s.before = value
	case "placeholderSuffix":
		s.after = value
	case "table":
		s.table = value
	case "defaultSchema":
		s.schema = value
	case "schemas":
		if s.schema == "" {
			s.schema = first
		}
	}
}

// versionTable returns the name of the version table as SQL; "" for the default in any schema.
func (s *flywaySettings) versionTable() string {
	if s.table == "" || s.table == "flyway_schema_history" {
		return ""
	}
	name := quoted(s.table)
	if s.schema != "" {
		name = quoted(s.schema) + "." + name
	}
	return name
}

// replacePlaceholders replaces placeholders everywhere, as Flyway does. It leaves and returns
// those that have no value.
func (s *flywaySettings) replacePlaceholders(file, text string) (string, []finding) {
	values := maps.Clone(s.placeholders)
	if _, ok := values["flyway:filename"]; !ok {
		values["flyway:filename"] = filepath.Base(file)
	}
	var b strings.Builder
	var unset []finding
	rest := text
	for {
		i := strings.Index(rest, s.before)
		if i < 0 {
			break
		}
		name, after, ok := strings.Cut(rest[i+len(s.before):], s.after)
		if !ok {
			break
		}
		b.WriteString(rest[:i])
		value, ok := values[strings.ToLower(name)]
		if !ok {
			f := finding{flywayUnset, at(file, text, len(text)-len(rest)+i) + ": " + s.before + name + s.after}
			if !slices.Contains(unset, f) {
				unset = append(unset, f)
			}
			value = s.before + name + s.after
		}
		b.WriteString(value)
		rest = after
	}
	return b.String() + rest, unset
}

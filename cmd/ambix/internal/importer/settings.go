package importer

import (
	"regexp"
	"strings"
)

// setting is a setting in a configuration file.
type setting struct {
	key   string // after the names of its sections, without quotes: migrate.table-name
	value string // a string without its quotes, a list joined by commas
	plain bool   // false for what is not read, such as a table of TOML
	line  int
}

var (
	settingSection = regexp.MustCompile(`^\[([\w.-]+)\]$`)
	settingKey     = regexp.MustCompile(`^([\w."-]+)\s*[=:]\s*(.*)$`)
	tomlString     = regexp.MustCompile(`^(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?$`)
	tomlList       = regexp.MustCompile(`"([^"]*)"|'([^']*)'`)
)

// readSettings reads a file in TOML, if it is called so, or with lines KEY=VALUE.
func readSettings(file string) ([]setting, error) {
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	var settings []setting
	isTOML := strings.HasSuffix(file, ".toml")
	section, n := "", 0
	lines := strings.Split(text, "\n")
	for n < len(lines) {
		line := strings.TrimSpace(lines[n])
		n++
		start := n
		// A list in TOML, and a value with a backslash at the end in the other format, go on in the next line.
		for goesOn(line, isTOML) && n < len(lines) {
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines[n])
			n++
		}
		if parts := settingSection.FindStringSubmatch(line); parts != nil {
			section = parts[1] + "."
			continue
		}
		parts := settingKey.FindStringSubmatch(line)
		if parts == nil {
			continue
		}
		s := setting{key: strings.ReplaceAll(section+parts[1], `"`, ""), value: parts[2], plain: true, line: start}
		if isTOML {
			s.value, s.plain = tomlValue(s.value)
		}
		settings = append(settings, s)
	}
	return settings, nil
}

// goesOn reports whether the setting in a line continues in the next one.
func goesOn(line string, isTOML bool) bool {
	if !isTOML {
		return strings.HasSuffix(line, `\`) && !strings.HasPrefix(line, "#")
	}
	parts := settingKey.FindStringSubmatch(line)
	return parts != nil && strings.HasPrefix(parts[2], "[") && !strings.Contains(parts[2], "]")
}

// tomlValue returns a value as text. plain is false if it is neither a string, a list of strings, nor a word.
func tomlValue(value string) (text string, plain bool) {
	if strings.HasPrefix(value, "[") {
		var words []string
		for _, word := range tomlList.FindAllStringSubmatch(value, -1) {
			words = append(words, word[1]+word[2])
		}
		return strings.Join(words, ","), true
	}
	if word := tomlString.FindStringSubmatch(value); word != nil {
		return word[1] + word[2], true
	}
	return value, !strings.ContainsAny(value, `"'{`)
}

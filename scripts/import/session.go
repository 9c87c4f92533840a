package main

import (
	"regexp"
	"slices"
	"strings"

	"example.com/ambix/migrator/revision"
)

const leftSet = "This stays set when the migration ends, and the tool runs those behind it in the same session. Here each revision begins with a new one: repeat the setting in those that rely on it:"

// sessionSetting finds the settings that decide where later statements put things, and
// for whom: SET name TO value, and set_config('name', 'value', false) of every pg_dump.
var sessionSetting = regexp.MustCompile(`(?is)^(?:SET\s+(?:SESSION\s+)?(search_path\s*(?:=|\s+TO\s)|SCHEMA\s|ROLE\s|SESSION\s+AUTHORIZATION\s)\s*(.*)` +
	`|SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'(search_path|role)'\s*,\s*(.*?)\s*,\s*'?f(?:alse)?'?\s*\))$`)

// usualValue is a value after which nothing is other than in a new session: whoever ran
// without a search path names every schema.
var usualValue = regexp.MustCompile(`(?i)^(''|default|none|'?public'?|'?"\$user"'?, ?'?public'?)$`)

// leftovers finds the migrations that change a setting for those behind them, which do
// not set it themselves. The migrations are in the order in which the tool runs them.
func leftovers(migrations []migration) {
	scripts := make([]*revision.Script, len(migrations))
	for i := range migrations {
		scripts[i] = revision.NewScript(migrations[i].up.sql)
	}
	for i := range len(scripts) - 1 {
		left := settings(scripts[i], true)
		for _, name := range []string{"search_path", "role"} {
			_, again := settings(scripts[i+1], false)[name]
			if statement := left[name]; statement != "" && !again {
				m := &migrations[i].up
				m.findings = append(m.findings, finding{leftSet, strings.Join(strings.Fields(statement), " ")})
			}
		}
	}
}

// settings gives the statement that a script sets a setting with last, "" for a usual
// value: in all of the script, or only before its first statement of another kind.
func settings(s *revision.Script, all bool) map[string]string {
	found := map[string]string{}
	for _, st := range s.Statements() {
		text := strings.TrimSpace(s.Text[st.Start:st.End])
		if st.Keywords == "RESET" || strings.HasPrefix(st.Keywords, "RESET ") {
			clear(found) // of those that count there is rarely more than one
			continue
		}
		parts := sessionSetting.FindStringSubmatch(text)
		if parts == nil {
			if first, _, _ := strings.Cut(st.Keywords, " "); !all && !slices.Contains([]string{"SET", "RESET", "BEGIN", "START"}, first) {
				break
			}
			continue
		}
		name, value := "role", strings.TrimSpace(parts[2]+parts[4])
		if key := strings.ToLower(parts[1] + parts[3]); strings.HasPrefix(key, "s") && !strings.HasPrefix(key, "session") {
			name = "search_path"
		}
		found[name] = text
		if usualValue.MatchString(value) {
			found[name] = ""
		}
	}
	return found
}

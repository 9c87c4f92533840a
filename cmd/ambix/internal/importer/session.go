package importer

import (
	"regexp"
	"slices"
	"strings"

	"example.com/ambix/migrator/revision"
)

const leftSet = "This setting stays in effect when the migration ends, and the tool runs the next ones in the same session. Here each revision starts with the session's defaults: repeat the setting in those that rely on it:"

// sessionSetting matches statements that change search_path or the role for the session: SET,
// and set_config('name', 'value', false) as in the output of pg_dump.
var sessionSetting = regexp.MustCompile(`(?is)^(?:SET\s+(?:SESSION\s+)?(search_path\s*(?:=|\s+TO\s)|SCHEMA\s|ROLE\s|SESSION\s+AUTHORIZATION\s)\s*(.*)` +
	`|SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'(search_path|role)'\s*,\s*(.*?)\s*,\s*'?f(?:alse)?'?\s*\))$`)

// usualValue matches values that make no difference to later migrations. With an empty
// search_path they must name every schema anyway.
var usualValue = regexp.MustCompile(`(?i)^(''|default|none|'?public'?|'?"\$user"'?, ?'?public'?)$`)

// findLeftSettings finds settings that a migration leaves to the next one, which does not
// set them itself. The migrations are in the order in which the tool runs them.
func findLeftSettings(migrations []migration) {
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

// settings returns, by setting, the last statement of a script that sets it, or "" if the
// value is a usual one. Unless all is set, it stops at the first other statement.
func settings(s *revision.Script, all bool) map[string]string {
	found := map[string]string{}
	for _, st := range s.Statements() {
		text := strings.TrimSpace(s.Text[st.Start:st.End])
		if st.Keywords == "RESET" || strings.HasPrefix(st.Keywords, "RESET ") {
			clear(found) // close enough: a script rarely sets both
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

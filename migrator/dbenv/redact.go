package dbenv

import (
	"maps"
	"slices"
	"strings"
)

// secretVariables returns the keys whose values are secret, with the variable that can
// supply each of them.
func secretVariables() map[string]string {
	return map[string]string{"password": "PGPASSWORD", "sslpassword": "PGSSLPASSWORD"}
}

// WithoutSecrets returns a postgres:// URL, or key=value pairs, without the passwords in
// them, and the variables that can supply those passwords instead. ok is false if text is
// malformed: any part of it may then belong to a password.
func WithoutSecrets(text string) (shown string, variables []string, ok bool) {
	set, err := parseConnection(text)
	if err != nil {
		return "", nil, false
	}
	for key, variable := range secretVariables() {
		if set[key] != "" {
			variables = append(variables, variable)
		}
		delete(set, key)
	}
	slices.Sort(variables)
	if len(variables) == 0 {
		return strings.TrimSpace(text), nil, true
	}
	shown = urlWithoutSecrets(strings.TrimSpace(text))
	if again, err := parseConnection(shown); err == nil && maps.Equal(nonEmpty(again), nonEmpty(set)) {
		return shown, variables, true
	}
	pairs := nonEmpty(set)
	if name, ok := pairs["database"]; ok {
		delete(pairs, "database")
		pairs["dbname"] = name
	}
	return shortKeyValues(pairs), variables, true
}

// shortKeyValues formats values as libpq's key=value pairs, with quotes where they are needed.
func shortKeyValues(values map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if value := values[key]; strings.ContainsAny(value, spaces+`\'`) {
			pairs = append(pairs, strings.TrimSpace(keyValues(map[string]string{key: value})))
		} else {
			pairs = append(pairs, key+"="+value)
		}
	}
	return strings.Join(pairs, " ")
}

// urlWithoutSecrets removes passwords from the text of a URL. Its result may be wrong for
// other texts.
func urlWithoutSecrets(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	user, rest := cutUserinfo(rest)
	name, _, _ := strings.Cut(user, ":")
	before, query, _ := cutQuery(rest)
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		key, err := decode(key)
		return err != nil || secretVariables()[key] != "" || key == ""
	})
	if name != "" {
		name += "@"
	}
	shown := scheme + "://" + name + before
	if len(pairs) > 0 {
		shown += "?" + strings.Join(pairs, "&")
	}
	return shown
}

func nonEmpty(set map[string]string) map[string]string {
	set = maps.Clone(set)
	maps.DeleteFunc(set, func(_, value string) bool { return value == "" })
	return set
}

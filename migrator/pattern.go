package migrator

import (
	"path"
	"slices"

	"example.com/ambix/migrator/schema"
)

// matcher returns a function that reports whether a name matches one of the patterns. The error is a *ConfigError.
func matcher(setting string, patterns []string) (func(string) bool, error) {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return nil, &ConfigError{Setting: setting, Value: p, Reason: "not a pattern: * stands for any characters, ? for one, and [a-z] for one of these"}
		}
	}
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return schema.MatchName(p, name) })
	}, nil
}

// UnusedPatterns returns the patterns for WithoutMatches that match no object of the schemas.
func UnusedPatterns(patterns []string, schemas ...*schema.Schema) []string {
	var unused []string
	for _, p := range patterns {
		match, err := matcher("ignore", []string{p})
		if err != nil {
			continue
		}
		if !slices.ContainsFunc(schemas, func(s *schema.Schema) bool { return slices.ContainsFunc(s.Objects, named(match)) }) {
			unused = append(unused, p)
		}
	}
	return unused
}

// named returns whether an object has a name that matches.
func named(match func(string) bool) func(*schema.Object) bool {
	return func(o *schema.Object) bool { return match(o.QualifiedName()) || match(o.Key.Name) }
}

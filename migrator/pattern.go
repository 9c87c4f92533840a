package migrator

import (
	"path"
	"slices"
	"strings"
)

// matcher returns a function that reports whether a name matches one of the patterns. The error is a *ConfigError.
func matcher(setting string, patterns []string) (func(string) bool, error) {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return nil, &ConfigError{Setting: setting, Value: p, Reason: "not a pattern: * stands for any characters, ? for one, and [a-z] for one of these"}
		}
	}
	return func(name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			// In names a slash is a character like any other.
			ok, _ := path.Match(strings.ReplaceAll(p, "/", "\x01"), strings.ReplaceAll(name, "/", "\x01"))
			return ok
		})
	}, nil
}

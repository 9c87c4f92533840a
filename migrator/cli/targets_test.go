package cli

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"tenant_*", "tenant_1", true},
		{"tenant_*", "Tenant_1", false},
		{"tenant_*", "a tenant_1", false},
		{"*", "a.b/c\nd", true},
		{"t?", "tü", true},
		{"t?", "t", false},
		{"t[a-c]", "tb", true},
		{"t[a-c]", "td", false},
		{"t[!a-c]", "td", true},
		{"t[!a-c]", "t!", true},
		{"t[a!]", "t!", true},
		{`t\*`, "t*", true},
		{`t\*`, "t1", false},
		{"a.b", "axb", false},
		{"a(b", "a(b", true},
		{`t\[`, "t[", true},
		{"", "", true},
	} {
		matches, err := glob("skip", c.pattern)
		if err != nil || matches(c.name) != c.want {
			t.Errorf("%s on %q: %v, %v", c.pattern, c.name, !c.want, err)
		}
	}
	for _, pattern := range []string{"t[", "[", "t[z-a]", "t[]", "t[!]", `t\`} {
		if _, err := glob("skip", pattern); ExitCode(err) != 2 || !strings.Contains(err.Error(), "is not a pattern: ") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

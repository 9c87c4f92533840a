package cli

import "testing"

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
		{"t[", "t[", true},
		{"t[z-a]", "t[z-a]", true},
		{"", "", true},
	} {
		if got := glob(c.pattern)(c.name); got != c.want {
			t.Errorf("%s on %q: %v", c.pattern, c.name, got)
		}
	}
}

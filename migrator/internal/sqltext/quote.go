package sqltext

import (
	"strconv"
	"strings"
)

// QuoteName returns name as a quoted name: a"b becomes "a""b". A name cannot be empty or hold a NUL; the server says so.
func QuoteName(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// QuoteLiteral returns s as a dollar quoted string, $ambix1$…$ambix1$, whose tag does not occur in s. It means s
// under every setting of the session; s cannot hold a NUL. White space or an operator must stand before it: behind a
// name the dollar sign would belong to the name.
func QuoteLiteral(s string) string {
	// Without the closing $: if s ended in $ambix1 the tag would close one character too early. One number more than
	// there are candidates in s is always free.
	const prefix = "$ambix"
	taken := map[string]bool{}
	for rest := s; ; {
		_, after, found := strings.Cut(rest, prefix)
		if !found {
			break
		}
		number := after[:len(after)-len(strings.TrimLeft(after, "0123456789"))]
		taken[number] = true
		rest = after
	}
	n := 1
	for taken[strconv.Itoa(n)] {
		n++
	}
	tag := prefix + strconv.Itoa(n) + "$"
	return tag + s + tag
}

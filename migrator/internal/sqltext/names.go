package sqltext

import (
	"slices"
	"strings"
)

// Names returns the names in a statement that may be those of tables, each once, as SQL: qualified as they are written, in
// lower case or quoted. Keywords and names of other things are among them. Names of more than two parts are left out. limit
// is the largest number of names.
func Names(src string, s Statement, limit int) []string {
	var names []string
	for r := newTokenReader(src, s); len(names) < limit; {
		name, last := r.qualified()
		if last == "" {
			if !r.next() {
				break
			}
			continue
		}
		if strings.Count(name, ".") <= 1 && !strings.HasSuffix(name, ".") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

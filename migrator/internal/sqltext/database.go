package sqltext

import "strings"

// ChangedDatabase returns the database that DROP DATABASE or ALTER DATABASE names, as the catalogs contain it, but not yet cut
// to 63 bytes. It returns "" for other statements.
func ChangedDatabase(src string, s Statement) string {
	r := newTokenReader(src, s)
	if !r.acceptAny("DROP", "ALTER") || !r.accept("DATABASE") {
		return ""
	}
	r.acceptIfExists()
	_, name := r.qualified()
	return name
}

// NewExtension returns the extension that CREATE EXTENSION names, as the catalogs contain it, "" for other statements.
func NewExtension(src string, s Statement) string {
	r := newTokenReader(src, s)
	if !r.accept("CREATE") || !r.accept("EXTENSION") {
		return ""
	}
	r.acceptIfExists()
	_, name := r.qualified()
	return name
}

// CreatedRoles returns the roles that CREATE ROLE, USER or GROUP in src names, as the catalogs contain them, but not yet cut to
// 63 bytes. Those in strings and dollar quotes, such as DO blocks, are among them.
func CreatedRoles(src string) []string {
	var roles []string
	for r := newTokenReader(src, Statement{End: len(src)}); r.next(); {
		switch {
		case r.tok.Kind == Dollar:
			text := r.text()
			tag := text[:strings.Index(text[1:], "$")+len("$$")]
			roles = append(roles, CreatedRoles(strings.TrimSuffix(text[len(tag):], tag))...)
		case r.tok.Kind == String:
			_, text, _ := strings.Cut(r.text(), "'") // before it is a prefix such as E
			roles = append(roles, CreatedRoles(strings.ReplaceAll(strings.TrimSuffix(text, "'"), "''", "'"))...)
		case r.is("CREATE"):
			ahead := r
			if !ahead.acceptAny("ROLE", "USER", "GROUP") || ahead.acceptAny("MAPPING", "IF") {
				continue
			}
			if name, last := ahead.qualified(); last != "" && !strings.Contains(name, ".") {
				roles = append(roles, last)
			}
		}
	}
	return roles
}

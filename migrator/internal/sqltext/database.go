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
func CreatedRoles(src string) []string { return rolesAfter(src, "CREATE") }

// DroppedRoles is CreatedRoles for DROP ROLE, USER or GROUP.
func DroppedRoles(src string) []string { return rolesAfter(src, "DROP") }

// AlteredRoles is CreatedRoles for ALTER ROLE, USER or GROUP. ALL, CURRENT_USER and the like are among them, in lower case.
func AlteredRoles(src string) []string { return rolesAfter(src, "ALTER") }

// ServerCommand returns the keywords of a statement that changes the server beyond the database that it runs in: ALTER SYSTEM,
// what makes a database or a tablespace, and COPY with a program. It returns "" for other statements.
func ServerCommand(src string, s Statement) string {
	r := newTokenReader(src, s)
	switch r.next(); {
	case r.is("ALTER"):
		if r.acceptAny("SYSTEM", "TABLESPACE") {
			return "ALTER " + strings.ToUpper(r.text())
		}
	case r.is("CREATE"), r.is("DROP"):
		verb := strings.ToUpper(r.text())
		if r.accept("TABLESPACE") || verb == "CREATE" && r.accept("DATABASE") {
			return verb + " " + strings.ToUpper(r.text())
		}
	case r.is("COPY"):
		for r.next() {
			if r.is("FROM") || r.is("TO") {
				if r.accept("PROGRAM") {
					return "COPY PROGRAM"
				}
			}
		}
	}
	return ""
}

func rolesAfter(src, verb string) []string {
	var roles []string
	for r := newTokenReader(src, Statement{End: len(src)}); r.next(); {
		switch {
		case r.tok.Kind == Dollar:
			text := r.text()
			tag := text[:strings.Index(text[1:], "$")+len("$$")]
			roles = append(roles, rolesAfter(strings.TrimSuffix(text[len(tag):], tag), verb)...)
		case r.tok.Kind == String:
			_, text, _ := strings.Cut(r.text(), "'") // before it is a prefix such as E
			roles = append(roles, rolesAfter(strings.ReplaceAll(strings.TrimSuffix(text, "'"), "''", "'"), verb)...)
		case r.is(verb):
			ahead := r
			if ahead.acceptAny("ROLE", "USER", "GROUP") && !ahead.accept("MAPPING") {
				roles = append(roles, ahead.roleNames()...)
			}
		}
	}
	return roles
}

// roleNames reads a list of roles.
func (r *tokenReader) roleNames() []string {
	r.acceptIfExists()
	var roles []string
	for {
		name, last := r.qualified()
		if last == "" || strings.Contains(name, ".") && !strings.HasPrefix(name, "\"") {
			return roles
		}
		roles = append(roles, last)
		if ahead := *r; !ahead.next() || !ahead.isOperator(",") {
			return roles
		}
		r.next()
	}
}

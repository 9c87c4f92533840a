package sqltext

import "strings"

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
func CreatedRoles(src string) []string { return rolesAfter(src, isAboutRole("CREATE")) }

// DroppedRoles is CreatedRoles for DROP ROLE, USER or GROUP.
func DroppedRoles(src string) []string { return rolesAfter(src, isAboutRole("DROP")) }

// AlteredRoles is CreatedRoles for ALTER ROLE, USER or GROUP, and for what COMMENT and SECURITY LABEL name. ALL, CURRENT_USER
// and the like are among them, in lower case. A role that gets a setting in one database is not: see OutsideOf.
func AlteredRoles(src string) []string {
	alters := isAboutRole("ALTER")
	return rolesAfter(src, func(r *tokenReader) bool {
		if r.is("COMMENT") || r.is("SECURITY") && r.accept("LABEL") {
			if r.accept("FOR") {
				r.next() // the provider
			}
			return r.accept("ON") && r.accept("ROLE")
		}
		if !alters(r) {
			return false
		}
		after := *r
		after.roleNames()
		return !after.accept("IN") || !after.accept("DATABASE")
	})
}

// isAboutRole recognizes a statement about roles by its first words, and advances to their names.
func isAboutRole(verb string) func(*tokenReader) bool {
	return func(r *tokenReader) bool {
		return r.is(verb) && r.acceptAny("ROLE", "USER", "GROUP") && !r.accept("MAPPING")
	}
}

// rolesAfter returns the roles whose names follow wherever is recognizes what is before them.
func rolesAfter(src string, is func(*tokenReader) bool) []string {
	var roles []string
	for r := newTokenReader(src, Statement{End: len(src)}); r.next(); {
		switch {
		case r.tok.Kind == Dollar:
			text := r.text()
			tag := text[:strings.Index(text[1:], "$")+len("$$")]
			roles = append(roles, rolesAfter(strings.TrimSuffix(text[len(tag):], tag), is)...)
		case r.tok.Kind == String:
			_, text, _ := strings.Cut(r.text(), "'") // before it is a prefix such as E
			roles = append(roles, rolesAfter(strings.ReplaceAll(strings.TrimSuffix(text, "'"), "''", "'"), is)...)
		default:
			if ahead := r; is(&ahead) {
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

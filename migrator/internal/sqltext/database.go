package sqltext

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

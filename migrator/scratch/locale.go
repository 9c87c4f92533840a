package scratch

import (
	"context"
	"strings"

	"example.com/ambix/migrator/internal/sqltext"
)

// locale is what CREATE DATABASE says about encoding and locale.
type locale struct {
	encoding, collate, ctype string
	provider                 string // c for libc, i for ICU, b for builtin
	name                     string // of ICU and builtin
	rules                    string // of ICU
}

// String returns the name of the locale.
func (l locale) String() string {
	if l.name != "" {
		return l.name
	}
	return l.collate
}

// localeQuery reads the locale of the current database.
func localeQuery(version int) string {
	provider, name, rules := "'c'", "NULL", "NULL"
	switch {
	case version >= 170000:
		provider, name, rules = "d.datlocprovider", "d.datlocale", "d.daticurules"
	case version >= 160000:
		provider, name, rules = "d.datlocprovider", "d.daticulocale", "d.daticurules"
	case version >= 150000:
		provider, name = "d.datlocprovider", "d.daticulocale"
	}
	return "SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, " + provider + ", " + name + ", " + rules +
		" FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
}

// readLocale reads the encoding and locale of Like.
func (s *Server) readLocale(ctx context.Context) error {
	conn := s.conn
	if s.options.Server != nil {
		var err error
		if conn, err = s.dial(ctx, s.options.Like, true); err != nil {
			return err
		}
		defer conn.Close()
	}
	rows, err := s.query(ctx, conn, localeQuery(conn.ServerVersion()))
	if err != nil || len(rows) != 1 {
		return err
	}
	row := rows[0]
	s.locale = locale{row[0].Text, row[1].Text, row[2].Text, row[3].Text, row[4].Text, row[5].Text}
	s.create = s.locale.clauses()
	return nil
}

// clauses returns the options of CREATE DATABASE.
func (l locale) clauses() string {
	quote := sqltext.QuoteLiteral
	options := []string{"", "ENCODING " + quote(l.encoding), "LC_COLLATE " + quote(l.collate), "LC_CTYPE " + quote(l.ctype)}
	switch l.provider {
	case "i":
		options = append(options, "LOCALE_PROVIDER icu", "ICU_LOCALE "+quote(l.name))
		if l.rules != "" {
			options = append(options, "ICU_RULES "+quote(l.rules))
		}
	case "b":
		options = append(options, "LOCALE_PROVIDER builtin", "BUILTIN_LOCALE "+quote(l.name))
	}
	return strings.Join(options, " ")
}

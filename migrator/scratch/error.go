package scratch

import (
	"fmt"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// Problem says why there is no scratch database.
type Problem string

// The problems.
const (
	NotNamed   Problem = "not named"   // no server is named, and that of the configured database is another machine
	NoCreateDB Problem = "no createdb" // the role may not create databases, and none was named
	NotEmpty   Problem = "not empty"   // the named database has objects
	Configured Problem = "configured"  // the named database is the configured one
	InUse      Problem = "in use"      // another process uses the named database
	Pooler     Problem = "pooler"      // there is a connection pooler in between
	NoLocale   Problem = "no locale"   // the server does not have the encoding or locale of the configured database
	NoTemplate Problem = "no template" // the template was dropped
	Unusable   Problem = "unusable"    // the server cannot be reached, or refuses to create a database
	NotDropped Problem = "not dropped" // the database, or a part of its content, was left behind
)

// Error reports that a scratch database cannot be made or removed.
type Error struct {
	Problem        Problem
	Host           string // host and port of the server, or the directory of its socket
	Database, Role string
	Encoding       string   // of NoLocale
	Locale         string   // of NoLocale
	Objects        []string // of NotEmpty and NotDropped, if known: what the database contains
	Err            error    // the cause, or nil
}

// Error returns what is in the way, with the server's own words.
func (e *Error) Error() string {
	name, role := schema.QuoteIdent(e.Database), schema.QuoteIdent(e.Role)
	switch e.Problem {
	case NotNamed:
		if e.Host == "" {
			return "no scratch server is named"
		}
		return "no scratch server is named, and the database at " + e.Host + " is not on this machine"
	case NoCreateDB:
		return "role " + role + " may not create scratch databases at " + e.Host
	case NotEmpty:
		return "role " + role + " may not create databases at " + e.Host + ", and database " + name + " cannot serve as scratch database, because it is not empty: it has " + text.List(firstFew(e.Objects), "and")
	case Configured:
		return "database " + name + " at " + e.Host + " is the configured database, and cannot serve as scratch database too"
	case InUse:
		return "database " + name + " at " + e.Host + " is the scratch database of another process"
	case Pooler:
		return "there is a connection pooler at " + e.Host + ", through which no scratch database can be created and used"
	case NoLocale:
		return fmt.Sprintf("the scratch server at %s cannot create a database with the encoding %s and the locale %s of the configured one: %s", e.Host, e.Encoding, e.Locale, reason(e.Err))
	case NoTemplate:
		return "template " + name + " at " + e.Host + " was dropped"
	case NotDropped:
		message := "the scratch database " + name + " at " + e.Host + " was not removed"
		if len(e.Objects) > 0 {
			message += " completely: it still has " + text.List(firstFew(e.Objects), "and")
		}
		if e.Err != nil {
			message += ": " + reason(e.Err)
		}
		return message
	}
	return "scratch server: " + reason(e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func reason(err error) string {
	if err == nil {
		return "unknown reason"
	}
	if se := pg.ServerError(err); se != nil && !strings.Contains(err.Error(), " at ") {
		return se.Message + " (" + se.Code + ")"
	}
	return err.Error()
}

func firstFew(names []string) []string {
	const few = 3
	if len(names) <= few+1 {
		return names
	}
	return append(names[:few:few], text.Count(len(names)-few, "more object"))
}

// LeftError reports that a database could neither be filled nor be removed.
type LeftError struct {
	Err  error // of filling it
	Left *Error
}

// Error returns both.
func (e *LeftError) Error() string { return e.Err.Error() + "; " + e.Left.Error() }

// Unwrap returns the error of filling the database.
func (e *LeftError) Unwrap() error { return e.Err }
